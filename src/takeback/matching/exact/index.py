"""The index: which entries lie within a radius of a looked-up signal, exactly.

It knows ids and signals and nothing else: no bank, no case, no person.

Writers take turns; searches take no lock. A writer prepares its change and
then puts a new ``Snapshot`` in place, which is one assignment, so a search sees
a change whole or not at all, sees it if the change was acknowledged before the
search began, and never waits. Large segments are merged by a thread of their
own, and the result is put in place the same way.
"""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from operator import index

import numpy as np
from numpy.typing import ArrayLike, NDArray

from takeback.errors import MalformedSignal
from takeback.matching.exact.layout import NARROW, Rows
from takeback.matching.exact.merge import Policy, ascending, is_ascending, merge
from takeback.matching.exact.places import NO_LIMIT, search_places
from takeback.matching.exact.segment import Ids, Positions, Segment, Tail

ROW = np.dtype([("query", np.int64), ("id", np.int64), ("distance", np.int64)])
"""One match: the number of the query in the call, the entry's id, the distance in bits."""

DEFAULT_RADIUS = 31
DEFAULT_LIMIT = 100
SIGNAL_BYTES = 32
LARGEST_DISTANCE = 256

DEFAULT_POLICY = Policy()

Row = tuple[Tail | Segment, Ids, Positions]
"""Rows of one place: their ids, and where they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a search found: an iterable of (query number, id, distance)."""

    rows: NDArray[np.void]
    """Shape (k,), dtype ``ROW``: by query number, then nearest first, then by id."""

    more: NDArray[np.bool_]
    """Shape (queries,): True where entries beyond the limit lie within the radius as well."""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        return iter(self.rows.tolist())


@dataclass(frozen=True, eq=False)
class Snapshot:
    """All that a search looks at."""

    segments: tuple[Segment, ...]
    tail: Tail
    tail_size: int
    """How many of the tail's rows this snapshot shows."""

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """Return what ``search_places`` is told of them all."""
        largest_first = sorted(self.segments, key=len, reverse=True)
        return np.stack(
            [*(segment.place for segment in largest_first), self.tail.place(self.tail_size)]
        )


