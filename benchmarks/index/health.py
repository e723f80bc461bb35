"""What a bank does to an index's tables, counted rather than timed."""

from typing import Final

import numpy as np
from benchmarks.oracle import columns_of, scan
from numpy.typing import NDArray

from takeback.matching.exact.layout import WIDE, Layout

Signals = NDArray[np.uint8]

FEW: Final = 1_000_000
"""Below it keys are sorted rather than counted in a table of all of them."""

NEAR_STRANGERS: Final = 90
"""Bits: two random signals are as near as this once in a million."""


def own_bucket(signals: Signals, layout: Layout = WIDE) -> float:
    """Return the mean size of the bucket that an entry lies in, by what it is in random bits."""
    rows = np.array(signals, order="C").view(np.uint64)
    layout.deal(rows, rows)
    first, sizes = 0, []
    for width in layout.widths:
        count = _sizes(_keys(rows, first, width)).astype(np.float64)
        expected = 1 + len(rows) / (1 << width)
        sizes.append(float((count**2).sum()) / len(rows) / expected)
        first += width
    return float(np.mean(sizes))


def _sizes(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count each key that occurs."""
    return np.unique(keys, return_counts=True)[1] if len(keys) < FEW else np.bincount(keys)


def _keys(rows: NDArray[np.uint64], first: int, width: int) -> NDArray[np.int64]:
    """Return bits *first* … *first* + *width* - 1 of every row."""
    word, shift = divmod(first, 64)
    keys = rows[:, word] >> np.uint64(shift)
    if shift + width > 64:
        keys |= rows[:, word + 1] << np.uint64(64 - shift)
    return (keys & np.uint64((1 << width) - 1)).astype(np.int64)


def apart(left: Signals, right: Signals) -> dict[str, float]:
    """Return how far apart pairs of signals are."""
    distances = np.bitwise_count(left ^ right).sum(axis=-1, dtype=np.int64)
    return {
        "mean": float(distances.mean()),
        "deviation": float(distances.std()),
        "least": float(distances.min()),
        "share_near": float((distances <= NEAR_STRANGERS).mean()),
    }


def wrong_answers(signals: Signals, questions: Signals, answer: NDArray[np.void]) -> int:
    """Return how many rows of an answer differ from the linear scan's.

    Args:
        signals: the bank; ids are positions in it.
        questions: what was asked, without a limit.
        answer: rows of (query, id, distance).
    """
    expected = {tuple(row) for row in scan(columns_of(signals), questions, 31).tolist()}
    return len(expected ^ {tuple(row) for row in answer.tolist()})
