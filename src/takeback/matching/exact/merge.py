"""Merging segments: which ones, when, and into what.

A merge reads its sources and writes a new segment; it changes nothing that a
search could be looking at, so searches go on meanwhile.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from takeback.matching.exact import building
from takeback.matching.exact.families import LEAST_ROWS, find_families
from takeback.matching.exact.kernels import Tables
from takeback.matching.exact.layout import NARROW, WIDE, Layout, Rows
from takeback.matching.exact.places import search_places
from takeback.matching.exact.segment import (
    Bitmap,
    Ids,
    Numbers,
    Segment,
    plain_tables,
    zeros,
)
from takeback.matching.exact.threads import each, parts

RATIO = 4
"""A segment is merged with a run of smaller ones once they hold a quarter of its rows. So an
index of N rows has at most log4(N / tail) segments, and each row is copied O(log N) times."""

MOST_ENDED = 0.25
"""A segment with a larger share of ended rows is rewritten without them."""

CACHE_LINE = 64


class Sized(Protocol):
    """A segment of any index, as far as its size goes."""

    @property
    def lasting(self) -> int:
        """Return how many rows have not ended."""
        ...


S = TypeVar("S", bound=Sized)


def run_of_small(segments: Iterable[S], ratio: int) -> list[S]:
    """Return the smallest segments that are worth a merge; one alone or none where none are.

    A run ends before a segment of more than *ratio* times its size; one that holds a single
    segment is passed over, or that would keep equal ones above it apart for ever.
    """
    run: list[S] = []
    size = 0
    for segment in sorted(segments, key=lambda segment: segment.lasting):
        if run and segment.lasting > ratio * size:
            if len(run) > 1:
                break
            run, size = [], 0
        run.append(segment)
        size += segment.lasting
    return run


@dataclass(frozen=True, slots=True)
class Policy:
    """Sizes at which an index changes its ways; the defaults are measured."""

    tail_rows: int = 4096
    """Rows of the tail: comparing them all takes about four microseconds."""

    layouts: tuple[tuple[int, Layout], ...] = ((1_250_000, WIDE), (16_384, NARROW))
    """From how many rows on which layout is used, largest first; smaller segments are scanned."""

    most_rows: int = 1 << 25
    """How many a merge makes at most, in about 4 GB: from there on one segment is no quicker to
    search than several, as time grows with the rows."""

    family_rows: int = LEAST_ROWS
    """How many near-copies of one signal are kept out of the tables."""

    threads: int = 1
    """How many build a segment; more than one are quicker, and leave less for searches."""

    erase_after: float = 86_400.0
    """Seconds after which a row that ended has left the disk as well."""

    def layout_for(self, rows: int) -> Layout | None:
        """Choose the layout of a segment, or None for one that is scanned."""
        return next((layout for size, layout in self.layouts if rows >= size), None)

    def due(self, segments: Sequence[Segment]) -> list[Segment]:
        """Choose the segments to merge next; none if the index is settled."""
        growing = [segment for segment in segments if segment.lasting <= self.most_rows // 2]
        run = run_of_small(growing, RATIO)
        while sum(segment.lasting for segment in run) > self.most_rows:
            run.pop()
        if len(run) > 1:
            return run
        return next(([segment] for segment in segments if self._is_outdated(segment)), [])

    def _is_outdated(self, segment: Segment) -> bool:
        ended = len(segment) - segment.lasting
        should_have_tables = self.layout_for(segment.lasting) is not None
        return ended > MOST_ENDED * len(segment) or (should_have_tables and segment.layout is None)


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
    return build_segment(*_gathered(sources), policy)


def _gathered(sources: Sequence[Segment]) -> tuple[Ids, Rows]:
    """Copy the ids that have not ended, in ascending order, and their signals."""
    kept = [_lasting(source) for source in sources]
    ids = np.concatenate([s.ids_at(places) for s, places in zip(sources, kept, strict=True)])
    order = np.argsort(ids, kind="stable")
    target = np.empty(len(ids), np.uint32)
    target[order] = np.arange(len(ids), dtype=np.uint32)
    ids = ids[order]
    rows = empty_rows(len(ids))
    begin = 0
    for source, places in zip(sources, kept, strict=True):
        _copy(source, places, target[begin : begin + len(places)], rows)
        begin += len(places)
    return ids, rows


def _lasting(source: Segment) -> NDArray[np.uint32]:
    """List the rows that have not ended; some may end meanwhile, none comes back."""
    kept = np.empty(source.lasting, np.uint32)
    return kept[: building.lasting_positions(source.ended, len(source), kept)]


def _copy(
    source: Segment, kept: NDArray[np.uint32], target: NDArray[np.uint32], rows: Rows
) -> None:
    """Copy signals to their places in *rows*, a bite at a time: the layouts may differ."""
    for part in parts(len(kept)):
        building.scatter(source.signals(kept[part]), target[part], rows)


def build_segment(ids: Ids, rows: Rows, policy: Policy) -> Segment:
    """Make a segment of *ids*, ascending, and the signals *rows*, which become its own."""
    layout = policy.layout_for(len(ids))
    if layout is None:
        return Segment.plain(ids, rows)
    each(lambda part: layout.deal(rows[part], rows[part]), parts(len(rows)), policy.threads)
    ended = zeros(len(rows))
    families, elsewhere = find_families(rows, ended, policy.threads, policy.family_rows)
    tables, health = build_tables(rows, elsewhere, layout, policy.threads)
    return Segment(Numbers.of(ids), tables._replace(ended=ended), layout, families, health)


def build_tables(
    rows: Rows, elsewhere: Bitmap, layout: Layout, threads: int = 1
) -> tuple[Tables, float]:
    """Build the tables of *rows*, which *layout* has dealt, less those that lie *elsewhere*.

    Returns:
        The tables, and their health.
    """
    size = len(rows) - int(np.bitwise_count(elsewhere).sum())
    positions = np.empty(size * len(layout.widths), np.uint32)
    firsts = np.cumsum([0, *layout.widths])

    def build(chunk: int) -> Chunk:
        span = int(firsts[chunk]), layout.widths[chunk]
        return _build_chunk(rows, elsewhere, span, positions[chunk * size : (chunk + 1) * size])

    built = each(build, range(len(layout.widths)), threads)
    words = np.cumsum([0, *(len(chunk.directory) for chunk in built)])
    slots = np.cumsum([0, *(len(chunk.starts) for chunk in built)])
    tables = plain_tables(rows)._replace(
        chunks=np.column_stack([firsts[:-1], layout.widths, words[:-1], slots[:-1]]),
        directory=np.concatenate([chunk.directory for chunk in built]),
        starts=np.concatenate([chunk.starts for chunk in built]),
        positions=positions,
    )
    return tables, float(np.mean([chunk.health for chunk in built]))


class Chunk(NamedTuple):
    """What is made of one chunk besides its positions."""

    directory: NDArray[np.uint64]
    starts: NDArray[np.uint32]
    health: float


def _build_chunk(
    rows: Rows, elsewhere: Bitmap, span: tuple[int, int], positions: NDArray[np.uint32]
) -> Chunk:
    """Fill one chunk's *positions* and return the rest of it."""
    counts = np.zeros(1 << span[1], np.uint32)
    building.count_keys(rows, elsewhere, span, counts)
    directory = np.zeros(len(counts) // 32, np.uint64)
    starts = np.empty(np.count_nonzero(counts) + 1, np.uint32)
    _, squares = building.fill_directory(counts, directory, starts)
    building.place_rows(rows, elsewhere, span, counts, positions)
    size = len(positions)
    return Chunk(directory, starts, squares / max(size, 1) / (1 + size / len(counts)))


def warm_up() -> None:
    """Compile all that builds, merges and searches segments, or load it from the cache."""
    policy = Policy(layouts=((1, NARROW),), family_rows=16)
    segment = build_segment(np.arange(32), np.zeros((32, 4), np.uint64), policy)
    segment = merge([segment], policy)
    search_places(segment.place[None], np.zeros((1, 4), np.uint64), 0, 1)
    segment.overwrite(np.zeros(1, np.int64), np.zeros((1, 4), np.uint64))


def empty_rows(count: int) -> Rows:
    """Allocate rows such that none lies across two cache lines; numpy asks for large pages."""
    words = np.empty(4 * count + CACHE_LINE // 8, np.uint64)
    skip = -words.ctypes.data % CACHE_LINE // 8
    return words[skip : skip + 4 * count].reshape(count, 4)
