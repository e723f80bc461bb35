"""The index: which entries lie within a radius of a looked-up signal, exactly.

It knows ids and signals and nothing else: no bank, no case, no person.

Writers take turns; searches take no lock. A writer prepares its change and
then puts a new ``Snapshot`` in place, which is one assignment, so a search sees
added entries whole or not at all, sees them if they were acknowledged before the
search began, and never waits. What ends is a bit beside its row. Large segments
are merged by a thread of their own, and the result is put in place the same way.

An index lies in memory, or in a directory (``Index.open``), where any number of
processes search it too (``FollowedIndex``) and where it is after a crash.
"""

import threading
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from takeback.matching.disk.copying import Copying
from takeback.matching.disk.log import NO_IDS
from takeback.matching.disk.tending import Tending
from takeback.matching.exact import merge as merge_loops
from takeback.matching.exact.answer import (
    DEFAULT_LIMIT,
    DEFAULT_RADIUS,
    LARGEST_DISTANCE,
    SIGNAL_BYTES,
    Answer,
    Asked,
    asked,
    entries,
    undisturbed,
    whole_numbers,
)
from takeback.matching.exact.keeping import Change, InMemory, Keeping, OnDisk
from takeback.matching.exact.layout import NARROW, Rows
from takeback.matching.exact.merge import Policy, ascending, merge
from takeback.matching.exact.segment import Ids, Positions, Segment, Tail
from takeback.matching.merger import Merger, Merging, Tidying

__all__ = ["LARGEST_DISTANCE", "Answer", "Index", "warm_up", "whole_numbers"]

DEFAULT_POLICY = Policy()

NO_ROWS: Rows = np.empty((0, 4), np.uint64)