class Index:
    """A set of entries, each an id and a signal, searched by distance. Safe to share by threads.

    An entry can be found once ``add`` has returned and cannot once ``withdraw``
    has; its signal is then overwritten in memory too. Tables are built in the
    background; until then new entries are compared one by one.

    Args:
        policy: sizes at which the index changes its ways; for experiments.
    """

    def __init__(self, policy: Policy = DEFAULT_POLICY) -> None:
        self._policy = policy
        self._snapshot = Snapshot((), Tail.empty(policy.tail_rows), 0)
        self._writing = threading.Lock()
        self._merger: threading.Thread | None = None
        self._ended_during_merge: list[Ids] = []

    def __len__(self) -> int:
        with self._writing:
            return sum(place.lasting for place in self._places())

    def __contains__(self, entry_id: int) -> bool:
        wanted = np.array([entry_id], np.int64)
        with self._writing:
            return any(len(place.find(wanted)[0]) for place in self._places())

    def add(self, ids: ArrayLike, signals: NDArray[np.uint8]) -> None:
        """Add entries. One whose id is there already gets the new signal in place of the old.

        A search sees either all entries of the call or none.

        Args:
            ids: shape (n,), whole numbers that fit int64, each at most once.
            signals: shape (n, 32), uint8.

        Raises:
            MalformedSignal: *signals* is not uint8 of shape (n, 32).
            ValueError: *ids* are not n different whole numbers.
        """
        numbers, rows = whole_numbers(ids), _rows(signals)
        if len(numbers) != len(rows):
            raise ValueError("ids must be as many as the signals")
        numbers, rows = ascending(numbers, rows)
        if not is_ascending(numbers):
            raise ValueError("ids must be different")
        with self._writing:
            held = self._held(numbers, rows)
            if held.any():
                numbers, rows = numbers[~held], rows[~held]
            if len(numbers):
                self._add(numbers, rows)

    def withdraw(self, ids: ArrayLike) -> None:
        """Withdraw entries; ids that are not there are left alone.

        Raises:
            ValueError: *ids* are not whole numbers, shape (n,).
        """
        numbers = np.unique(whole_numbers(ids))
        with self._writing:
            for place, positions in self._end(self._at(numbers)):
                _overwrite(place, positions)
            self._merge_if_due()

    def search(
        self,
        signals: NDArray[np.uint8],
        radius: int = DEFAULT_RADIUS,
        *,
        limit: int | None = DEFAULT_LIMIT,
    ) -> Answer:
        """Find the entries within *radius* bits of each signal, nearest first, then by id.

        Exact for every radius: where the tables don't reach, every row is compared.

        Args:
            signals: shape (n, 32), uint8.
            radius: largest distance that is answered, 0-256 bits.
            limit: most rows per query; ``Answer.more`` tells where it cut. None for all.

        Raises:
            MalformedSignal: *signals* is not uint8 of shape (n, 32).
            ValueError: *radius* or *limit* is out of range.
        """
        reach, most = _radius(radius), _most(limit)
        snapshot = self._snapshot
        rows, more = search_places(snapshot.places, _rows(signals), reach, most)
        return Answer(rows.view(ROW)[:, 0], more)

    def settle(self) -> None:
        """Wait until no merge is due. Answers are the same before and after, only sooner after."""
        while (merger := self._merger) is not None and merger.is_alive():
            merger.join()

    def _places(self) -> tuple[Tail | Segment, ...]:
        return (self._snapshot.tail, *self._snapshot.segments)

    def _held(self, ids: Ids, rows: Rows) -> NDArray[np.bool_]:
        """Tell which ids are there already with just that signal."""
        held = np.zeros(len(ids), np.bool_)
        for place in self._places():
            here, positions = place.find(ids)
            held[here] = (place.signals(positions) == rows[here]).all(axis=1)
        return held

    def _at(self, ids: Ids) -> list[Row]:
        """Find where the rows of *ids* are."""
        found = ((place, ids, *place.find(ids)) for place in self._places())
        return [(place, ids[here], at) for place, ids, here, at in found if len(here)]

    def _end(self, rows: list[Row]) -> list[tuple[Tail | Segment, Positions]]:
        """End rows and return where they were."""
        for place, ids, positions in rows:
            place.end(positions)
            if self._is_merging():
                self._ended_during_merge.append(ids)
        return [(place, positions) for place, _, positions in rows]

    def _add(self, ids: Ids, rows: Rows) -> None:
        """Show the new rows, then end those they replace: an id is found all the while."""
        now = self._snapshot
        segments, tail, replaced = now.segments, now.tail, self._at(ids)
        if tail.has_room(len(ids)):
            tail.append(ids, rows)
        else:
            self._end(replaced)
            if tail.lasting:
                old_ids, old_rows = tail.remaining()
                ids, rows = np.concatenate([old_ids, ids]), np.concatenate([old_rows, rows])
            segments = (*segments, Segment.plain(*ascending(ids, rows)))
            tail, replaced = Tail.empty(self._policy.tail_rows), []
        self._snapshot = Snapshot(segments, tail, tail.size)
        self._end(replaced)
        self._merge_if_due()

    def _merge_if_due(self) -> None:
        if not self._is_merging() and self._policy.due(self._snapshot.segments):
            merger = threading.Thread(target=self._merge_all, name="index-merge", daemon=True)
            merger.start()
            self._merger = merger

    def _is_merging(self) -> bool:
        return self._merger is not None and self._merger.is_alive()

    def _merge_all(self) -> None:
        while self._merge_once():
            pass

    def _merge_once(self) -> bool:
        with self._writing:
            sources = self._policy.due(self._snapshot.segments)
            self._ended_during_merge.clear()
            if not sources:
                self._merger = None
                return False
        merged = merge(sources, self._policy)
        with self._writing:
            self._put_in_place(sources, merged)
        return True

    def _put_in_place(self, sources: list[Segment], merged: Segment) -> None:
        """Show *merged* instead of its sources, less what ended while it was made."""
        segments = [segment for segment in self._snapshot.segments if segment not in sources]
        if len(merged):
            for ids in self._ended_during_merge:
                _, positions = merged.find(ids)
                merged.end(positions)
                _overwrite(merged, positions)
            segments.append(merged)
        self._snapshot = replace(self._snapshot, segments=tuple(segments))


def warm_up() -> None:
    """Compile the index's loops, or load them from the cache, before the first request."""
    signals = np.zeros((2, SIGNAL_BYTES), np.uint8)
    trial = Index(Policy(tail_rows=1, layouts=((2, NARROW),)))
    trial.add([1, 2], signals)
    trial.search(signals)
    trial.settle()
    trial.search(signals)
    trial.withdraw([1])


def _overwrite(place: Tail | Segment, positions: Positions) -> None:
    """Put random bits in place of ended signals, so that they are gone from memory too."""
    noise = np.frombuffer(os.urandom(len(positions) * SIGNAL_BYTES), np.uint64)
    place.overwrite(positions, noise.reshape(-1, 4))


def _radius(radius: int) -> int:
    if not 0 <= index(radius) <= LARGEST_DISTANCE:
        raise ValueError("radius must be 0 to 256")
    return index(radius)


def _most(limit: int | None) -> int:
    if limit is None:
        return NO_LIMIT
    if not 0 < index(limit) < NO_LIMIT:
        raise ValueError("limit must be positive, or None")
    return index(limit)


def whole_numbers(ids: ArrayLike) -> Ids:
    """Return ids as an array.

    Raises:
        ValueError: they are not whole numbers that fit int64, shape (n,).
    """
    numbers = np.asarray(ids)
    if numbers.size == 0:
        return np.empty(0, np.int64)
    if numbers.ndim != 1 or not np.can_cast(numbers.dtype, np.int64):
        raise ValueError("ids must be whole numbers that fit int64, shape (n,)")
    return numbers.astype(np.int64)


def _rows(signals: object) -> Rows:
    if not isinstance(signals, np.ndarray) or signals.dtype != np.uint8:
        raise MalformedSignal("signals must be an array of uint8")
    if signals.ndim != 2 or signals.shape[1] != SIGNAL_BYTES:
        raise MalformedSignal("signals must have shape (n, 32)")
    return np.array(signals, order="C").view(np.uint64)
