"""One compiled call searches every place for a batch of queries and answers the nearest of all.

A *place* is a segment or the tail, as a line of numbers: sizes and the addresses
of its arrays. So one machine code serves arrays in memory and arrays mapped from
files, and Python's cost is that of one call however many places and queries there
are. Who calls keeps the arrays alive meanwhile.

An id that is found in two places, because it is being replaced or merged, is
answered once, with the nearer signal.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from takeback.matching.exact.building import reorder
from takeback.matching.exact.kernels import (
    BLOCK,
    HALF_SHIFT,
    Families,
    Question,
    Scratch,
    Tables,
    compiled,
    emitted,
    scan,
    search_families,
    search_tables,
)
from takeback.matching.exact.layout import FLIP_MASKS, Rows

Place = NDArray[np.int64]
"""Shape (FIELDS,)."""

FIELDS = 23
(
    COUNT,  # rows
    ROWS,
    ENDED,
    IDS,
    WIDE_IDS,  # 1: ids are int64, 0: they are uint32
    FIRST_ID,  # what is added to each id
    ANY_ORDER,  # 1: ids do not ascend
    DEAL,  # the layout's table, 0 for rows as they were added
    REACH,  # of the tables, -1 if there are none
    CHUNKS,
    CHUNK_COUNT,
    DIRECTORY,
    DIRECTORY_SIZE,
    STARTS,
    STARTS_SIZE,
    POSITIONS,
    POSITIONS_SIZE,
    PIVOTS,
    PIVOT_COUNT,
    SPANS,
    SPAN_WIDTH,
    RUNS,
    RUN_POSITIONS,
) = range(FIELDS)

NO_LIMIT = 1 << 32
"""More hits than a place can hold."""

_POSITION = np.uint64(0xFFFFFFFF)


@emitted
def _at(_typing: Any, _address: Any) -> Any:  # noqa: ANN401
    """Turn an address into a pointer."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:  # noqa: ANN401
        return builder.inttoptr(args[0], ir.IntType(8).as_pointer())

    return types.voidptr(types.intp), generate


@compiled
def _rows(place: Place, field: int, count: int) -> Any:  # noqa: ANN401
    return carray(_at(place[field]), (count, 4), np.uint64)


@compiled
def _words(place: Place, field: int, count: int) -> Any:  # noqa: ANN401
    return carray(_at(place[field]), (count,), np.uint64)


@compiled
def _halves(place: Place, field: int, count: int) -> Any:  # noqa: ANN401
    return carray(_at(place[field]), (count,), np.uint32)


@compiled
def _numbers(place: Place, field: int, shape: tuple[int, int]) -> Any:  # noqa: ANN401
    return carray(_at(place[field]), shape, np.int64)


