"""Checking a hit: one near pair of keypoints says where all others should be.

A registered keypoint and one of the upload that are near each other propose how the whole
registered picture would lie in the upload: shifted, scaled and turned. Every other registered
keypoint is then looked for where the proposal says it should be, among the upload's keypoints of
fitting size and direction only. The places that agree are counted with the tolerances and
by the rules of ``voting.py``, so the count is what ``voting.vote`` would give this proposal if
it were asked, without the comparison of each keypoint with each.
"""

import math
from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.keypoint_signals import SIZES, TURNS, KeypointSignals
from takeback.matching.kernels import compiled, popcount, prefetch
from takeback.matching.keypoint_kernels import AHEAD, HALF, LOWER, picture_of
from takeback.matching.keypoint_rows import rows_of
from takeback.matching.keypoint_tables import Tables
from takeback.matching.voting import CELL, LN_SCALE, NEAR, SHIFT, SHIFT_GROWTH, SPAN, STEP, TURN

TURN_STEPS: Final = int(TURN / (math.tau / TURNS))
"""By how many coarse directions two turns may differ: one."""

SIZE_STEPS: Final = int(LN_SCALE / (math.log(2) / 2))
"""By how many coarse sizes two scales may differ: one."""

EXPECTED: Final = SIZES + 2 * SIZE_STEPS
"""Sizes that a keypoint can be expected to have, if one that has a coarse size fits it."""

KINDS: Final = TURNS * EXPECTED
"""A keypoint's kind is its coarse direction and the size it is expected to have."""

CELLS: Final = int(SPAN / CELL) + 1

NEAR_BITS: Final = np.uint64(NEAR)

ANGLES: Final = np.arange(TURNS) * (math.tau / TURNS)
COSINES: Final = np.cos(ANGLES)
SINES: Final = np.sin(ANGLES)


class Upload(NamedTuple):
    """The keypoints of one look at an upload, all views together, best of every view first."""

    words: NDArray[np.uint64]
    """Shape (q, 4)."""

    places: NDArray[np.uint8]
    """Shape (q, 4)."""

    views: NDArray[np.int64]
    """Shape (q,): the number of each row's view."""

    sides: NDArray[np.uint8]
    """Shape (views, 2): width and height in 1/64 of the longest side."""

    kinds: NDArray[np.int64]
    """Shape (views · ``KINDS`` + 1,): where the fitting rows of each view and kind begin."""

    fitting: NDArray[np.int64]
    """Rows by the kinds that they fit; each row is there nine times."""

    middles: NDArray[np.float32]
    """Shape (2, fitting): x and y of those, in 1/512 of the longest side."""


class Notes(NamedTuple):
    """What was counted in one check; a mark is the number of the check that set it."""

    cells: NDArray[np.int64]
    """Shape (``CELLS``²,): squares of the registered picture."""

    keypoints: NDArray[np.int64]
    """Shape (q,): rows of the upload."""

    near: NDArray[np.int64]
    """Shape (q,): rows near where one registered keypoint should be."""


def upload_of(views: Iterable[KeypointSignals]) -> Upload:
    """Arrange the keypoints of an upload's views."""
    every = list(views)
    rows = rows_of(every)
    sizes = np.diff(rows.first)
    rank = np.arange(len(rows.words)) - np.repeat(rows.first[:-1], sizes)
    order = np.argsort(rank, kind="stable")
    view, places = np.repeat(np.arange(len(every)), sizes)[order], rows.places[order]
    kind, row = _fitting(view, places)
    by_kind = np.argsort(kind, kind="stable")
    fitting = row[by_kind]
    return Upload(
        words=rows.words[order],
        places=places,
        views=view,
        sides=rows.sides,
        kinds=np.searchsorted(kind[by_kind], np.arange(len(every) * KINDS + 1)),
        fitting=fitting,
        middles=((places[fitting, :2].T + 0.5) * STEP).astype(np.float32),
    )


def _fitting(
    view: NDArray[np.int64], places: NDArray[np.uint8]
) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """List each row under every kind that it fits: kinds and rows."""
    sizes = places[:, 2, None, None] + np.arange(2 * SIZE_STEPS + 1)[:, None]
    turns = places[:, 3, None, None] + np.arange(-TURN_STEPS, TURN_STEPS + 1)
    kinds = view[:, None, None] * KINDS + turns % TURNS * EXPECTED + sizes
    rows = np.repeat(np.arange(len(view)), kinds[0].size)
    return kinds.astype(np.uint16).ravel(), rows


