"""The loops of the index, compiled by numba; every one runs without the interpreter lock.

They take plain arrays and know nothing of locks, snapshots or layouts beyond
the numbers they are handed. Compiled code is cached on disk, beside this file
or under ``NUMBA_CACHE_DIR``; ``index.warm_up`` fills the cache.

*Rows* are signals as four 64-bit words. A *hit* is one integer, distance in the
upper and position in the lower 32 bits: hits in order are nearest first and, as
positions ascend with ids, by id among equals.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba import types
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
IN_HALF = np.uint64(31)
HALF_SHIFT = np.uint64(32)
PER_WORD_SHIFT = np.uint64(5)


def compiled(function: F) -> F:
    """Compile *function* without the interpreter lock, on disk where that is possible."""
    try:
        return cast(F, numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # installed read-only and no home directory: nowhere to keep it
        return cast(F, numba.njit(nogil=True)(function))


def emitted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let *function* emit the machine code of the calls to it."""
    return cast(Callable[..., Any], intrinsic(function))


class Tables(NamedTuple):
    """The rows of one segment and the tables that lead to them."""

    rows: NDArray[np.uint64]
    """Shape (n, 4), dealt by the segment's layout."""

    ended: NDArray[np.int64]
    """Shape (n,): the first version of the index that no longer shows the row."""

    chunks: NDArray[np.int64]
    """Shape (m, 4): first bit, width, first word of the directory, first entry of ``starts``."""

    directory: NDArray[np.uint64]
    """One word per 32 keys of a chunk. Lower half: which keys occur. Upper half: how many
    occurring keys come before this word, so that a key's place in ``starts`` is one addition
    and one population count away, and tables of mostly absent keys cost a bit, not a pointer."""

    starts: NDArray[np.uint32]
    """Per chunk, for each occurring key where its positions start; one more at the end."""

    positions: NDArray[np.uint32]
    """Shape (m · n,): per chunk, row numbers sorted by key, ascending within a key."""


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

    version: int
    """Rows that ended at or before it are not answered."""

    radius: int
    want: int
    """How many of the nearest hits to answer."""


@compiled
def reorder(
    signals: NDArray[np.uint8], table: NDArray[np.uint64], rows: NDArray[np.uint64]
) -> None:
    """Send each signal's bits where *table*, shape (32, 256, 4), says; in place is allowed."""
    for i in range(rows.shape[0]):
        a, b, c, d = ZERO, ZERO, ZERO, ZERO
        for byte in range(32):
            bits = table[byte, signals[i, byte]]
            a |= bits[0]
            b |= bits[1]
            c |= bits[2]
            d |= bits[3]
        rows[i, 0], rows[i, 1], rows[i, 2], rows[i, 3] = a, b, c, d


@compiled
def chunk_key(words: NDArray[np.uint64], first: int, width: int) -> Any:  # noqa: ANN401
    """Cut *width* bits out of four words, starting at bit *first*."""
    word, shift = first >> 6, np.uint64(first & 63)
    key = words[word] >> shift
    if (first & 63) + width > 64:
        key |= words[word + 1] << (WORD_BITS - shift)
    return key & ((ONE << np.uint64(width)) - ONE)


@compiled
def count_keys(
    rows: NDArray[np.uint64], first: int, width: int, counts: NDArray[np.uint32]
) -> None:
    """Add to *counts*, shape (2 ** width,), how often each key occurs."""
    for i in range(rows.shape[0]):
        counts[np.int64(chunk_key(rows[i], first, width))] += np.uint32(1)


@compiled
def fill_directory(
    counts: NDArray[np.uint32], directory: NDArray[np.uint64], starts: NDArray[np.uint32]
) -> int:
    """Write one chunk's directory and starts; turn *counts* into where each key's rows start.

    Returns:
        The length used of *starts*: the number of occurring keys and one.
    """
    slot, start = 0, np.uint32(0)
    for key in range(counts.size):
        if key & 31 == 0:
            directory[key >> 5] = np.uint64(slot) << HALF_SHIFT
        size = counts[key]
        counts[key] = start
        if size:
            directory[key >> 5] |= ONE << np.uint64(key & 31)
            starts[slot] = start
            slot += 1
            start += size
    starts[slot] = start
    return slot + 1


@compiled
def place_rows(
    rows: NDArray[np.uint64],
    first: int,
    width: int,
    cursors: NDArray[np.uint32],
    positions: NDArray[np.uint32],
) -> None:
    """Write each row's number where the cursor of its key stands, and move the cursor on."""
    for i in range(rows.shape[0]):
        key = np.int64(chunk_key(rows[i], first, width))
        positions[cursors[key]] = np.uint32(i)
        cursors[key] += np.uint32(1)


