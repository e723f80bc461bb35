"""Dense families, the rows that fill buckets in every chunk at once, and the flat runs they get.

Pictures in the same frame, screens of the same app and floods of near-copies lie
close together in every chunk, so no dealing of bits keeps them apart, and a query
near them meets each member once a chunk. Here they are found from a sample, each
with one of them as its *pivot*, taken out of the tables and laid into a run that is
sorted by distance from the pivot.

**No member within the radius is missed.** A query at distance d from the pivot and
a row at distance a from it are at least d - a and at least a - d apart (triangle
inequality), so that only rows with d - radius <= a <= d + radius can match, and
those lie side by side in the run. They are all compared.

Plain photographs and random bits have no such families; then this costs the sample
and nothing else.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from takeback.matching.exact.kernels import (
    BLOCK,
    ONE,
    Families,
    compiled,
    measure,
    measure_columns,
)
from takeback.matching.exact.layout import Rows
from takeback.matching.exact.segment import Bitmap, zeros
from takeback.matching.exact.threads import each, parts

KIN = 64
"""Members are at most so many bits from their pivot; of a million random rows none is."""

LEAST_ROWS = 1000
"""Smaller families cost more as a run than they spare the tables."""

SMALLEST_SAMPLE, LARGEST_SAMPLE, ROWS_A_SAMPLE = 1024, 32_768, 128
"""A row of each so many is looked at. All of them are compared with each other, so there must
not be too many."""

LEAST_OF_SAMPLE = 4
"""So many of a sample within ``KIN`` bits of one of them hint at a family."""

MOST_PIVOTS = 256

SHIFT = np.uint64(16)
NUMBER = np.uint64(0xFFFF)
NOBODY = np.uint64(0xFFFFFFFF)


@compiled
def count_kin(
    columns: NDArray[np.uint64], rows: NDArray[np.uint64], kin: int, counts: NDArray[np.int64]
) -> None:
    """Write for each of *rows* how many *columns* are within *kin* bits of it."""
    distances = np.empty(columns.shape[1], np.uint64)
    for i in range(rows.shape[0]):
        measure_columns(columns, rows[i], distances)
        near = 0
        for distance in distances:
            near += int(distance <= np.uint64(kin))
        counts[i] = near


@compiled
def find_homes(
    rows: NDArray[np.uint64], pivots: NDArray[np.uint64], homes: NDArray[np.uint32]
) -> None:
    """Write each row's distance from the nearest pivot (upper half) and that one's number."""
    columns, distances = np.empty((4, BLOCK), np.uint64), np.empty(BLOCK, np.uint64)
    nearest = np.empty(BLOCK, np.uint64)
    for begin in range(0, rows.shape[0], BLOCK):
        size = min(BLOCK, rows.shape[0] - begin)
        columns[:, :size] = rows[begin : begin + size].T
        nearest[:] = NOBODY
        for number in range(pivots.shape[0]):
            measure_columns(columns, pivots[number], distances)
            for i in range(BLOCK):
                nearest[i] = min(nearest[i], distances[i] << SHIFT | np.uint64(number))
        homes[begin : begin + size] = nearest[:size]


@compiled
def count_homes(homes: NDArray[np.uint32], kin: int, sizes: NDArray[np.int64]) -> None:
    """Count the rows at each distance up to *kin* from each pivot, shape (p, kin + 1)."""
    for home in homes:
        pivot, distance = np.int64(home & NUMBER), np.int64(home >> SHIFT)
        if distance <= kin:
            sizes[pivot, distance] += 1


@compiled
def fill_runs(
    rows: NDArray[np.uint64],
    homes: NDArray[np.uint32],
    cursors: NDArray[np.int64],
    families: Families,
    elsewhere: NDArray[np.uint64],
) -> None:
    """Copy each member to its run and set its bit in *elsewhere*."""
    for i in range(homes.size):
        pivot, distance = np.int64(homes[i] & NUMBER), np.int64(homes[i] >> SHIFT)
        if distance < cursors.shape[1] and cursors[pivot, distance] >= 0:
            place = cursors[pivot, distance]
            families.positions[place] = np.uint32(i)
            for word in range(4):
                families.columns[word, place] = rows[i, word]
            cursors[pivot, distance] += 1
            elsewhere[i >> 6] |= ONE << np.uint64(i & 63)


def find_families(
    rows: Rows, ended: Bitmap, threads: int, least: int = LEAST_ROWS
) -> tuple[Families | None, Bitmap]:
    """Look for dense families of at least *least* rows.

    Returns:
        The families, None if there are none, and the bitmap of the rows that are in them.
    """
    pivots = find_pivots(rows, threads)
    elsewhere = zeros(len(rows))
    if not len(pivots):
        return None, elsewhere
    homes, sizes = _homes(rows, pivots, threads)
    dense = np.flatnonzero(sizes.sum(axis=1) >= least)
    if not len(dense):
        return None, elsewhere
    size = int(sizes[dense].sum())
    families = Families(
        pivots=pivots[dense],
        spans=_spans(sizes[dense]),
        columns=np.empty((4, size), np.uint64),
        positions=np.empty(size, np.uint32),
        ended=ended,
    )
    cursors = np.full(sizes.shape, -1, np.int64)
    cursors[dense] = families.spans[:, :-1]
    fill_runs(rows, homes, cursors, families, elsewhere)
    return families, elsewhere


def find_pivots(rows: Rows, threads: int) -> Rows:
    """Choose the middle of each family that shows in a sample, the largest first."""
    size = min(LARGEST_SAMPLE, max(SMALLEST_SAMPLE, len(rows) // ROWS_A_SAMPLE))
    chosen = np.random.default_rng(len(rows)).integers(0, len(rows), size)
    sample = rows[chosen]
    columns, counts = np.ascontiguousarray(sample.T), np.empty(size, np.int64)

    def count(part: slice) -> None:
        count_kin(columns, sample[part], KIN, counts[part])

    each(count, parts(size, BLOCK), threads)
    return sample[_middles(sample, counts)]


def _middles(sample: Rows, counts: NDArray[np.int64]) -> Sequence[int]:
    """Choose rows that each have enough kin which no row chosen before has."""
    free = np.ones(len(sample), np.bool_)
    distances = np.empty(len(sample), np.uint64)
    middles: list[int] = []
    for row in np.argsort(-counts, kind="stable").tolist():
        if counts[row] < LEAST_OF_SAMPLE or len(middles) == MOST_PIVOTS:
            break
        if free[row]:
            measure(sample, sample[row], distances)
            kin = free & (distances <= KIN)
            if np.count_nonzero(kin) >= LEAST_OF_SAMPLE:
                middles.append(row)
                free &= ~kin
    return middles


def _homes(rows: Rows, pivots: Rows, threads: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Find every row's home, and how many there are at each distance of each pivot."""
    homes = np.empty(len(rows), np.uint32)
    sizes = np.zeros((len(pivots), KIN + 1), np.int64)
    each(lambda part: find_homes(rows[part], pivots, homes[part]), parts(len(rows)), threads)
    count_homes(homes, KIN, sizes)
    return homes, sizes


def _spans(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Turn numbers of rows, shape (p, w + 1), into where they start and the last ones end."""
    ends = np.cumsum(sizes).reshape(sizes.shape)
    return np.ascontiguousarray(np.column_stack([ends[:, :1] - sizes[:, :1], ends]))
