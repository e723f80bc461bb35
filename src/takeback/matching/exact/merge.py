"""Merging segments: which ones, when, and into what.

A merge reads its sources and writes a new segment; it changes nothing that a
search could be looking at, so searches go on meanwhile.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from takeback.matching.exact import kernels
from takeback.matching.exact.kernels import Tables
from takeback.matching.exact.layout import NARROW, WIDE, Layout, Rows
from takeback.matching.exact.segment import LASTING, Ids, Segment

RATIO = 4
"""A segment is merged with a run of smaller ones once they hold a quarter of its rows. So an
index of N rows has at most log4(N / tail) segments, and each row is copied O(log N) times."""

MOST_ENDED = 0.25
"""A segment with a larger share of ended rows is rewritten without them."""

CACHE_LINE = 64


class Sized(Protocol):
    """A segment of any index, as far as its size goes."""

    lasting: int


S = TypeVar("S", bound=Sized)


def run_of_small(segments: Iterable[S], ratio: int) -> list[S]:
    """Return the smallest segments, up to one that is more than *ratio* times those before it."""
    run: list[S] = []
    size = 0
    for segment in sorted(segments, key=lambda segment: segment.lasting):
        if run and segment.lasting > ratio * size:
            break
        run.append(segment)
        size += segment.lasting
    return run


@dataclass(frozen=True, slots=True)
class Policy:
    """Sizes at which an index changes its ways; the defaults are measured."""

    tail_rows: int = 4096
    """Rows of the tail: comparing them all takes about four microseconds."""

    layouts: tuple[tuple[int, Layout], ...] = ((800_000, WIDE), (16_384, NARROW))
    """From how many rows on which layout is used, largest first; smaller segments are scanned."""

    def layout_for(self, rows: int) -> Layout | None:
        """Choose the layout of a segment, or None for one that is scanned."""
        return next((layout for size, layout in self.layouts if rows >= size), None)

    def due(self, segments: Sequence[Segment]) -> list[Segment]:
        """Choose the segments to merge next; none if the index is settled."""
        if len(run := run_of_small(segments, RATIO)) > 1:
            return run
        return next(([segment] for segment in segments if self._is_outdated(segment)), [])

    def _is_outdated(self, segment: Segment) -> bool:
        ended = len(segment.ids) - segment.lasting
        should_have_tables = self.layout_for(segment.lasting) is not None
        return ended > MOST_ENDED * len(segment.ids) or (
            should_have_tables and segment.tables is None
        )


def is_ascending(ids: Ids) -> bool:
    """Tell whether each id is larger than the one before."""
    return bool((ids[1:] > ids[:-1]).all())


def ascending(ids: Ids, rows: Rows) -> tuple[Ids, Rows]:
    """Return both in ascending order of the ids; they usually are already."""
    if is_ascending(ids):
        return ids, rows
    order = np.argsort(ids)
    return ids[order], rows[order]


def merge(sources: Sequence[Segment], policy: Policy) -> Segment:
    """Copy the rows that have not ended into one new segment, with tables if it is large."""
    kept = [np.flatnonzero(source.ended == LASTING) for source in sources]
    ids = np.concatenate([s.ids[places] for s, places in zip(sources, kept, strict=True)])
    order = np.argsort(ids)
    rows = _empty_rows(len(ids))
    target = np.empty(len(ids), np.int64)
    target[order] = np.arange(len(ids))
    begin = 0
    for source, places in zip(sources, kept, strict=True):
        rows[target[begin : begin + len(places)]] = source.signals(places)
        begin += len(places)
    return _segment(ids[order], rows, policy.layout_for(len(ids)))


def _segment(ids: Ids, rows: Rows, layout: Layout | None) -> Segment:
    if layout is None:
        return Segment(ids, rows)
    layout.deal(rows, rows)
    return Segment(ids, rows, layout, build_tables(rows, layout))


def build_tables(rows: Rows, layout: Layout) -> Tables:
    """Build the tables of *rows*, which *layout* has dealt."""
    positions = np.empty(len(rows) * len(layout.widths), np.uint32)
    chunks, directories, starts = [], [], []
    first = words = slots = 0
    for chunk, width in enumerate(layout.widths):
        own = positions[chunk * len(rows) : (chunk + 1) * len(rows)]
        directory, start = _build_chunk(rows, first, width, own)
        chunks.append((first, width, words, slots))
        directories.append(directory)
        starts.append(start)
        first, words, slots = first + width, words + len(directory), slots + len(start)
    return Tables(
        rows=rows,
        ended=np.full(len(rows), LASTING),
        chunks=np.array(chunks, np.int64),
        directory=np.concatenate(directories),
        starts=np.concatenate(starts),
        positions=positions,
    )


def _build_chunk(
    rows: Rows, first: int, width: int, positions: NDArray[np.uint32]
) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Fill one chunk's *positions* and return its directory and starts."""
    counts = np.zeros(1 << width, np.uint32)
    kernels.count_keys(rows, first, width, counts)
    directory = np.zeros(len(counts) // 32, np.uint64)
    starts = np.empty(min(len(rows), len(counts)) + 1, np.uint32)
    used = kernels.fill_directory(counts, directory, starts)
    kernels.place_rows(rows, first, width, counts, positions)
    return directory, starts[:used].copy()


def _empty_rows(count: int) -> Rows:
    """Allocate rows such that none lies across two cache lines; numpy asks for large pages."""
    words = np.empty(4 * count + CACHE_LINE // 8, np.uint64)
    skip = -words.ctypes.data % CACHE_LINE // 8
    return words[skip : skip + 4 * count].reshape(count, 4)
