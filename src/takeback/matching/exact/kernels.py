"""The loops of one search of one segment, compiled by numba, without the interpreter lock.

They take plain arrays and know nothing of locks, snapshots or layouts beyond
the numbers they are handed. ``places.py`` calls them for a batch of queries,
``building.py`` has the loops that make the tables. Compiled code is cached on
disk, beside this file or under ``NUMBA_CACHE_DIR``; ``index.warm_up`` fills the
cache.

*Rows* are signals as four 64-bit words. A *hit* is one integer, distance in the
upper and position in the lower 32 bits: hits in order are nearest first and, as
positions ascend with ids, by id among equals. *Ended* is a bitmap in 64-bit
words: a row whose bit is set is answered no longer.
"""

import os
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])

BLOCK = 512
"""Rows compared in one go: enough to hide the latency of memory, few enough for the first cache."""

NOWHERE = np.uint32(0xFFFFFFFF)
"""What stands in a table instead of the position of a row that is gone."""

ZERO = np.uint64(0)
ONE = np.uint64(1)
WORD_BITS = np.uint64(64)
IN_WORD = np.uint64(63)
IN_HALF = np.uint64(31)
HALF_SHIFT = np.uint64(32)
PER_WORD_SHIFT = np.uint64(5)


def _stamp(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size


THIS_FILE = _stamp(__file__)


def compiled(function: F) -> F:
    """Compile *function* without the interpreter lock, on disk where that is possible."""
    try:
        loop = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # installed read-only and no home directory: nowhere to keep it
        return cast(F, numba.njit(nogil=True)(function))
    if isinstance(loop, Dispatcher):
        _outdate_with_callees(loop)
    return cast(F, loop)


def _outdate_with_callees(loop: Any) -> None:  # noqa: ANN401
    """Let kept code count as outdated when a file it was compiled from changes, not its own only.

    numba looks at the file of the outermost loop alone, so that after an update of another one
    a search would go on as before.
    """
    named = map(loop.py_func.__globals__.get, loop.py_func.__code__.co_names)
    callees: list[Any] = [callee for callee in named if isinstance(callee, Dispatcher)]
    stamps = [callee._cache._cache_file._source_stamp for callee in (loop, *callees)]
    loop._cache._cache_file._source_stamp = (THIS_FILE, *stamps)


def emitted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let *function* emit the machine code of the calls to it."""
    return cast(Callable[..., Any], intrinsic(function))


class Tables(NamedTuple):
    """The rows of one segment and the tables that lead to them."""

    rows: NDArray[np.uint64]
    """Shape (n, 4), dealt by the segment's layout."""

    ended: NDArray[np.uint64]
    """The bitmap of the rows that have ended."""

    chunks: NDArray[np.int64]
    """Shape (m, 4): first bit, width, first word of the directory, first entry of ``starts``."""

    directory: NDArray[np.uint64]
    """One word per 32 keys of a chunk. Lower half: which keys occur. Upper half: how many
    occurring keys come before this word, so that a key's place in ``starts`` is one addition
    and one population count away, and tables of mostly absent keys cost a bit, not a pointer."""

    starts: NDArray[np.uint32]
    """Per chunk, for each occurring key where its positions start; one more at the end."""

    positions: NDArray[np.uint32]
    """Per chunk, as many each: row numbers sorted by key, ascending within a key."""


class Families(NamedTuple):
    """Rows that are in no table but in flat runs, one a pivot, by their distance from it."""

    pivots: NDArray[np.uint64]
    """Shape (p, 4), dealt like the rows."""

    spans: NDArray[np.int64]
    """Shape (p, w + 2): where in the run the rows at distance 0 … w from each pivot start, and
    where its last ones end."""

    columns: NDArray[np.uint64]
    """Shape (4, f): copies of the rows, word by word, in the order of the runs. So lie the words
    that are compared together side by side, which is five times as fast as row by row."""

    positions: NDArray[np.uint32]
    """Shape (f,): where in the segment each stands."""

    ended: NDArray[np.uint64]
    """The segment's bitmap."""


class Scratch(NamedTuple):
    """Memory that the passes of a search share, so that a search asks for none."""

    slots: NDArray[np.int64]
    ends: NDArray[np.int64]
    near: NDArray[np.uint32]
    distances: NDArray[np.uint64]
    fresh: NDArray[np.uint64]


@emitted
def popcount(_typing: Any, _word: Any) -> Any:  # noqa: ANN401
    """Count the ones of a 64-bit word."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:  # noqa: ANN401
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), generate


@emitted
def prefetch(_typing: Any, array: Any, _item: Any) -> Any:  # noqa: ANN401
    """Ask for the cache line of the array's item, counted in memory order, without waiting."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        address = builder.bitcast(builder.gep(data, [args[1]]), ir.IntType(8).as_pointer())
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [address.type, flag, flag, flag])
        function = builder.module.declare_intrinsic("llvm.prefetch", [address.type], kind)
        builder.call(function, [address, flag(0), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


class Question(NamedTuple):
    """One search of one segment."""

    words: NDArray[np.uint64]
    """Shape (4,): the signal, dealt like the segment's rows."""

    radius: int
    want: int
    """How many of the nearest hits to answer."""


@compiled
def chunk_key(words: NDArray[np.uint64], first: int, width: int) -> Any:  # noqa: ANN401
    """Cut *width* bits out of four words, starting at bit *first*."""
    word, shift = first >> 6, np.uint64(first & 63)
    key = words[word] >> shift
    if (first & 63) + width > 64:
        key |= words[word + 1] << (WORD_BITS - shift)
    return key & ((ONE << np.uint64(width)) - ONE)


@compiled
def has_bit(bitmap: NDArray[np.uint64], position: Any) -> bool:  # noqa: ANN401
    """Tell whether the bit of *position* is set."""
    word = bitmap[np.int64(position) >> 6]
    return bool(word >> (np.uint64(position) & IN_WORD) & ONE)


@compiled
def measure(
    rows: NDArray[np.uint64], words: NDArray[np.uint64], distances: NDArray[np.uint64]
) -> None:
    """Write the distance of each row from *words*; in this shape the compiler vectorises it."""
    a, b, c, d = words[0], words[1], words[2], words[3]
    for i in range(rows.shape[0]):
        distances[i] = (
            popcount(rows[i, 0] ^ a)
            + popcount(rows[i, 1] ^ b)
            + popcount(rows[i, 2] ^ c)
            + popcount(rows[i, 3] ^ d)
        )


@compiled
def measure_columns(
    columns: NDArray[np.uint64], words: NDArray[np.uint64], distances: NDArray[np.uint64]
) -> None:
    """Write the distance of each column, shape (4, n), from *words*."""
    a, b, c, d = words[0], words[1], words[2], words[3]
    e, f, g, h = columns[0], columns[1], columns[2], columns[3]
    for i in range(columns.shape[1]):
        distances[i] = (
            popcount(e[i] ^ a) + popcount(f[i] ^ b) + popcount(g[i] ^ c) + popcount(h[i] ^ d)
        )


@compiled
def add_hits(hits: NDArray[np.uint64], count: int, fresh: NDArray[np.uint64], want: int) -> Any:  # noqa: ANN401
    """Append *fresh*; once there are *want* or more, keep only the nearest *want*, sorted.

    Returns:
        The hits, in a larger array if need be, and how many there are.
    """
    total = count + fresh.size
    if total > hits.size:
        larger = np.empty(2 * total, np.uint64)
        larger[:count] = hits[:count]
        hits = larger
    hits[count:total] = fresh
    if total >= want:
        hits[:total].sort()
        total = want
    return hits, total


@compiled
def bound_of(hits: NDArray[np.uint64], count: int, question: Question) -> Any:  # noqa: ANN401
    """Return what a hit must be below: the last of the nearest, or any hit beyond the radius."""
    if count >= question.want:
        return hits[count - 1]
    return np.uint64(question.radius + 1) << HALF_SHIFT


@compiled
def least(distances: NDArray[np.uint64]) -> Any:  # noqa: ANN401
    """Return the smallest; a loop without branches, which is quick to tell that nothing is near."""
    smallest = distances[0]
    for distance in distances:
        smallest = min(smallest, distance)
    return smallest


@compiled
def scan(
    rows: NDArray[np.uint64],
    ended: NDArray[np.uint64],
    question: Question,
    scratch: Scratch,
    hits: NDArray[np.uint64],
) -> Any:  # noqa: ANN401
    """Compare every row; for a few thousand rows nothing is faster.

    Returns:
        The nearest hits, and how many there are.
    """
    count = 0
    for begin in range(0, rows.shape[0], BLOCK):
        end = min(begin + BLOCK, rows.shape[0])
        measure(rows[begin:end], question.words, scratch.distances)
        bound, passed = bound_of(hits, count, question), 0
        if least(scratch.distances[: end - begin]) > bound >> HALF_SHIFT:
            continue
        for i in range(end - begin):
            hit = scratch.distances[i] << HALF_SHIFT | np.uint64(begin + i)
            if hit < bound and not has_bit(ended, begin + i):
                scratch.fresh[passed] = hit
                passed += 1
        if passed:
            hits, count = add_hits(hits, count, scratch.fresh[:passed], question.want)
    return hits, count


@compiled
def scan_run(
    families: Families,
    span: tuple[int, int],
    question: Question,
    scratch: Scratch,
    found: tuple[NDArray[np.uint64], int],
) -> Any:  # noqa: ANN401
    """Compare the rows of a family from and up to the places of *span*, and add to what is found.

    Returns:
        The nearest hits, and how many there are.
    """
    hits, count = found
    for begin in range(span[0], span[1], BLOCK):
        end = min(begin + BLOCK, span[1])
        measure_columns(families.columns[:, begin:end], question.words, scratch.distances)
        bound, passed = bound_of(hits, count, question), 0
        if least(scratch.distances[: end - begin]) > bound >> HALF_SHIFT:
            continue
        for i in range(end - begin):
            if scratch.distances[i] <= bound >> HALF_SHIFT:
                position = families.positions[begin + i]
                hit = scratch.distances[i] << HALF_SHIFT | np.uint64(position)
                if hit < bound and not has_bit(families.ended, position):
                    scratch.fresh[passed] = hit
                    passed += 1
        if passed:
            hits, count = add_hits(hits, count, scratch.fresh[:passed], question.want)
    return hits, count


@compiled
def search_families(
    families: Families,
    question: Question,
    scratch: Scratch,
    hits: NDArray[np.uint64],
) -> Any:  # noqa: ANN401
    """Search the runs; rows much nearer to the pivot or farther from it than the query are skipped.

    Returns:
        The nearest hits, and how many there are.
    """
    count, widest = 0, families.spans.shape[1] - 2
    apart = np.empty(families.pivots.shape[0], np.uint64)
    measure(families.pivots, question.words, apart)
    for family in range(families.pivots.shape[0]):
        distance = np.int64(apart[family])
        reach = np.int64((bound_of(hits, count, question) - ONE) >> HALF_SHIFT)
        if distance - reach <= widest:
            spans = families.spans[family]
            begin = spans[max(distance - reach, 0)]
            end = spans[min(distance + reach, widest) + 1]
            found = hits, count
            hits, count = scan_run(families, (begin, end), question, scratch, found)
    return hits, count


@compiled
def occurring_keys(
    tables: Tables,
    chunk: int,
    key: Any,  # noqa: ANN401
    masks: NDArray[np.uint64],
    slots: NDArray[np.int64],
) -> int:
    """List the places in ``starts`` of those keys that occur, *key* flipped by each mask."""
    directory = tables.directory[tables.chunks[chunk, 2] :]
    first = tables.chunks[chunk, 3]
    for mask in masks:
        prefetch(directory, (key ^ mask) >> PER_WORD_SHIFT)
    count = 0
    for mask in masks:
        near = key ^ mask
        word = directory[near >> PER_WORD_SHIFT]
        bit = ONE << (near & IN_HALF)
        before = (word >> HALF_SHIFT) + popcount(word & (bit - ONE))
        slots[count] = first + np.int64(before)
        count += int((word & bit) != 0)
    return count


@compiled
def spans_of(tables: Tables, slots: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
    """Turn each slot into the start of its span of positions, and write where the span ends."""
    for slot in slots:
        prefetch(tables.starts, slot)
    for i in range(slots.size):
        slot = slots[i]
        slots[i], ends[i] = tables.starts[slot], tables.starts[slot + 1]


@compiled
def found_before(chunks: NDArray[np.int64], difference: NDArray[np.uint64], level: int) -> bool:
    """Tell whether a level before *level* led to the row that differs so from the query."""
    count = chunks.shape[0]
    for chunk in range(count):
        flips = popcount(chunk_key(difference, chunks[chunk, 0], chunks[chunk, 1]))
        if np.int64(flips) * count + chunk < level:
            return True
    return False


@compiled
def gather(
    tables: Tables,
    base: int,
    slots: NDArray[np.int64],
    ends: NDArray[np.int64],
    near: NDArray[np.uint32],
) -> int:
    """Move positions from the spans to *near* until it is full or the spans are empty."""
    count = 0
    for i in range(slots.size):
        while slots[i] < ends[i]:
            if count == near.size:
                return count
            near[count] = tables.positions[base + slots[i]]
            prefetch(tables.rows, 4 * np.int64(near[count]))
            slots[i] += 1
            count += int(near[count] != NOWHERE)
    return count


@compiled
def compare(
    tables: Tables,
    question: Question,
    near: NDArray[np.uint32],
    limits: tuple[Any, int],
    hits: NDArray[np.uint64],
) -> int:
    """Write the hits among the rows *near* that no earlier level found, and return their number.

    *limits* are what a hit must be below, and the level.
    """
    rows, words = tables.rows, question.words
    bound, level = limits
    difference = np.empty(4, np.uint64)
    a, b, c, d = words[0], words[1], words[2], words[3]
    count = 0
    for position in near:
        e, f = rows[position, 0] ^ a, rows[position, 1] ^ b
        g, h = rows[position, 2] ^ c, rows[position, 3] ^ d
        bits = popcount(e) + popcount(f) + popcount(g) + popcount(h)
        hit = bits << HALF_SHIFT | np.uint64(position)
        if hit < bound and not has_bit(tables.ended, position):
            difference[0], difference[1], difference[2], difference[3] = e, f, g, h
            if not found_before(tables.chunks, difference, level):
                hits[count] = hit
                count += 1
    return count


@compiled
def search_tables(
    tables: Tables,
    question: Question,
    masks: NDArray[np.uint64],
    scratch: Scratch,
    found: tuple[NDArray[np.uint64], int],
) -> Any:  # noqa: ANN401
    """Run through the levels of ``layout.py`` and stop once the nearest *want* are certain.

    Each level is several short passes over all its keys rather than one long one, because every
    pass asks for the memory that the next one reads: the waits overlap instead of adding up.

    Args:
        tables: of the segment to search.
        question: its radius is within the reach of the segment's layout.
        masks: ``layout.FLIP_MASKS``.
        scratch: memory to work in.
        found: hits among rows that are in no table, and how many.

    Returns:
        The nearest hits with those *found*, and how many there are.
    """
    hits, count = found
    chunks = tables.chunks.shape[0]
    per_chunk = tables.positions.size // chunks
    for level in range(question.radius + 1):
        if count >= question.want and hits[count - 1] >> HALF_SHIFT < np.uint64(level):
            break
        chunk, flips = level % chunks, level // chunks
        first, width = tables.chunks[chunk, 0], tables.chunks[chunk, 1]
        ways = (1, width, width * (width - 1) // 2)[flips]
        key = chunk_key(question.words, first, width)
        used = occurring_keys(tables, chunk, key, masks[flips, :ways], scratch.slots)
        slots, ends = scratch.slots[:used], scratch.ends
        spans_of(tables, slots, ends)
        base = chunk * per_chunk
        for i in range(used):
            prefetch(tables.positions, base + slots[i])
        size = gather(tables, base, slots, ends, scratch.near)
        while size:
            limits = bound_of(hits, count, question), level
            passed = compare(tables, question, scratch.near[:size], limits, scratch.fresh)
            if passed:
                hits, count = add_hits(hits, count, scratch.fresh[:passed], question.want)
            size = gather(tables, base, slots, ends, scratch.near)
    return hits, count
