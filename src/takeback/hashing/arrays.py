"""Signals packed for numpy: the form that ``matching`` searches."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.signal import SIGNAL_BYTES, Signal


def signals_to_array(signals: Iterable[Signal]) -> NDArray[np.uint8]:
    """Pack signals into one array, in their order.

    Returns:
        Shape (n, 32), uint8, most significant bit first; owned by the caller and writable.
    """
    packed = b"".join(signal.bits for signal in signals)
    return np.frombuffer(bytearray(packed), dtype=np.uint8).reshape(-1, SIGNAL_BYTES)


def array_to_signals(packed: NDArray[np.uint8]) -> list[Signal]:
    """Unpack what :func:`signals_to_array` packed.

    Args:
        packed: shape (n, 32), uint8, most significant bit first.
    """
    return [Signal(row.tobytes()) for row in packed]
