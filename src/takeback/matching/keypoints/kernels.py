"""The loops over keypoint tables, compiled by numba; every one runs without the interpreter lock.

They take plain arrays and know nothing of locks or snapshots. *Entries* and *tables* are
described in ``tables.py``. A *hit* is one integer, a segment's row number in the upper
and an upload's row number in the lower 32 bits.
"""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from takeback.matching.exact.kernels import compiled, popcount, prefetch

if TYPE_CHECKING:
    from takeback.matching.keypoints.tables import Tables

ONE: Final = np.uint64(1)
LOWER: Final = np.uint64(0xFFFFFFFF)
HALF: Final = np.uint64(32)
WORD_BITS: Final = 64
DEALT_BITS: Final = 128

NOWHERE: Final = LOWER
"""The row number of an entry whose row is gone."""

AHEAD: Final = 16
"""How many rows ahead memory is asked for in a search …"""

TOGETHER: Final = 32
"""… and how many rows' entries are placed together, for the same reason."""

BLOCK_SHIFT: Final = 6
"""Rows a block, see ``keypoint_tables.BLOCK_ROWS``: two to this power."""


@compiled
def dealt(words: NDArray[np.uint64], deal: NDArray[np.uint64]) -> Any:  # noqa: ANN401
    """Return the first two of four words with their bits where *deal* puts them."""
    lower, upper = np.uint64(0), np.uint64(0)
    for byte in range(16):
        value = (words[byte >> 3] >> np.uint64(8 * (byte & 7))) & np.uint64(255)
        lower |= deal[byte, value, 0]
        upper |= deal[byte, value, 1]
    return lower, upper


@compiled
def cut(lower: np.uint64, upper: np.uint64, first: int) -> Any:  # noqa: ANN401
    """Return the 64 bits that begin with bit *first*; after the last bit comes the first."""
    if first >= WORD_BITS:
        lower, upper = upper, lower
    shift = np.uint64(first & 63)
    if shift == 0:
        return lower
    return lower >> shift | upper << (np.uint64(WORD_BITS) - shift)


@compiled
def cut_block(
    words: NDArray[np.uint64],
    begin: int,
    cutting: tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint32]],
    slots: NDArray[np.int64],
    prints: NDArray[np.uint64],
) -> int:
    """Cut the keys and prints of the rows from *begin* on, and ask for their starts.

    Args:
        words: shape (n, 4).
        begin: the first row.
        cutting: ``deal``, ``chunks`` and ``starts`` as in ``Tables``.
        slots: shape (rows, m), set: where each key's start is.
        prints: shape (rows, m), set.

    Returns:
        How many rows there are, at most as many as *slots* has.
    """
    deal, chunks, starts = cutting
    count = int(min(slots.shape[0], words.shape[0] - begin))
    for i in range(count):
        lower, upper = dealt(words[begin + i], deal)
        for chunk in range(chunks.shape[0]):
            width = np.uint64(chunks[chunk, 1])
            bits = cut(lower, upper, chunks[chunk, 0])
            slots[i, chunk] = chunks[chunk, 2] + np.int64(bits & ((ONE << width) - ONE))
            prints[i, chunk] = bits >> width
            prefetch(starts, slots[i, chunk])
    return count


@compiled
def count_keys(
    words: NDArray[np.uint64],
    deal: NDArray[np.uint64],
    chunks: NDArray[np.int64],
    starts: NDArray[np.uint32],
) -> None:
    """Count each chunk's keys, each two places behind its own, where ``add_up`` expects it."""
    slots = np.empty((TOGETHER, chunks.shape[0]), np.int64)
    prints = np.empty((TOGETHER, chunks.shape[0]), np.uint64)
    for begin in range(0, words.shape[0], TOGETHER):
        count = cut_block(words, begin, (deal, chunks, starts), slots, prints)
        for i in range(count):
            for chunk in range(chunks.shape[0]):
                starts[slots[i, chunk] + 2] += np.uint32(1)


@compiled
def add_up(starts: NDArray[np.uint32]) -> None:
    """Turn counts into starts, each one place behind its own; ``place_entries`` moves them on."""
    for key in range(1, starts.size):
        starts[key] += starts[key - 1]


