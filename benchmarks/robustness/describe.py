"""What each method makes of one file, to be compared with what it makes of other files.

Ours keep everything that a picture is hashed to; the others keep rows of bits, padded to 32
bytes so that all are compared by the same loop. Pictures whose quality a method itself
refuses have no rows.
"""

import io
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

import imagehash
import numpy as np
from benchmarks.robustness.editions import hashing_edition
from benchmarks.robustness.signals import pack, unpack
from numpy.typing import NDArray
from PIL import Image
from threatexchange.signal_type.pdq.signal import PdqSignal

from takeback.hashing import MINIMUM_QUALITY, Signal, hash_picture, signals_to_array

File = NDArray[np.uint8]
"""What is kept of one file: rows of 32 bytes, or the bytes of all its signals."""

Rows = NDArray[np.uint8]
"""Shape (n, 32)."""

Describe = Callable[[bytes], File]


def query(data: bytes) -> File:
    """What our matcher makes of an upload."""
    return pack(hash_picture(data, shrink=True, role="query"))


def whole(data: bytes) -> File:
    """What plain PDQ is of it, in all eight turns."""
    return pack(hash_picture(data))


def reporter(data: bytes) -> File:
    """What a reporter's device makes of a picture to register."""
    return pack(hash_picture(data, role="reporter"))


def stock(data: bytes) -> File:
    """What threatexchange makes of it: nothing below quality 50."""
    found = PdqSignal.hash_from_bytes(data)
    return signals_to_array([Signal.parse(found)] if found else [])


def perceptual(kind: str, side: int) -> Describe:
    """Return a hash of the package imagehash, *side* bits high and wide."""
    hasher: Callable[..., Any] = getattr(imagehash, kind)

    def describe(data: bytes) -> File:
        with Image.open(io.BytesIO(data)) as picture:
            bits = hasher(picture.convert("RGB"), hash_size=side).hash
        packed = np.zeros((1, 32), np.uint8)
        packed[0, : side * side // 8] = np.packbits(bits)
        return packed

    return describe


DESCRIBERS: Final[dict[str, Describe]] = {
    "whole": whole,
    "query": query,
    "reporter": reporter,
    "original": reporter,
    "stock": stock,
    "phash64": perceptual("phash", 8),
    "phash256": perceptual("phash", 16),
    "dhash256": perceptual("dhash", 16),
    "whash256": perceptual("whash", 16),
}
"""Each with the name that what it makes is kept under."""


def plain(kept: File) -> Rows:
    """Take the signal of the whole picture, whatever its quality."""
    return signals_to_array([unpack(kept).whole])


def turns(kept: File) -> Rows:
    """Take the whole picture's in all eight turns and mirrors, whatever its quality."""
    return signals_to_array(unpack(kept).dihedral)


def registered(kept: File) -> Rows:
    """Take the whole picture's and every reporter view's, if it is good enough."""
    found = unpack(kept) if len(kept) else None
    if found is None or found.quality < MINIMUM_QUALITY:
        return signals_to_array([])
    return signals_to_array([found.whole, *(view.dihedral[0] for view in found.views)])


def rows(kept: File) -> Rows:
    """Take the rows of a describer that keeps rows."""
    return kept


def edition(name: str) -> str:
    """Name the code that a describer runs, so that nothing of other code is used."""
    if name == "stock":
        return version("threatexchange")
    if name.endswith(("64", "256")):
        return version("imagehash")
    return hashing_edition() if name in DESCRIBERS else ""