SECONDS_UNTENDED = 1.0, 600.0
"""Fewest and most between two looks at what is due."""


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
        self._begin(InMemory(policy), policy)

    @classmethod
    def open(cls, directory: Path, policy: Policy = DEFAULT_POLICY) -> "Index":
        """Open the index in *directory*, or begin one there, as the one process that changes it.

        A change is on the disk before its call returns, and is seen by every process that
        follows the directory. Withdrawn signals leave the disk within ``Policy.erase_after``.

        Raises:
            Conflict: another process changes it.
            IntegrityFailure: something in it is damaged; ``build`` makes it anew.
            NotReady: the disk is full.
        """
        keeping = OnDisk(directory, policy)
        index = cls.__new__(cls)
        try:
            index._begin_on_disk(keeping, policy)
        except BaseException:
            keeping.store.close()
            raise
        return index

    def _begin(self, keeping: Keeping, policy: Policy, tidying: Tidying | None = None) -> None:
        self._policy = policy
        self._keeping = keeping
        self._replacements = 0
        self._writing = threading.Lock()
        segments, tail = keeping.first()
        self._snapshot = Snapshot(tuple(segments), tail, tail.size)
        merging = Merging(self._due, self._merged, self._put_in_place)
        self._merger = Merger("index-merge", self._writing, merging)
        self._tending: Tending | None = None

    def _begin_on_disk(self, keeping: OnDisk, policy: Policy) -> None:
        self._begin(keeping, policy)
        self._merger.tidying = Copying(keeping.store, self._writing, policy.erase_after)
        fewest, most = SECONDS_UNTENDED
        self._tending = Tending(self.tend, min(max(policy.erase_after / 4, fewest), most))
        self.tend()

    def __len__(self) -> int:
        with self._writing:
            return sum(place.lasting for place in self._places())

    def __contains__(self, entry_id: int) -> bool:
        wanted = np.array([entry_id], np.int64)
        with self._writing:
            return any(len(place.find(wanted)[0]) for place in self._places())

    @property
    def mark(self) -> int:
        """Return what the caller called the last change; 0 before the first."""
        return self._keeping.mark

    def add(self, ids: ArrayLike, signals: NDArray[np.uint8]) -> None:
        """Add entries. One whose id is there already gets the new signal in place of the old.

        A search sees either all entries of the call or none.

        Args:
            ids: shape (n,), whole numbers that fit int64, each at most once.
            signals: shape (n, 32), uint8.

        Raises:
            MalformedSignal: *signals* is not uint8 of shape (n, 32).
            ValueError: *ids* are not n different whole numbers.
            NotReady: the disk is full; nothing has changed.
        """
        self._apply(NO_IDS, *entries(ids, signals), mark=None)

    def withdraw(self, ids: ArrayLike) -> None:
        """Withdraw entries; ids that are not there are left alone.

        Raises:
            ValueError: *ids* are not whole numbers, shape (n,).
            NotReady: the disk is full; nothing has changed.
        """
        self._apply(np.unique(whole_numbers(ids)), NO_IDS, NO_ROWS, mark=None)

    def change(
        self, gone: ArrayLike, ids: ArrayLike, signals: NDArray[np.uint8], mark: int = 0
    ) -> None:
        """Withdraw and add entries in one step, which a crash leaves done or not done.

        Args:
            gone: as for ``withdraw``; ids that are to be added as well are only added.
            ids: as for ``add``.
            signals: as for ``add``.
            mark: what the caller calls the change; the largest is kept.

        Raises:
            MalformedSignal: *signals* is not uint8 of shape (n, 32).
            ValueError: *gone* or *ids* are not whole numbers, or *ids* not different.
            NotReady: the disk is full; nothing has changed.
        """
        numbers, rows = entries(ids, signals)
        self._apply(np.setdiff1d(whole_numbers(gone), numbers), numbers, rows, mark)

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
        question = asked(signals, radius, limit)
        return undisturbed(lambda: self._answer(question), lambda: self._replacements)

    def _answer(self, question: Asked) -> Answer:
        snapshot = self._snapshot  # kept: the search works on addresses of its arrays
        return question.of(snapshot.places)

    def settle(self) -> None:
        """Wait until no merge is due. Answers are the same before and after, only sooner after."""
        self._merger.settle()

    def tend(self) -> None:
        """Do what is due by now; an open index does so every ten minutes by itself."""
        with self._writing:
            if self._keeping.must_flush():
                self._flush(Change(NO_IDS, NO_IDS, NO_ROWS, self.mark), [])
            self._merger.run_if_due()

    def close(self) -> None:
        """Let another process change the index; who follows it goes on. In memory, merge no more.

        A merge that runs is not waited for: another writer begins it again.
        """
        if self._tending:
            self._tending.close()
        self._merger.stop()
        with self._writing:
            self._keeping.close()

    def _places(self) -> tuple[Tail | Segment, ...]:
        return (self._snapshot.tail, *self._snapshot.segments)

    def _apply(self, gone: Ids, ids: Ids, rows: Rows, mark: int | None) -> None:
        """Make a change of what is not so already."""
        with self._writing:
            held = self._held(ids, rows)
            old = self._at(np.concatenate([gone, ids[~held]]))
            ended = np.concatenate([NO_IDS, *(found for _, found, _ in old)])
            mark = self.mark if mark is None else max(mark, self.mark)
            change = Change(np.intersect1d(gone, ended), ids[~held], rows[~held], mark)
            if len(change.gone) or len(change.ids) or mark != self.mark:
                self._make(change, old)
            self._merger.run_if_due()

    def _held(self, ids: Ids, rows: Rows) -> NDArray[np.bool_]:
        """Tell which ids are there already with just that signal."""
        held = np.zeros(len(ids), np.bool_)
        for place in self._places():
            here, positions = place.find(ids)
            held[here] = (place.signals(positions) == rows[here]).all(axis=1)
        return held

    def _at(self, ids: Ids) -> list[tuple[Tail | Segment, Ids, Positions]]:
        """Find where the rows of *ids* are."""
        found = ((place, *place.find(ids)) for place in self._places())
        return [(place, ids[here], at) for place, here, at in found if len(here)]

    def _make(self, change: Change, old: list[tuple[Tail | Segment, Ids, Positions]]) -> None:
        """Show the new rows, then end those they replace: an id is found all the while."""
        tail = self._snapshot.tail
        if tail.has_room(len(change.ids)) and not self._keeping.must_flush():
            self._keeping.keep(change)
            tail.append(change.ids, change.rows)
            self._keeping.show_tail(tail)
            self._snapshot = replace(self._snapshot, tail_size=tail.size)
        else:
            self._flush(change, [ids for _, ids, _ in old])
        if sum(len(ids) for _, ids, _ in old) > len(change.gone):
            self._replacements += 1
            self._keeping.show_replacing()
        for place, ids, positions in old:
            self._keeping.end(place, positions)
            self._merger.note(ids)
        self._keeping.show_mark()

    def _flush(self, change: Change, ended: list[Ids]) -> None:
        """Make the tail's rows and those of *change* a segment, with a new tail."""
        now = self._snapshot
        gone = np.concatenate([NO_IDS, *ended])
        ids, rows = now.tail.remaining()
        lasting = ~np.isin(ids, gone)
        ids = np.concatenate([ids[lasting], change.ids])
        rows = np.concatenate([rows[lasting], change.rows])
        fresh = Segment.plain(*ascending(ids, rows)) if len(ids) else None
        segments, tail = self._keeping.flush(now.segments, fresh, change, gone)
        self._snapshot = Snapshot(tuple(segments), tail, 0)

    def _due(self) -> list[Segment]:
        """Choose the segments to merge next; those first that would be merged anyway."""
        segments = self._snapshot.segments
        sources = self._policy.due(segments) or self._keeping.overdue()[:1]
        self._keeping.begin_merge()
        return sources

    def _merged(self, sources: list[Segment]) -> Segment:
        merged = merge(sources, self._policy)
        return self._keeping.stow(merged) if len(merged) else merged

    def _put_in_place(self, sources: list[Segment], merged: Segment, ended: list[Ids]) -> None:
        """Show *merged* instead of its sources, less what ended while it was made."""
        segments = [segment for segment in self._snapshot.segments if segment not in sources]
        if len(merged):
            for ids in ended:
                self._keeping.end(merged, merged.find(ids)[1])
            segments.append(merged)
        self._keeping.swap(segments)
        self._snapshot = replace(self._snapshot, segments=tuple(segments))


def warm_up() -> None:
    """Compile the index's loops, or load them from the cache, before the first request."""
    merge_loops.warm_up()
    signals = np.zeros((2, SIGNAL_BYTES), np.uint8)
    trial = Index(Policy(tail_rows=1, layouts=((2, NARROW),)))
    trial.add([1, 2], signals)
    trial.search(signals)
    trial.settle()
    trial.search(signals)
    trial.withdraw([1])
