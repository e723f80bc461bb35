"""Where a keypoint index keeps its pictures: segments in which nothing moves.

Nothing here is ever locked. Each picture carries the version of the index at which it ended,
so that a search which began before still sees it and a later one does not.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from takeback.matching import keypoint_guide, keypoint_kernels
from takeback.matching.keypoint_guide import Upload
from takeback.matching.keypoint_kernels import HALF
from takeback.matching.keypoint_rows import KeypointRows, joined
from takeback.matching.keypoint_tables import Layouts, Tables, build_tables
from takeback.matching.segment import LASTING, Ids, Positions
from takeback.matching.voting import NEAR, compare_all

NEAR_PRINT: Final = 6
"""Largest distance of two prints, of 32 bits, that are compared further. Of the pictures that
comparing everything finds none is lost by it, of strangers one entry in thousands is kept."""

NEAR_HALF: Final = 22
"""Largest distance of the first 128 bits that is checked as a proposal."""

MOST_ENTRIES: Final = 1024
"""How many entries under one key are looked at, those of the lowest ids; in a bank of a million
ordinary pictures none has more."""

MOST_HITS: Final = 1 << 16
"""How many entries with a near print are kept of one search of a segment, those of the upload's
best keypoints; ordinary uploads have some thousands in a million pictures."""

MOST_CHECKED: Final = 4096
"""How many hits are checked. If there are more, those of pictures that have several come first,
and then the nearest."""


class Candidates(NamedTuple):
    """Pictures of one segment that are worth a vote; columns of the same length."""

    pictures: NDArray[np.int64]
    views: NDArray[np.int64]
    votes: NDArray[np.int64]


@dataclass(slots=True, eq=False)
class KeypointSegment:
    """Pictures in ascending order of their ids; searched through tables, if it has any."""

    ids: Ids
    rows: KeypointRows
    tables: Tables
    lasting: int = field(init=False)
    """How many pictures have not ended."""

    def __post_init__(self) -> None:
        self.lasting = len(self.ids)

    @property
    def tabled(self) -> bool:
        """Whether it is searched through tables, and not compared as a whole."""
        return bool(len(self.tables.chunks))

    def find(self, ids: Ids) -> tuple[Positions, Positions]:
        """Return which of *ids* are here and have not ended, and at what positions."""
        if not len(self.ids):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        here = np.flatnonzero((self.ids[places] == ids) & (self.tables.ended[places] == LASTING))
        return here, places[here]

    def end(self, positions: Positions, version: int) -> None:
        """Hide pictures from every search of *version* or later."""
        self.tables.ended[positions] = version
        self.lasting -= len(positions)

    def overwrite(self, positions: Positions) -> None:
        """Put noise in place of ended pictures, so that they are gone from memory too.

        A search that began earlier may see old and new bits mixed: for it the picture counts as
        present or not, both of which are true of an entry that is being withdrawn.
        """
        for begin, end in zip(
            self.rows.first[positions].tolist(),
            self.rows.first[positions + 1].tolist(),
            strict=True,
        ):
            for row in range(begin, end):
                noise = np.frombuffer(os.urandom(8 * len(self.tables.chunks)), np.uint64)
                keypoint_kernels.remove_entries(self.tables, row, noise)
            noise = np.frombuffer(os.urandom(32 * (end - begin)), np.uint64)
            self.rows.words[begin:end] = noise.reshape(-1, 4)
            self.rows.places[begin:end] = 0

    def remaining(self) -> tuple[Ids, KeypointRows]:
        """Return a copy of the pictures that have not ended."""
        kept = np.flatnonzero(self.tables.ended == LASTING)
        return self.ids[kept], self.rows.take(kept)

    def search(self, upload: Upload, version: int, needed: int) -> Candidates:
        """Find pictures of which at least *needed* places agree with what some hit proposes."""
        hits = self.hits(upload, version)
        found = np.empty((len(hits), 3), np.int64)
        count = keypoint_guide.check(self.tables, upload, hits, needed, found)
        return Candidates(*found[:count].T)

    def hits(self, upload: Upload, version: int) -> NDArray[np.uint64]:
        """Return pairs of near rows, each once, in ascending order."""
        if not self.tabled:
            return self._compared(upload, version)
        hits = np.empty(MOST_HITS, np.uint64)
        distances = np.empty(MOST_HITS, np.uint8)
        bounds = NEAR_PRINT, MOST_ENTRIES
        count = keypoint_kernels.probe(self.tables, upload.words, bounds, hits)
        bounds = NEAR_HALF, version
        count = keypoint_kernels.verify(self.tables, upload.words, hits[:count], bounds, distances)
        return self._chosen(hits[:count], distances[:count])

    def _compared(self, upload: Upload, version: int) -> NDArray[np.uint64]:
        pairs = compare_all(self.rows.words, upload.words, NEAR)
        pictures = np.searchsorted(self.rows.first, pairs[:, 1], side="right") - 1
        pairs = pairs[self.tables.ended[pictures] > version]
        hits = pairs[:, 1] << HALF | pairs[:, 2]
        return self._chosen(hits, pairs[:, 0].astype(np.uint8))

    def _chosen(self, hits: NDArray[np.uint64], distances: NDArray[np.uint8]) -> NDArray[np.uint64]:
        """Return each hit once, in ascending order, the best if there are too many."""
        kept, first = np.unique(hits, return_index=True)
        if len(kept) <= MOST_CHECKED:
            return kept
        rows = (kept >> HALF).astype(np.int64)
        pictures = np.searchsorted(self.rows.first, rows, side="right")
        _, own, sizes = np.unique(pictures, return_inverse=True, return_counts=True)
        best = np.lexsort((distances[first], sizes[own] == 1))[:MOST_CHECKED]
        return np.sort(kept[best])


def segment_of(ids: Ids, rows: KeypointRows, layouts: Layouts) -> KeypointSegment:
    """Make a segment of pictures whose ids ascend."""
    ended = np.full(len(ids), LASTING)
    return KeypointSegment(ids, rows, build_tables(rows, ended, layouts))


def in_order(ids: Ids, rows: KeypointRows) -> tuple[Ids, KeypointRows]:
    """Return both in ascending order of the ids; they usually are already."""
    if bool((ids[1:] > ids[:-1]).all()):
        return ids, rows
    order = np.argsort(ids, kind="stable")
    return ids[order], rows.take(order)


def merged(sources: Sequence[KeypointSegment], layouts: Layouts) -> KeypointSegment:
    """Copy the pictures that have not ended into one new segment."""
    parts = [source.remaining() for source in sources]
    ids = np.concatenate([own for own, _ in parts])
    return segment_of(*in_order(ids, joined(rows for _, rows in parts)), layouts)
