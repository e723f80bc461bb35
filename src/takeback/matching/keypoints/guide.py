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
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.keypoint_signals import SIZES, TURNS, KeypointSignals
from takeback.matching.exact.kernels import compiled, popcount, prefetch
from takeback.matching.keypoints.ended import has_ended
from takeback.matching.keypoints.kernels import HALF, LOWER, picture_of
from takeback.matching.keypoints.rows import rows_of
from takeback.matching.keypoints.tables import Tables
from takeback.matching.keypoints.voting import (
    CELL,
    LN_SCALE,
    NEAR,
    SHIFT,
    SHIFT_GROWTH,
    SPAN,
    STEP,
    TURN,
)

TURN_STEPS: Final = int(TURN / (math.tau / TURNS))
"""By how many coarse directions two turns may differ: one."""

SIZE_STEPS: Final = int(LN_SCALE / (math.log(2) / 2))
"""By how many coarse sizes two scales may differ: one."""

EXPECTED: Final = SIZES + 2 * SIZE_STEPS
"""Sizes that a keypoint can be expected to have, if one that has a coarse size fits it."""

KINDS: Final = TURNS * EXPECTED
"""A keypoint's kind is its coarse direction and the size it is expected to have."""

PLACES_A_LINE: Final = 16
ROWS_A_LINE: Final = 2
"""How many fit a cache line."""

CELLS: Final = int(SPAN / CELL) + 1

NEAR_BITS: Final = np.uint64(NEAR)

ANGLES: Final = np.arange(TURNS) * (math.tau / TURNS)
COSINES: Final = np.cos(ANGLES)
SINES: Final = np.sin(ANGLES)
SCALES: Final = 2.0 ** (np.arange(-SIZES, SIZES + 1) / 2.0)


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


class Expected(NamedTuple):
    """Where the registered keypoints of a picture should be in an upload."""

    circles: NDArray[np.float32]
    """Shape (3, n): x and y in 1/512 of the longest side, and the square of how far off."""

    inside: NDArray[np.bool_]
    """Shape (n,): whether that can be in the upload at all."""


class Notes(NamedTuple):
    """What was counted in one check; a mark is the number of the check that set it."""

    cells: NDArray[np.int64]
    """Shape (``CELLS``²,): squares of the registered picture."""

    keypoints: NDArray[np.int64]
    """Shape (q,): rows of the upload."""


def upload_of(views: Iterable[KeypointSignals]) -> Upload:
    """Arrange the keypoints of an upload's views."""
    every = list(views)
    rows = rows_of(every)
    sizes = np.diff(rows.first)
    rank = np.arange(len(rows.words)) - np.repeat(rows.first[:-1], sizes)
    order = np.argsort(rank, kind="stable")
    view, places = np.repeat(np.arange(len(every)), sizes)[order], rows.places[order]
    words = rows.words[order]
    kind, row = _fitting(view, places)
    by_kind = np.argsort(kind, kind="stable")
    fitting = row[by_kind]
    return Upload(
        words=words,
        places=places,
        views=view,
        sides=rows.sides,
        kinds=np.concatenate([[0], np.cumsum(np.bincount(kind, minlength=len(every) * KINDS))]),
        fitting=fitting,
        middles=np.ascontiguousarray((places[fitting, :2].T + 0.5) * STEP, np.float32),
    )


def _fitting(
    view: NDArray[np.int64], places: NDArray[np.uint8]
) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """List each row under every kind that it fits: kinds and rows."""
    sizes = places[:, 2, None, None] + np.arange(2 * SIZE_STEPS + 1)[:, None]
    turns = places[:, 3, None, None] + np.arange(-TURN_STEPS, TURN_STEPS + 1)
    kinds = view[:, None, None] * KINDS + turns % TURNS * EXPECTED + sizes
    rows = np.broadcast_to(np.arange(len(view))[:, None, None], kinds.shape)
    return kinds.astype(np.uint16).ravel(), rows.ravel()


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
        hits: those of a picture follow each other.
        needed: the fewest votes. Further hits of a picture in a view that has them are passed over.
        found: shape (hits, 3), set.

    Returns:
        How many are found.
    """
    notes = Notes(np.zeros(CELLS * CELLS, np.int64), np.zeros(upload.words.shape[0], np.int64))
    expected = Expected(
        np.empty((3, tables.longest), np.float32), np.empty(tables.longest, np.bool_)
    )
    count, begin, last = 0, 0, -1
    for i in range(hits.size):
        ask_for_picture(tables, hits, i + 1)
        row, query = int(np.int64(hits[i] >> HALF)), int(np.int64(hits[i] & LOWER))
        picture, view = picture_of(tables, row), upload.views[query]
        if picture != last:
            begin, last = count, picture
        if has_ended(tables.ended, picture) or is_found(found, begin, count, view):
            continue
        moved = expect(tables, upload, (row, query, picture), expected)
        votes = votes_for(tables, upload, (picture, view, *moved), expected, notes, i + 1)
        if votes >= needed:
            found[count, 0], found[count, 1], found[count, 2] = picture, view, votes
            count += 1
    return count


@compiled
def is_found(found: NDArray[np.int64], begin: int, end: int, view: int) -> bool:
    """Tell whether one of those found from *begin* on was in that view."""
    seen = False
    for i in range(begin, end):
        seen |= found[i, 1] == view
    return seen


@compiled
def ask_for_picture(tables: Tables, hits: NDArray[np.uint64], i: int) -> None:
    """Ask for the rows of a hit's picture."""
    if i < hits.size:
        picture = picture_of(tables, int(np.int64(hits[i] >> HALF)))
        begin, end = tables.first[picture], tables.first[picture + 1]
        for row in range(begin, end, PLACES_A_LINE):
            prefetch(tables.places, row * 4)
        for row in range(begin, end, ROWS_A_LINE):
            prefetch(tables.words, row * 4)