@compiled
def place_entries(
    words: NDArray[np.uint64],
    deal: NDArray[np.uint64],
    chunks: NDArray[np.int64],
    starts: NDArray[np.uint32],
    entries: NDArray[np.uint64],
) -> None:
    """Write every row's entry into each chunk's table."""
    slots = np.empty((TOGETHER, chunks.shape[0]), np.int64)
    prints = np.empty((TOGETHER, chunks.shape[0]), np.uint64)
    for begin in range(0, words.shape[0], TOGETHER):
        count = cut_block(words, begin, (deal, chunks, starts), slots, prints)
        for i in range(count):
            for chunk in range(chunks.shape[0]):
                slot = slots[i, chunk] + 1
                slots[i, chunk] = chunk * words.shape[0] + np.int64(starts[slot])
                starts[slot] += np.uint32(1)
                prefetch(entries, slots[i, chunk])
        for i in range(count):
            for chunk in range(chunks.shape[0]):
                entries[slots[i, chunk]] = prints[i, chunk] << HALF | np.uint64(begin + i)


@compiled
def remove_entries(
    tables: "Tables",
    entries: NDArray[np.uint64],
    rows: tuple[int, int],
    noise: NDArray[np.uint64],
) -> None:
    """Overwrite the entries of some rows, so that nothing tells under which keys they stood.

    Args:
        tables: of the segment.
        entries: those of *tables*, to write to.
        rows: the first, and the one after the last.
        noise: shape (rows, chunks), takes the place of their prints.
    """
    begin, end = rows
    for row in range(begin, end):
        lower, upper = dealt(tables.words[row], tables.deal)
        for chunk in range(tables.chunks.shape[0]):
            bits = cut(lower, upper, tables.chunks[chunk, 0])
            key = np.int64(bits & ((ONE << np.uint64(tables.chunks[chunk, 1])) - ONE))
            slot, base = tables.chunks[chunk, 2] + key, chunk * tables.words.shape[0]
            for place in range(base + tables.starts[slot], base + tables.starts[slot + 1]):
                if entries[place] & LOWER == np.uint64(row):
                    entries[place] = noise[row - begin, chunk] | NOWHERE


@compiled
def picture_of(tables: "Tables", row: int) -> int:
    """Return the number of the picture that a row belongs to."""
    low, high = tables.blocks[row >> BLOCK_SHIFT], tables.blocks[(row >> BLOCK_SHIFT) + 1] + 1
    while high - low > 1:
        middle = (low + high) >> 1
        if tables.first[middle] <= row:
            low = middle
        else:
            high = middle
    return int(low)


@compiled
def ask_for_starts(
    tables: "Tables",
    words: NDArray[np.uint64],
    slots: NDArray[np.int64],
    prints: NDArray[np.uint64],
) -> int:
    """List where the starts of a keypoint's keys are, ask for them, and cut its prints."""
    lower, upper = dealt(words, tables.deal)
    count = 0
    for chunk in range(tables.chunks.shape[0]):
        first, width, base, flips = tables.chunks[chunk]
        bits = cut(lower, upper, first)
        prints[chunk] = (bits >> np.uint64(width)) & LOWER
        key = np.int64(bits & ((ONE << np.uint64(width)) - ONE))
        slots[count] = base + key
        prefetch(tables.starts, slots[count])
        count += 1
        for bit in range(flips):
            slots[count] = base + (key ^ (1 << bit))
            prefetch(tables.starts, slots[count])
            count += 1
    return count


@compiled
def ask_for_entries(
    tables: "Tables",
    slots: NDArray[np.int64],
    spans: NDArray[np.int64],
    most: int,
) -> int:
    """Turn slots into spans of entries, not empty ones, and ask for their first; count them.

    Args:
        tables: of the segment.
        slots: what ``ask_for_starts`` listed.
        spans: shape (slots, 3), set: begin, end and chunk.
        most: how many entries of one key are looked at.
    """
    count, done = 0, 0
    for chunk in range(tables.chunks.shape[0]):
        base = chunk * tables.words.shape[0]
        for _ in range(tables.chunks[chunk, 3] + 1):
            slot = slots[done]
            done += 1
            begin, end = np.int64(tables.starts[slot]), np.int64(tables.starts[slot + 1])
            spans[count, 0] = base + begin
            spans[count, 1] = base + min(end, begin + most)
            spans[count, 2] = chunk
            if begin < end:
                prefetch(tables.entries, base + begin)
                count += 1
    return count