@compiled
def _tables(place: Place) -> Tables:
    return Tables(
        _rows(place, ROWS, place[COUNT]),
        _words(place, ENDED, (place[COUNT] + 63) // 64),
        _numbers(place, CHUNKS, (place[CHUNK_COUNT], 4)),
        _words(place, DIRECTORY, place[DIRECTORY_SIZE]),
        _halves(place, STARTS, place[STARTS_SIZE]),
        _halves(place, POSITIONS, place[POSITIONS_SIZE]),
    )


@compiled
def _families(place: Place, ended: NDArray[np.uint64]) -> Families:
    spans = _numbers(place, SPANS, (place[PIVOT_COUNT], place[SPAN_WIDTH]))
    size = spans[-1, -1]
    return Families(
        _rows(place, PIVOTS, place[PIVOT_COUNT]),
        spans,
        carray(_at(place[RUNS]), (4, size), np.uint64),
        _halves(place, RUN_POSITIONS, size),
        ended,
    )


@compiled
def _search(
    place: Place,
    question: Question,
    masks: NDArray[np.uint64],
    scratch: Scratch,
    hits: NDArray[np.uint64],
) -> Any:  # noqa: ANN401
    """Find the nearest in one place; where ids do not ascend, all, as ties are by id."""
    tables = _tables(place)
    if place[ANY_ORDER]:
        question = Question(question.words, question.radius, NO_LIMIT)
    if question.radius > place[REACH]:
        hits, count = scan(tables.rows, tables.ended, question, scratch, hits)
    else:
        count = 0
        if place[PIVOT_COUNT]:
            families = _families(place, tables.ended)
            hits, count = search_families(families, question, scratch, hits)
        hits, count = search_tables(tables, question, masks, scratch, (hits, count))
    hits[:count].sort()
    return hits, count


@compiled
def _entries(place: Place, hits: NDArray[np.uint64]) -> Any:  # noqa: ANN401
    """Turn hits into ids and distances, shape (k, 2)."""
    found = np.empty((hits.size, 2), np.int64)
    wide = _numbers(place, IDS, (place[COUNT], 1))
    narrow = _halves(place, IDS, place[COUNT])
    for i in range(hits.size):
        position = np.int64(hits[i] & _POSITION)
        entry = wide[position, 0] if place[WIDE_IDS] else np.int64(narrow[position])
        found[i, 0] = entry + place[FIRST_ID]
        found[i, 1] = np.int64(hits[i] >> HALF_SHIFT)
    return _in_order(found) if place[ANY_ORDER] else found


@compiled
def _in_order(found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sort by distance, then by id."""
    found = found[np.argsort(found[:, 0], kind="mergesort")]
    return found[np.argsort(found[:, 1], kind="mergesort")]


@compiled
def _merged(a: NDArray[np.int64], b: NDArray[np.int64], want: int) -> Any:  # noqa: ANN401
    """Put two lists in order together, each id once, at most *want*."""
    both = np.empty((len(a) + len(b), 2), np.int64)
    i, j = 0, 0
    for k in range(len(both)):
        from_a = j == len(b) or (
            i < len(a) and (a[i, 1] < b[j, 1] or (a[i, 1] == b[j, 1] and a[i, 0] <= b[j, 0]))
        )
        if from_a:
            both[k] = a[i]
            i += 1
        else:
            both[k] = b[j]
            j += 1
    return _each_once(both)[:want]


@compiled
def _each_once(found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Keep the first row of each id."""
    by_id = np.argsort(found[:, 0], kind="mergesort")
    again = np.zeros(len(found), np.bool_)
    for k in range(1, len(by_id)):
        again[by_id[k]] = found[by_id[k], 0] == found[by_id[k - 1], 0]
    count = 0
    for k in range(len(found)):
        found[count] = found[k]
        count += int(not again[k])
    return found[:count]


@compiled
def _nearest(
    places: NDArray[np.int64],
    signal: NDArray[np.uint64],
    question: Question,
    masks: NDArray[np.uint64],
    scratch: Scratch,
) -> NDArray[np.int64]:
    """Find the nearest of all places to one signal; the question's words are memory for it."""
    found = np.empty((0, 2), np.int64)
    hits = np.empty(64, np.uint64)
    words = question.words.reshape(1, 4)
    dealt = -1
    for place in places:
        if place[DEAL] != dealt:
            dealt = place[DEAL]
            words[0] = signal
            if dealt:
                table = carray(_at(dealt), (32, 256, 4), np.uint64)
                reorder(words.view(np.uint8), table, words)
        radius = question.radius if len(found) < question.want else found[-1, 1]
        asked = Question(question.words, radius, question.want)
        hits, count = _search(place, asked, masks, scratch, hits)
        if count:
            here = _entries(place, hits[:count])
            found = _merged(found, here, question.want) if len(found) else here[: question.want]
    return found


@compiled
def _search_all(
    places: NDArray[np.int64],
    signals: NDArray[np.uint64],
    masks: NDArray[np.uint64],
    radius: int,
    limit: int,
) -> Any:  # noqa: ANN401
    """Answer rows of (query, id, distance), shape (k, 3), and for each query whether more exist."""
    rows, count = np.empty((max(16, len(signals)), 3), np.int64), 0
    more = np.zeros(len(signals), np.bool_)
    scratch = Scratch(
        np.empty(masks.shape[1], np.int64),
        np.empty(masks.shape[1], np.int64),
        np.empty(BLOCK, np.uint32),
        np.empty(BLOCK, np.uint64),
        np.empty(BLOCK, np.uint64),
    )
    question = Question(np.empty(4, np.uint64), radius, limit + 1)
    for query in range(len(signals)):
        found = _nearest(places, signals[query], question, masks, scratch)
        more[query] = len(found) > limit
        found = found[:limit]
        if count + len(found) > len(rows):
            larger = np.empty((2 * (count + len(found)), 3), np.int64)
            larger[:count] = rows[:count]
            rows = larger
        rows[count : count + len(found), 0] = query
        rows[count : count + len(found), 1:] = found
        count += len(found)
    return rows[:count], more


def search_places(
    places: NDArray[np.int64], signals: Rows, radius: int, limit: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Find the entries within *radius* of each signal, in all *places* together.

    Args:
        places: shape (p, FIELDS), of ``Segment.place`` and ``Tail.place``, largest first.
        signals: shape (n, 4), C-contiguous, as they were given.
        radius: 0 to 256 bits.
        limit: most rows per query; ``NO_LIMIT`` for all.

    Returns:
        Rows of (query, id, distance), shape (k, 3): by query, then nearest first, then by id.
        For each query, whether entries beyond the limit lie within the radius as well.
    """
    found: tuple[NDArray[np.int64], NDArray[np.bool_]]
    found = _search_all(places, signals, FLIP_MASKS, radius, limit)
    return found