@compiled
def check(
    tables: Tables,
    upload: Upload,
    hits: NDArray[np.uint64],
    needed: int,
    found: NDArray[np.int64],
) -> int:
    """Check every hit; write picture, view and votes of those pictures that reach *needed*.

    Args:
        tables: of the segment.
        upload: the hits' upload.
        hits: in ascending order, so that those of a picture follow each other.
        needed: fewest votes. Further hits of a picture in a view that has them are passed over.
        found: shape (hits, 3), set.

    Returns:
        How many are found.
    """
    size = upload.words.shape[0]
    notes = Notes(
        np.zeros(CELLS * CELLS, np.int64), np.zeros(size, np.int64), np.empty(size + 1, np.int64)
    )
    count, begin, last = 0, 0, -1
    for i in range(hits.size):
        ask_for_picture(tables, hits, i + 1)
        row, query = int(np.int64(hits[i] >> HALF)), int(np.int64(hits[i] & LOWER))
        picture, view = picture_of(tables, row), upload.views[query]
        if picture != last:
            begin, last = count, picture
        if (found[begin:count, 1] == view).any():
            continue
        votes = votes_for(tables, upload, (row, query, picture), notes, i + 1)
        if votes >= needed:
            found[count, 0], found[count, 1], found[count, 2] = picture, view, votes
            count += 1
    return count


@compiled
def ask_for_picture(tables: Tables, hits: NDArray[np.uint64], i: int) -> None:
    """Ask for the rows of a hit's picture."""
    if i < hits.size:
        picture = picture_of(tables, int(np.int64(hits[i] >> HALF)))
        begin, end = tables.first[picture], tables.first[picture + 1]
        for row in range(begin, end, AHEAD):
            prefetch(tables.places, row * 4)
        for row in range(begin, end, 2):
            prefetch(tables.words, row * 4)


@compiled
def votes_for(
    tables: Tables, upload: Upload, hit: tuple[int, int, int], notes: Notes, mark: int
) -> int:
    """Count the distinct places, or distinct keypoints if fewer, that agree with a hit.

    *hit* holds the numbers of the registered and the looked-up row, and of the picture.
    """
    row, query, picture = hit
    ours, theirs, view = tables.places[row], upload.places[query], upload.views[query]
    right, bottom = STEP * upload.sides[view, 0], STEP * upload.sides[view, 1]
    turn = TURNS + np.int64(theirs[3]) - np.int64(ours[3])
    growth = np.int64(theirs[2]) - np.int64(ours[2])
    scale = 2.0 ** (growth / 2.0)
    cosine, sine = scale * COSINES[turn % TURNS], scale * SINES[turn % TURNS]
    cells, keypoints = 0, 0
    for k in range(tables.first[picture], tables.first[picture + 1]):
        size = np.int64(tables.places[k, 2]) + growth + SIZE_STEPS
        x = STEP * (np.int64(tables.places[k, 0]) - np.int64(ours[0]))
        y = STEP * (np.int64(tables.places[k, 1]) - np.int64(ours[1]))
        across = STEP * (theirs[0] + 0.5) + x * cosine - y * sine
        down = STEP * (theirs[1] + 0.5) + x * sine + y * cosine
        reach = SHIFT + SHIFT_GROWTH * scale * np.sqrt(x * x + y * y)
        inside = -reach < across < right + reach and -reach < down < bottom + reach
        if not (inside and 0 <= size < EXPECTED):
            continue
        kind = view * KINDS + (np.int64(tables.places[k, 3]) + turn) % TURNS * EXPECTED + size
        count = near_place(upload, kind, across, down, reach, notes.near)
        fresh = agreeing(tables.words, k, upload.words, notes.near[:count], notes.keypoints, mark)
        if fresh >= 0:
            keypoints += fresh
            cell = int(STEP * (tables.places[k, 1] + 0.5) / CELL) * CELLS
            cell += int(STEP * (tables.places[k, 0] + 0.5) / CELL)
            cells += int(notes.cells[cell] != mark)
            notes.cells[cell] = mark
    return min(cells, keypoints)


@compiled
def near_place(  # noqa: PLR0913
    upload: Upload, kind: int, across: float, down: float, reach: float, near: NDArray[np.int64]
) -> int:
    """List the upload's keypoints of a kind, or the next, that lie near a point; count them."""
    x, y, most = np.float32(across), np.float32(down), np.float32(reach * reach)
    count = 0
    for i in range(upload.kinds[kind], upload.kinds[kind + 1]):
        aside, below = upload.middles[0, i] - x, upload.middles[1, i] - y
        near[count] = upload.fitting[i]
        count += int(aside * aside + below * below < most)
    return count


@compiled
def agreeing(  # noqa: PLR0913
    words: NDArray[np.uint64],
    row: int,
    theirs: NDArray[np.uint64],
    near: NDArray[np.int64],
    marks: NDArray[np.int64],
    mark: int,
) -> int:
    """Compare a registered keypoint with those that lie where it should be, and mark who is near.

    Returns:
        How many keypoints of the upload agree that had no mark yet; -1 if none agrees at all.
    """
    a, b, c, d = words[row, 0], words[row, 1], words[row, 2], words[row, 3]
    fresh = -1
    for i in near:
        bits = popcount(theirs[i, 0] ^ a) + popcount(theirs[i, 1] ^ b)
        bits += popcount(theirs[i, 2] ^ c) + popcount(theirs[i, 3] ^ d)
        if bits <= NEAR_BITS:
            fresh = (fresh if fresh > 0 else 0) + int(marks[i] != mark)
            marks[i] = mark
    return fresh