@compiled
def remove_positions(tables: Tables, gone: NDArray[np.int64]) -> None:
    """Take rows out of every table, so that nothing tells under which keys they stood."""
    for row in gone:
        for chunk in range(tables.chunks.shape[0]):
            first, width, words, slots = tables.chunks[chunk]
            key = chunk_key(tables.rows[row], first, width)
            word, bit = tables.directory[words + (key >> PER_WORD_SHIFT)], ONE << (key & IN_HALF)
            slot = slots + np.int64((word >> HALF_SHIFT) + popcount(word & (bit - ONE)))
            base = chunk * tables.rows.shape[0]
            for place in range(base + tables.starts[slot], base + tables.starts[slot + 1]):
                if tables.positions[place] == row:
                    tables.positions[place] = NOWHERE


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
def in_order(hits: NDArray[np.uint64], count: int) -> NDArray[np.uint64]:
    """Return the first *count* hits, sorted."""
    found = hits[:count]
    found.sort()
    return found


@compiled
def sift(
    distances: NDArray[np.uint64],
    ended: NDArray[np.int64],
    begin: int,
    limits: tuple[Any, int],
    hits: NDArray[np.uint64],
) -> int:
    """Write the hits among the rows from *begin* on, and return their number.

    *limits* are what a hit must be below, and the version after which its row must end.
    """
    bound, version = limits
    count = 0
    for i in range(ended.size):
        hit = distances[i] << HALF_SHIFT | np.uint64(begin + i)
        if hit < bound and ended[i] > version:
            hits[count] = hit
            count += 1
    return count


@compiled
def scan(
    rows: NDArray[np.uint64], ended: NDArray[np.int64], question: Question
) -> NDArray[np.uint64]:
    """Compare every row; for a few thousand rows nothing is faster."""
    hits, count = np.empty(64, np.uint64), 0
    distances, fresh = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64)
    for begin in range(0, rows.shape[0], BLOCK):
        end = min(begin + BLOCK, rows.shape[0])
        measure(rows[begin:end], question.words, distances)
        limits = bound_of(hits, count, question), question.version
        passed = sift(distances, ended[begin:end], begin, limits, fresh)
        if passed:
            hits, count = add_hits(hits, count, fresh[:passed], question.want)
    return in_order(hits, count)


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
        if hit < bound and tables.ended[position] > question.version:
            difference[0], difference[1], difference[2], difference[3] = e, f, g, h
            if not found_before(tables.chunks, difference, level):
                hits[count] = hit
                count += 1
    return count


@compiled
def search_tables(
    tables: Tables, question: Question, masks: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Run through the levels of ``layout.py`` and stop once the nearest *want* are certain.

    Each level is several short passes over all its keys rather than one long one, because every
    pass asks for the memory that the next one reads: the waits overlap instead of adding up.

    Args:
        tables: of the segment to search.
        question: its radius is within the reach of the segment's layout.
        masks: ``layout.FLIP_MASKS``.

    Returns:
        The nearest hits, at most ``question.want``, in order.
    """
    chunks = tables.chunks.shape[0]
    hits, count = np.empty(64, np.uint64), 0
    slots, ends = np.empty(masks.shape[1], np.int64), np.empty(masks.shape[1], np.int64)
    near, fresh = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint64)
    for level in range(question.radius + 1):
        chunk, flips = level % chunks, level // chunks
        first, width = tables.chunks[chunk, 0], tables.chunks[chunk, 1]
        ways = (1, width, width * (width - 1) // 2)[flips]
        key = chunk_key(question.words, first, width)
        used = occurring_keys(tables, chunk, key, masks[flips, :ways], slots)
        spans_of(tables, slots[:used], ends)
        base = chunk * tables.rows.shape[0]
        for i in range(used):
            prefetch(tables.positions, base + slots[i])
        size = gather(tables, base, slots[:used], ends, near)
        while size:
            limits = bound_of(hits, count, question), level
            passed = compare(tables, question, near[:size], limits, fresh)
            if passed:
                hits, count = add_hits(hits, count, fresh[:passed], question.want)
            size = gather(tables, base, slots[:used], ends, near)
        if count >= question.want and hits[count - 1] >> HALF_SHIFT <= np.uint64(level):
            break
    return in_order(hits, count)
