"""What each method makes of one file: rows of bits, to be compared with other rows.

Every row is padded to 32 bytes, so that all methods are compared by the same loop. Pictures
whose quality a method itself refuses have no rows.
"""

import hashlib
import io
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from threatexchange.signal_type.pdq.signal import PdqSignal

import takeback.hashing
from takeback.hashing import MINIMUM_QUALITY, Signal, hash_picture, signals_to_array

Rows = NDArray[np.uint8]
"""Shape (n, 32)."""

Describe = Callable[[bytes], Rows]


def plain(data: bytes) -> Rows:
    """PDQ of the picture as it is, whatever its quality."""
    return signals_to_array([hash_picture(data).whole])


def turns(data: bytes) -> Rows:
    """PDQ of the picture in all eight turns and mirrors, whatever its quality."""
    return signals_to_array(hash_picture(data).dihedral)


def stock(data: bytes) -> Rows:
    """What threatexchange makes of it: nothing below quality 50."""
    found = PdqSignal.hash_from_bytes(data)
    return signals_to_array([Signal.parse(found)] if found else [])


def query(data: bytes) -> Rows:
    """What our matcher looks up: every view of good quality, in all eight turns."""
    found = hash_picture(data, shrink=True, role="query")
    whole = found.dihedral if found.quality >= MINIMUM_QUALITY else ()
    return signals_to_array([*whole, *(each for view in found.views for each in view.dihedral)])


def registered(data: bytes) -> Rows:
    """The whole picture alone, if it is good enough to register."""
    found = hash_picture(data)
    return signals_to_array([found.whole] if found.quality >= MINIMUM_QUALITY else [])


def reporter(data: bytes) -> Rows:
    """What a reporter's device registers, if the picture is good enough."""
    found = hash_picture(data, role="reporter")
    if found.quality < MINIMUM_QUALITY:
        return signals_to_array([])
    return signals_to_array([found.whole, *(view.dihedral[0] for view in found.views)])


def perceptual(kind: str, side: int) -> Describe:
    """Return a hash of the package imagehash, *side* bits high and wide."""
    hasher: Callable[..., Any] = getattr(imagehash, kind)

    def describe(data: bytes) -> Rows:
        with Image.open(io.BytesIO(data)) as picture:
            bits = hasher(picture.convert("RGB"), hash_size=side).hash
        packed = np.zeros((1, 32), np.uint8)
        packed[0, : side * side // 8] = np.packbits(bits)
        return packed

    return describe


DESCRIBERS: Final[dict[str, Describe]] = {
    "plain": plain,
    "turns": turns,
    "stock": stock,
    "query": query,
    "registered": registered,
    "reporter": reporter,
    "phash64": perceptual("phash", 8),
    "phash256": perceptual("phash", 16),
    "dhash256": perceptual("dhash", 16),
    "whash256": perceptual("whash", 16),
}
"""Each with the name its rows are kept under."""


VIEWS: Final = ("bundle", "normalise", "seams", "shrink", "views")
"""Modules that the views depend on too."""

READS: Final = ("decode", "kernels", "pdq", "picture", "signal", "upright")
"""Modules of takeback.hashing that every signal depends on."""


@cache
def edition(name: str) -> str:
    """Name the code that a describer runs, so that kept rows of other code are not used."""
    if name == "stock":
        return version("threatexchange")
    if name.endswith(("64", "256")):
        return version("imagehash")
    folder = Path(takeback.hashing.__file__).parent
    modules = READS + VIEWS if name in {"query", "reporter"} else READS
    return digest_of(*(folder / f"{module}.py" for module in modules))


def digest_of(*files: Path) -> str:
    """Return the digest of source files."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()[:16]
