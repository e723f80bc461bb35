"""A column of ready signals, hexadecimal or binary, as rows for the index."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from takeback.backscan.arrow import Column, Kind
from takeback.hashing.signal import SIGNAL_BYTES

_HEX = "^[0-9a-f]{64}$"


def is_binary(kind: Kind) -> bool:
    """Tell whether a column's type holds bytes."""
    types = pa.types
    return bool(
        types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)
    )


def is_text(kind: Kind) -> bool:
    """Tell whether a column's type holds text."""
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind))


def signals_of(column: Column) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the signals, shape (k, 32), and which rows of *column* they are, shape (n,)."""
    binary = is_binary(column.type)
    column = column.cast(pa.binary() if binary else pa.string())
    sound = pc.equal(pc.binary_length(column), SIGNAL_BYTES) if binary else _is_hex(column)
    sound = pc.fill_null(sound, fill_value=False)
    values = column.filter(sound).to_pylist()
    joined = b"".join(values) if binary else bytes.fromhex("".join(values))
    return np.frombuffer(joined, np.uint8).reshape(-1, SIGNAL_BYTES), np.array(sound, bool)


def _is_hex(column: Column) -> Column:
    return pc.match_substring_regex(column, _HEX)