@compiled
def sift(
    tables: "Tables",
    spans: NDArray[np.int64],
    prints: NDArray[np.uint64],
    limits: tuple[int, int],
    hits: NDArray[np.uint64],
) -> int:
    """Append to *hits* the entries whose print is near, until it is full; return their number.

    *limits* are the largest distance of a print and the number of the upload's row.
    """
    near, query = np.uint64(limits[0]), np.uint64(limits[1])
    count = 0
    for span in range(spans.shape[0]):
        own = prints[spans[span, 2]]
        for place in range(spans[span, 0], spans[span, 1]):
            entry = tables.entries[place]
            if popcount((entry >> HALF) ^ own) <= near:
                if count == hits.size:
                    return count
                hits[count] = (entry & LOWER) << HALF | query
                count += 1
    return count


@compiled
def probe(
    tables: "Tables",
    words: NDArray[np.uint64],
    bounds: tuple[int, int],
    hits: NDArray[np.uint64],
) -> int:
    """Look up every keypoint of an upload; write the hits and return how many there are.

    Three keypoints are under way at a time: for one the starts are asked for, for the one before
    they are read and the entries asked for, for the one before that the entries are read. So
    memory is hardly waited for.

    Args:
        tables: of the segment.
        words: shape (q, 4), the upload's keypoints, in the order in which they are looked up.
        bounds: the largest distance of a print, and how many entries of one key are looked at.
        hits: set, the same hit perhaps several times; what is over when it is full is left out.
    """
    near, most = bounds
    keys = tables.chunks[:, 3].sum() + tables.chunks.shape[0]
    slots = np.empty((2, keys), np.int64)
    spans = np.empty((2, keys, 3), np.int64)
    prints = np.empty((3, tables.chunks.shape[0]), np.uint64)
    used = np.zeros(2, np.int64)
    count = 0
    for step in range(words.shape[0] + 2):
        if step >= 2:
            now = step & 1
            limits = near, step - 2
            own = spans[now, : used[now]]
            count += sift(tables, own, prints[(step - 2) % 3], limits, hits[count:])
            if count == hits.size:
                break
        if 1 <= step <= words.shape[0]:
            last = (step - 1) & 1
            used[last] = ask_for_entries(tables, slots[last], spans[last], most)
        if step < words.shape[0]:
            ask_for_starts(tables, words[step], slots[step & 1], prints[step % 3])
    return count


@compiled
def verify(
    tables: "Tables",
    words: NDArray[np.uint64],
    hits: NDArray[np.uint64],
    near_half: int,
    near: int,
) -> int:
    """Move the hits that are near to the beginning, each once, and return how many they are.

    Args:
        tables: of the segment.
        words: shape (q, 4), the upload's keypoints.
        hits: what ``probe`` wrote, in ascending order.
        near_half: the largest distance of the first 128 bits.
        near: the largest distance of all.
    """
    count, last = 0, NOWHERE << HALF
    for i in range(hits.size):
        if i + AHEAD < hits.size and hits[i + AHEAD] >> HALF != NOWHERE:
            prefetch(tables.words, np.int64(hits[i + AHEAD] >> HALF) * 4)
        hit = hits[i]
        if hit == last or hit >> HALF == NOWHERE:
            continue
        last = hit
        row, query = np.int64(hit >> HALF), np.int64(hit & LOWER)
        half = popcount(tables.words[row, 0] ^ words[query, 0])
        half += popcount(tables.words[row, 1] ^ words[query, 1])
        rest = popcount(tables.words[row, 2] ^ words[query, 2])
        rest += popcount(tables.words[row, 3] ^ words[query, 3])
        if half <= np.uint64(near_half) and half + rest <= np.uint64(near):
            hits[count] = hit
            count += 1
    return count
