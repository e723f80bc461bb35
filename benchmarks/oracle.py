"""The linear scan that answers are held to: every entry is compared with every question.

Words are kept by column, so that the compiler compares eight entries at a time.
"""

from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from takeback.matching.exact.kernels import popcount

BLOCK: Final = 2048
"""Entries compared with all questions before the next: they stay in the first-level cache."""

Hits = NDArray[np.int64]
"""Shape (k, 3): question, position, distance."""


def columns_of(signals: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the four words of every signal, shape (4, n)."""
    return np.ascontiguousarray(np.ascontiguousarray(signals).view(np.uint64).T)


def scan(
    columns: NDArray[np.uint64],
    questions: NDArray[np.uint8],
    radius: int,
    entries: int | None = None,
) -> Hits:
    """Return every entry within *radius* bits of each question, by question, then position.

    Args:
        columns: of the entries, and maybe of room for more.
        questions: shape (m, 32).
        radius: in bits.
        entries: how many of the columns are entries; None if all are.
    """
    size = columns.shape[1] if entries is None else entries
    words = np.ascontiguousarray(questions).view(np.uint64)
    room = max(1024, 4 * len(questions))
    while True:
        hits = np.empty((room, 3), np.int64)
        count = _scan(columns, size, words, radius, hits)
        if count <= room:
            found = hits[:count]
            return found[np.lexsort((found[:, 1], found[:, 0]))]
        room = count


@numba.njit(nogil=True, cache=True)
def _scan(
    columns: NDArray[np.uint64], entries: int, words: NDArray[np.uint64], radius: int, hits: Hits
) -> int:
    """Fill *hits* as far as they go; return how many there are."""
    apart = np.empty(BLOCK, np.uint64)
    count = 0
    for begin in range(0, entries, BLOCK):
        size = min(BLOCK, entries - begin)
        a, b = columns[0, begin : begin + size], columns[1, begin : begin + size]
        c, d = columns[2, begin : begin + size], columns[3, begin : begin + size]
        for number in range(words.shape[0]):
            p, q, r, s = words[number, 0], words[number, 1], words[number, 2], words[number, 3]
            near = 0
            for i in range(size):
                apart[i] = (
                    popcount(a[i] ^ p)
                    + popcount(b[i] ^ q)
                    + popcount(c[i] ^ r)
                    + popcount(d[i] ^ s)
                )
                near += apart[i] <= radius
            if near == 0:
                continue
            for i in range(size):
                if apart[i] <= radius:
                    if count < hits.shape[0]:
                        hits[count, 0], hits[count, 1] = number, begin + i
                        hits[count, 2] = apart[i]
                    count += 1
    return count
