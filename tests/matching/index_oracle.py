"""The linear oracle that the index is held to, and banks that are hard for it."""

import numpy as np
from numpy.typing import NDArray

from takeback.matching.exact.layout import stride_layout

Signals = NDArray[np.uint8]

TINY = stride_layout(29, 12)
"""29 chunks of 8 and 9 bits: tables of a few kilobytes, so that tests can build them often."""


def random_signals(count: int, seed: int) -> Signals:
    """Draw signals whose bits are independent."""
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def flipped(signal: Signals, bits: NDArray[np.int64]) -> Signals:
    """Return a copy of *signal* with the numbered bits flipped."""
    changed = np.unpackbits(signal)
    changed[bits] ^= 1
    return np.packbits(changed)


def near_copies(signal: Signals, count: int, most: int, seed: int) -> Signals:
    """Make a family: copies of *signal* with 0 to *most* bits flipped."""
    rng = np.random.default_rng(seed)
    flips = [rng.permutation(256)[: rng.integers(0, most + 1)] for _ in range(count)]
    return np.stack([flipped(signal, bits) for bits in flips])


def linear_search(
    bank: dict[int, Signals], queries: Signals, radius: int, limit: int | None
) -> tuple[list[tuple[int, int, int]], list[bool]]:
    """Compare every query with every entry, one bit count at a time."""
    rows: list[tuple[int, int, int]] = []
    more: list[bool] = []
    for number, query in enumerate(queries):
        near = sorted(
            (distance, entry)
            for entry, signal in bank.items()
            if (distance := int(np.bitwise_count(signal ^ query).sum())) <= radius
        )
        rows += [(number, entry, distance) for distance, entry in near[:limit]]
        more.append(limit is not None and len(near) > limit)
    return rows, more
