"""Dealing bits to chunks loses nothing and keeps correlated bits apart."""

import numpy as np
import pytest
from numpy.typing import NDArray

from takeback.matching.exact.index import Index
from takeback.matching.exact.layout import FLIP_MASKS, LAYOUTS, NARROW, WIDE, Layout
from takeback.matching.exact.merge import Policy
from tests.matching.index_oracle import TINY, Signals, flipped, random_signals

ZEROS = np.zeros((1, 32), np.uint8)

ALL = pytest.mark.parametrize("layout", [*LAYOUTS, TINY], ids=["wide", "narrow", "tiny"])


def chunk_of_bits(layout: Layout) -> NDArray[np.intp]:
    """Find each bit's chunk by dealing signals that have only that bit."""
    ones = np.packbits(np.eye(256, dtype=np.uint8), axis=1).view(np.uint64)
    dealt = np.empty_like(ones)
    layout.deal(ones, dealt)
    place = np.unpackbits(dealt.view(np.uint8), axis=1, bitorder="little").argmax(axis=1)
    chunk: NDArray[np.intp] = np.searchsorted(np.cumsum(layout.widths), place, side="right")
    return chunk


def test_the_wide_layout_is_the_one_that_was_measured() -> None:
    """Eleven chunks, three of 24 bits and eight of 23, reach radius 32 with two flips."""
    assert WIDE.widths == (24,) * 3 + (23,) * 8
    assert WIDE.reach == 32


def test_the_narrow_layout_has_thirteen_chunks() -> None:
    """Nine chunks of 20 bits and four of 19."""
    assert NARROW.widths == (20,) * 9 + (19,) * 4
    assert NARROW.reach == 38


@ALL
def test_each_bit_is_in_one_chunk(layout: Layout) -> None:
    """The widths say how many of the 256 bits each chunk gets."""
    counts = np.bincount(chunk_of_bits(layout))

    assert tuple(counts) == layout.widths


@pytest.mark.parametrize("layout", LAYOUTS, ids=["wide", "narrow"])
@pytest.mark.parametrize("along", ["row", "column"])
def test_bits_at_even_steps_of_a_row_or_column_are_in_different_chunks(
    layout: Layout, along: str
) -> None:
    """These are the pairs that are correlated in real pictures."""
    block = chunk_of_bits(layout).reshape(16, 16)
    lines = block if along == "row" else block.T

    together = [
        (line, first, step)
        for line in range(16)
        for step in range(2, 16, 2)
        for first in range(16 - step)
        if lines[line, first] == lines[line, first + step]
    ]

    assert together == []


@ALL
def test_restoring_undoes_dealing(layout: Layout) -> None:
    """Deal and restore are inverse, also in place."""
    signals = random_signals(50, seed=1).view(np.uint64)
    rows = signals.copy()

    layout.deal(rows, rows)
    assert not np.array_equal(rows, signals)
    layout.restore(rows, rows)

    assert np.array_equal(rows, signals)


@ALL
def test_dealing_keeps_distances(layout: Layout) -> None:
    """A reordering of the bits changes no distance."""
    signals = random_signals(50, seed=2).view(np.uint64)
    rows = np.empty_like(signals)

    layout.deal(signals, rows)

    before = np.bitwise_count(signals ^ signals[0]).sum(axis=1)
    assert np.array_equal(np.bitwise_count(rows ^ rows[0]).sum(axis=1), before)


def test_the_masks_are_all_ways_to_flip_up_to_two_bits() -> None:
    """Ascending, so that the masks of a narrower key come first."""
    for flips, ways in enumerate((1, 24, 276)):
        masks = FLIP_MASKS[flips, :ways]

        assert len(np.unique(masks)) == ways
        assert (np.bitwise_count(masks) == flips).all()
        assert (np.diff(masks.astype(np.int64)) > 0).all()


def levels_per_chunk(layout: Layout, radius: int) -> list[int]:
    """Count the levels each chunk gets among levels 0 to *radius*."""
    chunks = len(layout.widths)
    return [len(range(chunk, radius + 1, chunks)) for chunk in range(chunks)]


@ALL
def test_the_hardest_entries_are_found(layout: Layout) -> None:
    """An entry that all chunks but one just miss is found through that one.

    Chunk i is searched with up to r_i flips. The entry differs by r_i + 1 bits in every chunk
    but one, and there by r_i: as many as can be without being out of reach of the radius.
    """
    for radius in (31, layout.reach):
        levels = levels_per_chunk(layout, radius)
        entries = [hardest_entry(layout, levels, chunk) for chunk in range(len(levels))]
        index = Index(Policy(tail_rows=1, layouts=((1, layout),)))
        index.add(np.arange(len(entries)), np.stack(entries))
        index.settle()

        answer = index.search(ZEROS, radius)

        assert list(answer) == [(0, chunk, radius) for chunk in range(len(levels))]


@ALL
def test_the_nearest_is_certain_before_the_search_stops(layout: Layout) -> None:
    """Farther entries that are found first, more than the limit of them, do not end it."""
    chunk_of = chunk_of_bits(layout)
    last = np.flatnonzero(chunk_of == len(layout.widths) - 1)
    for distance in range(1, min(9, len(layout.widths))):
        nearest = np.array([np.flatnonzero(chunk_of == chunk)[0] for chunk in range(distance)])
        entries = [nearest, last[:distance], *(np.roll(last, 1)[: distance + 1],) * 3]
        index = Index(Policy(tail_rows=1, layouts=((1, layout),)))
        index.add(np.arange(5), np.stack([flipped(ZEROS[0], bits) for bits in entries]))
        index.settle()

        answer = index.search(ZEROS, limit=1)

        assert list(answer) == [(0, 0, distance)]
        assert answer.more[0]


def hardest_entry(layout: Layout, levels: list[int], through: int) -> Signals:
    """Flip as many bits of each chunk as it has levels, and one less in chunk *through*."""
    chunk_of = chunk_of_bits(layout)
    bits = np.zeros(256, np.uint8)
    for chunk, count in enumerate(levels):
        bits[np.flatnonzero(chunk_of == chunk)[: count - (chunk == through)]] = 1
    return np.packbits(bits)
