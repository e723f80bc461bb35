"""Which pictures have ended: one bit each, set once and never cleared.

The words may lie in memory that other processes see; a set bit hides the picture from every
search that looks at it from then on.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.matching.exact.kernels import compiled

Ended = NDArray[np.uint64]
"""Shape (⌈pictures / 64⌉,), the lowest bit of each word first."""

ONE: Final = np.uint64(1)
IN_WORD: Final = np.uint64(63)
WORD_SHIFT: Final = 6


def none_of(pictures: int) -> Ended:
    """Return words for so many pictures, none of which has ended."""
    return np.zeros(pictures + 63 >> WORD_SHIFT, np.uint64)


def end(ended: Ended, pictures: NDArray[np.int64]) -> None:
    """Mark pictures as ended."""
    np.bitwise_or.at(ended, pictures >> WORD_SHIFT, ONE << (pictures.astype(np.uint64) & IN_WORD))


def among(ended: Ended, pictures: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell of each of some pictures whether it has ended."""
    words = ended[pictures >> WORD_SHIFT] >> (pictures.astype(np.uint64) & IN_WORD)
    return np.asarray(words & ONE, np.bool_)


def count(ended: Ended) -> int:
    """Return how many have ended."""
    return int(np.bitwise_count(ended).sum())


def lasting(ended: Ended, pictures: int) -> NDArray[np.int64]:
    """Return the numbers of those that have not ended, of so many."""
    flags = np.unpackbits(ended.view(np.uint8), count=pictures, bitorder="little")
    return np.flatnonzero(flags == 0)


@compiled
def has_ended(ended: Ended, picture: int) -> bool:
    """Tell whether a picture has ended."""
    return bool(ended[picture >> WORD_SHIFT] >> (np.uint64(picture) & IN_WORD) & ONE)