@compiled
def expect(tables: Tables, upload: Upload, hit: tuple[int, int, int], expected: Expected) -> Any:  # noqa: ANN401
    """Move a picture's keypoints as a hit proposes; in this shape the compiler vectorises it.

    *hit* holds the numbers of the registered and the looked-up row, and of the picture.

    Returns:
        By how many coarse directions and sizes the picture turned and grew.
    """
    row, query, picture = hit
    places, begin, end = tables.places, tables.first[picture], tables.first[picture + 1]
    left, top = np.int64(places[row, 0]), np.int64(places[row, 1])
    theirs, side = upload.places[query], upload.sides[upload.views[query]]
    turn = (TURNS + np.int64(theirs[3]) - np.int64(places[row, 3])) % TURNS
    growth = np.int64(theirs[2]) - np.int64(places[row, 2])
    scale = STEP * SCALES[growth + SIZES]
    cosine, sine, slack = scale * COSINES[turn], scale * SINES[turn], scale * SHIFT_GROWTH
    middle_x, middle_y = STEP * (theirs[0] + 0.5), STEP * (theirs[1] + 0.5)
    right, bottom = STEP * side[0], STEP * side[1]
    for k in range(begin, end):
        x, y = np.float64(np.int64(places[k, 0]) - left), np.float64(np.int64(places[k, 1]) - top)
        across, down = middle_x + x * cosine - y * sine, middle_y + x * sine + y * cosine
        reach = SHIFT + slack * np.sqrt(x * x + y * y)
        expected.circles[0, k - begin] = across
        expected.circles[1, k - begin] = down
        expected.circles[2, k - begin] = reach * reach
        size = np.int64(places[k, 2]) + growth + SIZE_STEPS
        expected.inside[k - begin] = (
            (across > -reach) & (across < right + reach) & (down > -reach) & (down < bottom + reach)
        ) & ((size >= 0) & (size < EXPECTED))
    return turn, growth


@compiled
def votes_for(  # noqa: PLR0913
    tables: Tables,
    upload: Upload,
    proposal: tuple[int, int, int, int],
    expected: Expected,
    notes: Notes,
    mark: int,
) -> int:
    """Count the distinct places, or distinct keypoints if fewer, that agree with a proposal.

    *proposal* holds the numbers of the picture and of the view, the turn and the growth.
    """
    picture, view, turn, growth = proposal
    places, words, begin = tables.places, tables.words, tables.first[picture]
    circles = expected.circles
    cells, keypoints = 0, 0
    for k in range(begin, tables.first[picture + 1]):
        if not expected.inside[k - begin]:
            continue
        size = np.int64(places[k, 2]) + growth + SIZE_STEPS
        kind = view * KINDS + int((np.int64(places[k, 3]) + turn) % TURNS * EXPECTED + size)
        circle = circles[0, k - begin], circles[1, k - begin], circles[2, k - begin]
        own = words[k, 0], words[k, 1], words[k, 2], words[k, 3]
        fresh = agreeing(upload, kind, circle, own, notes.keypoints, mark)
        if fresh >= 0:
            keypoints += fresh
            cell = int(STEP * (places[k, 1] + 0.5) / CELL) * CELLS
            cell += int(STEP * (places[k, 0] + 0.5) / CELL)
            cells += int(notes.cells[cell] != mark)
            notes.cells[cell] = mark
    return min(cells, keypoints)


@compiled
def agreeing(  # noqa: PLR0913
    upload: Upload,
    kind: int,
    circle: tuple[float, float, float],
    words: tuple[Any, Any, Any, Any],
    marks: NDArray[np.int64],
    mark: int,
) -> int:
    """Compare a registered keypoint with those of a fitting kind that lie where it should be.

    Returns:
        How many keypoints of the upload agree that had no *mark* yet; -1 if none agrees at all.
    """
    x, y, most = circle
    a, b, c, d = words
    fresh = -1
    for i in range(upload.kinds[kind], upload.kinds[kind + 1]):
        aside, below = upload.middles[0, i] - x, upload.middles[1, i] - y
        if aside * aside + below * below >= most:
            continue
        row = upload.fitting[i]
        bits = popcount(upload.words[row, 0] ^ a) + popcount(upload.words[row, 1] ^ b)
        bits += popcount(upload.words[row, 2] ^ c) + popcount(upload.words[row, 3] ^ d)
        if bits <= NEAR_BITS:
            fresh = (fresh if fresh > 0 else 0) + int(marks[row] != mark)
            marks[row] = mark
    return fresh
