"""Where a keypoint index keeps its pictures: segments in which nothing moves.

Nothing here is ever locked. Each picture has a bit that says whether it has ended, which
searches look at last.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from takeback.matching.exact.segment import NOWHERE, Ids, Positions
from takeback.matching.keypoints import ended, guide, kernels
from takeback.matching.keypoints.ended import Ended, none_of
from takeback.matching.keypoints.guide import Upload
from takeback.matching.keypoints.kernels import HALF, LOWER
from takeback.matching.keypoints.rows import KeypointRows, frozen, gathered
from takeback.matching.keypoints.tables import (
    Layouts,
    Tables,
    arrays_of,
    build_tables,
    interleaved,
    tables_in,
)
from takeback.matching.keypoints.voting import NEAR, compare_all

NEAR_PRINT: Final = 6
"""Largest distance of two prints, of 32 bits, that are compared further. Of the pictures that
comparing everything finds none is lost by it; of strangers, one entry in thousands is kept."""

NEAR_HALF: Final = 20
"""Largest distance of the first 128 bits of two keypoints that are checked."""

MOST_ENTRIES: Final = 1024
"""How many entries under one key are looked at, those of the lowest ids."""

MOST_FOUND: Final = 1 << 18
"""How many entries with a near print are kept, those of the upload's best keypoints."""

MOST_CHECKED: Final = 1024
"""How many hits are checked; if there are more, those of the likeliest pictures. In a million
pictures one upload in five has more, and even a quarter of it would miss none of its copies."""


Entries = NDArray[np.uint64]


class Candidates(NamedTuple):
    """Pictures of one segment that are worth a vote; columns of the same length."""

    pictures: NDArray[np.int64]
    views: NDArray[np.int64]
    votes: NDArray[np.int64]


