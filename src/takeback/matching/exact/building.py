"""The loops that make, copy and clear the tables of a segment; compiled like those of a search."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from takeback.matching.exact.kernels import (
    HALF_SHIFT,
    IN_HALF,
    NOWHERE,
    ONE,
    PER_WORD_SHIFT,
    ZERO,
    Tables,
    chunk_key,
    compiled,
    has_bit,
    popcount,
)


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
def scatter(
    rows: NDArray[np.uint64], places: NDArray[np.uint32], target: NDArray[np.uint64]
) -> None:
    """Copy rows to their *places* in *target*."""
    for i in range(places.size):
        for word in range(4):
            target[places[i], word] = rows[i, word]


@compiled
def lasting_positions(ended: NDArray[np.uint64], rows: int, kept: NDArray[np.uint32]) -> int:
    """List the positions below *rows* whose bit is not set, as many as there is room for."""
    count = 0
    for position in range(rows):
        if count == kept.size:
            break
        kept[count] = position
        count += int(not has_bit(ended, position))
    return count


@compiled
def count_keys(
    rows: NDArray[np.uint64],
    elsewhere: NDArray[np.uint64],
    span: tuple[int, int],
    counts: NDArray[np.uint32],
) -> None:
    """Add to *counts*, shape (2 ** width,), how often each key occurs.

    *span* are a chunk's first bit and width, *elsewhere* is the bitmap of rows left out.
    """
    for i in range(rows.shape[0]):
        if not has_bit(elsewhere, i):
            counts[np.int64(chunk_key(rows[i], span[0], span[1]))] += np.uint32(1)


@compiled
def fill_directory(
    counts: NDArray[np.uint32], directory: NDArray[np.uint64], starts: NDArray[np.uint32]
) -> Any:  # noqa: ANN401
    """Write one chunk's directory and starts; turn *counts* into where each key's rows start.

    Returns:
        The length used of *starts*, the number of occurring keys and one; and the sum of the
        squares of the counts.
    """
    slot, start, squares = 0, np.uint32(0), 0.0
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
            squares += float(size) * float(size)
    starts[slot] = start
    return slot + 1, squares


@compiled
def place_rows(
    rows: NDArray[np.uint64],
    elsewhere: NDArray[np.uint64],
    span: tuple[int, int],
    cursors: NDArray[np.uint32],
    positions: NDArray[np.uint32],
) -> None:
    """Write each row's number where the cursor of its key stands, and move the cursor on."""
    for i in range(rows.shape[0]):
        if not has_bit(elsewhere, i):
            key = np.int64(chunk_key(rows[i], span[0], span[1]))
            positions[cursors[key]] = np.uint32(i)
            cursors[key] += np.uint32(1)


@compiled
def remove_positions(tables: Tables, gone: NDArray[np.int64]) -> None:
    """Take rows out of every table, so that nothing tells under which keys they stood."""
    per_chunk = tables.positions.size // tables.chunks.shape[0]
    for row in gone:
        for chunk in range(tables.chunks.shape[0]):
            first, width, words, slots = tables.chunks[chunk]
            key = chunk_key(tables.rows[row], first, width)
            word, bit = tables.directory[words + (key >> PER_WORD_SHIFT)], ONE << (key & IN_HALF)
            if not word & bit:
                continue
            slot = slots + np.int64((word >> HALF_SHIFT) + popcount(word & (bit - ONE)))
            base = chunk * per_chunk
            for place in range(base + tables.starts[slot], base + tables.starts[slot + 1]):
                if tables.positions[place] == row:
                    tables.positions[place] = NOWHERE
