"""How the 256 bits of a signal are dealt to chunks, and why no near entry is missed.

Multi-index hashing cuts a signal into m chunks and keeps one table per chunk,
from the chunk's bits to the entries that have them. A search runs through
*levels* 0, 1, 2 …: level n looks into the table of chunk ``n % m`` at every key
that differs from the query's in exactly ``n // m`` bits, and compares what it
finds there with the whole query.

**Nothing within radius R is missed after levels 0 … R.** By then chunk i has
been searched with every key up to r_i bits away, where r_i + 1 is the number
of its levels, so Σ(r_i + 1) = R + 1 > R. An entry that no level found differs
from the query by at least r_i + 1 bits in every chunk, hence by at least
Σ(r_i + 1) bits in all: more than R. The same holds midway, which is why answers
come nearest first: after level n every entry within n bits has been seen.

Levels end at two flipped bits, so a layout of m chunks reaches radius 3m - 1;
``places.py`` compares every row beyond that. Rows of dense families are in no
table; ``families.py`` has the proof for those.

Neighbouring bits of a PDQ signal come from neighbouring frequencies and are
correlated along a row or a column of its 16 × 16 block, at even steps. The
chunk of a bit is therefore (row + step · column) modulo the number of chunks,
which keeps such bits apart; a prime number of chunks makes it exact.

Source: Norouzi, Punjani and Fleet, "Fast Exact Search in Hamming Space with
Multi-Index Hashing" (2014).
"""

from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from takeback.matching.exact import building

Rows = NDArray[np.uint64]
"""Shape (n, 4): signals of 32 bytes, or a reordering of their bits, as four words."""

SIGNAL_BITS = 256
MOST_FLIPS = 2
"""Keys with three flipped bits would be 1,771 of a 23-bit chunk: a scan is no slower."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """One way of dealing 256 bits to chunks, widest chunk first."""

    widths: tuple[int, ...]
    """Bits of each chunk; they add up to 256."""

    deal_table: NDArray[np.uint64]
    """Shape (32, 256, 4): where each value of each byte of a signal puts its bits."""

    restore_table: NDArray[np.uint64]
    """The inverse of ``deal_table``."""

    step: int
    """Of the rule by which the bits were dealt: with the number of chunks, all there is to know."""

    @property
    def reach(self) -> int:
        """Return the largest radius that the levels cover."""
        return (MOST_FLIPS + 1) * len(self.widths) - 1

    def deal(self, signals: Rows, rows: Rows) -> None:
        """Write *signals* to *rows* so that each chunk's bits lie side by side.

        Distances between dealt rows are those between the signals.
        """
        building.reorder(signals.view(np.uint8), self.deal_table, rows)

    def restore(self, rows: Rows, signals: Rows) -> None:
        """Undo ``deal``."""
        building.reorder(rows.view(np.uint8), self.restore_table, signals)


@cache
def stride_layout(chunks: int, step: int) -> Layout:
    """Deal bit (row, column) to chunk (row + step · column) mod *chunks*."""
    row, column = np.divmod(np.arange(SIGNAL_BITS), 16)
    chunk = (row + step * column) % chunks
    sizes = np.bincount(chunk, minlength=chunks)
    widest_first = np.argsort(-sizes, kind="stable")
    order = np.concatenate([np.flatnonzero(chunk == c) for c in widest_first])
    source = _bit_in_memory(order)
    return Layout(
        widths=tuple(sizes[widest_first].tolist()),
        deal_table=_table(np.argsort(source)),
        restore_table=_table(source),
        step=step,
    )


def _bit_in_memory(bit: NDArray[np.int64]) -> NDArray[np.int64]:
    """Turn bit numbers of a signal (first byte's most significant is 0) into bits of its words."""
    return bit // 8 * 8 + 7 - bit % 8


def _table(target: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Build the table of the permutation that moves bit i in memory to bit ``target[i]``."""
    table = np.zeros((32, 256, 4), np.uint64)
    values = np.arange(256)
    for bit, place in enumerate(target.tolist()):
        has_bit = values[values >> bit % 8 & 1 == 1]
        table[bit // 8, has_bit, place // 64] |= np.uint64(1 << place % 64)
    return table


def _flip_masks(width: int) -> NDArray[np.uint64]:
    """Tabulate the masks of 0, 1 and 2 bits; ascending, so that narrower keys use a prefix."""
    masks = [
        sorted(sum(1 << bit for bit in bits) for bits in combinations(range(width), flips))
        for flips in range(MOST_FLIPS + 1)
    ]
    table = np.zeros((len(masks), len(masks[-1])), np.uint64)
    for flips, row in enumerate(masks):
        table[flips, : len(row)] = row
    return table


WIDE = stride_layout(11, 6)
"""3 chunks of 24 bits and 8 of 23: two flips in ten of them, one in the last, reach 31."""

NARROW = stride_layout(13, 5)
"""9 chunks of 20 bits and 4 of 19: tables an eighth the size, for smaller segments."""

LAYOUTS = (WIDE, NARROW)

FLIP_MASKS = _flip_masks(WIDE.widths[0])
"""Shape (3, 276): row r holds the masks of r flipped bits in a key, then zeros."""