@dataclass(slots=True, eq=False)
class KeypointSegment:
    """Pictures, searched through tables if it has any; then their ids ascend."""

    ids: Ids
    rows: KeypointRows
    tables: Tables
    ended: Ended
    entries: Entries | None
    """Those of the tables, to write to; None if they lie in a file."""

    @classmethod
    def of(
        cls, attributes: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], ended: Ended
    ) -> Self:
        """Return the segment that lies in *arrays*, as ``attributes`` and ``arrays`` gave them."""
        rows = KeypointRows(**{each.name: arrays[each.name] for each in fields(KeypointRows)})
        layout = interleaved(attributes["chunks"], flips=attributes["flips"])
        return cls(arrays["ids"], rows, tables_in(layout, rows, ended, arrays), ended, None)

    @property
    def attributes(self) -> dict[str, Any]:
        """Return what tells how its tables are made."""
        flips = self.tables.chunks[:, 3].any()
        return {"chunks": len(self.tables.chunks), "flips": bool(flips)}

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return its arrays by their names, all but what has ended."""
        return {"ids": self.ids, **self.rows.arrays(), **arrays_of(self.tables)}

    @property
    def lasting(self) -> int:
        """Return how many pictures have not ended."""
        return len(self.ids) - ended.count(self.ended)

    @property
    def tabled(self) -> bool:
        """Whether it is searched through tables, and not compared as a whole."""
        return bool(len(self.tables.chunks))

    def held(self, ids: Ids) -> tuple[Positions, Positions]:
        """Return which of *ids*, which ascend, are here, ended or not, and at what positions."""
        if not len(self.ids) or not len(ids):
            return NOWHERE, NOWHERE
        if self.tabled:
            places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
            here = np.flatnonzero(self.ids[places] == ids)
            return here, places[here]
        places = np.flatnonzero(np.isin(self.ids, ids))
        return np.searchsorted(ids, self.ids[places]), places

    def find(self, ids: Ids) -> tuple[Positions, Positions]:
        """Return which of *ids* are here and have not ended, and at what positions."""
        here, places = self.held(ids)
        lasting = ~ended.among(self.ended, places)
        return here[lasting], places[lasting]

    def ended_among(self, ids: Ids) -> Positions:
        """Return the positions of those of *ids* that are here and have ended."""
        _, places = self.held(ids)
        return places[ended.among(self.ended, places)]

    def end(self, positions: Positions) -> None:
        """Hide pictures from every search from now on."""
        ended.end(self.ended, positions)

    def overwrite(self, positions: Positions) -> None:
        """Put noise in place of ended pictures, so that they are gone from memory too.

        A search that began earlier may see old and new bits mixed: for it the picture counts as
        present or not, both of which are true of an entry that is being withdrawn.
        """
        first, chunks = self.rows.first, len(self.tables.chunks)
        for picture in positions:
            begin, end = int(first[picture]), int(first[picture + 1])
            if self.entries is not None:
                noise = _noise(end - begin, chunks)
                kernels.remove_entries(self.tables, self.entries, (begin, end), noise)
            self.rows.words[begin:end] = _noise(end - begin, 4)
            self.rows.places[begin:end] = 0

    def remaining(self) -> NDArray[np.int64]:
        """Return the numbers of the pictures that have not ended."""
        return ended.lasting(self.ended, len(self.ids))

    def search(self, upload: Upload, needed: int) -> Candidates:
        """Find pictures of which at least *needed* places agree with what some hit proposes."""
        hits = self.hits(upload)
        if len(hits) > MOST_CHECKED:
            hits = self._likeliest(hits)
        found = np.empty((len(hits), 3), np.int64)
        count = guide.check(self.tables, upload, hits, needed, found)
        return Candidates(*found[:count].T)

    def hits(self, upload: Upload) -> NDArray[np.uint64]:
        """Return pairs of near rows, each once, in ascending order; some may have ended."""
        if not self.tabled:
            pairs = compare_all(self.tables.words, frozen(upload.words), NEAR)
            return np.sort(pairs[:, 1] << HALF | pairs[:, 2])
        found = np.empty(MOST_FOUND, np.uint64)
        bounds = NEAR_PRINT, MOST_ENTRIES
        found = found[: kernels.probe(self.tables, upload.words, bounds, found)]
        found.sort()
        count = kernels.verify(self.tables, upload.words, found, NEAR_HALF, NEAR)
        return found[:count]

    def _likeliest(self, hits: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Return the hits of those pictures that have most and rarest ones, in ascending order.

        A keypoint of the upload that is near to thousands of pictures says little of each: its
        hits count for as much less. A true copy has hits that hardly anything else has.
        """
        rows, queries = (hits >> HALF).astype(np.int64), (hits & LOWER).astype(np.int64)
        rarity = 1 / np.bincount(queries)[queries]
        pictures = np.searchsorted(self.rows.first, rows, side="right")
        _, own = np.unique(pictures, return_inverse=True)
        evidence = np.bincount(own, rarity)[own]
        return np.sort(hits[np.argsort(-evidence, kind="stable")[:MOST_CHECKED]])


def _noise(rows: int, columns: int) -> NDArray[np.uint64]:
    return np.frombuffer(bytearray(os.urandom(8 * rows * columns)), np.uint64).reshape(
        rows, columns
    )


def segment_of(ids: Ids, rows: KeypointRows, layouts: Layouts) -> KeypointSegment:
    """Make a segment of pictures whose ids ascend."""
    words = none_of(len(ids))
    tables, entries = build_tables(rows, words, layouts)
    return KeypointSegment(ids, rows, tables, words, entries)


def in_order(ids: Ids, rows: KeypointRows) -> tuple[Ids, KeypointRows]:
    """Return both in ascending order of the ids; they usually are already."""
    if bool((ids[1:] > ids[:-1]).all()):
        return ids, rows
    order = np.argsort(ids, kind="stable")
    return ids[order], rows.take(order)


def merged(sources: Sequence[KeypointSegment], layouts: Layouts) -> KeypointSegment:
    """Copy the pictures that have not ended into one new segment."""
    kept = [source.remaining() for source in sources]
    ids = np.concatenate([s.ids[numbers] for s, numbers in zip(sources, kept, strict=True)])
    order = np.argsort(ids, kind="stable")
    target = np.empty(len(ids), np.int64)
    target[order] = np.arange(len(ids))
    parts = [(source.rows, numbers) for source, numbers in zip(sources, kept, strict=True)]
    return segment_of(ids[order], gathered(parts, target), layouts)
