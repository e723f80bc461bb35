"""The keypoint index: which registered pictures lie in an upload, whole or in part.

It knows ids and keypoint signals and nothing else: no bank, no case, no person.

It works like the exact index: writers take turns, searches take no lock. A writer prepares its
change and then puts a new ``Snapshot`` in place, which is one assignment, so a search sees an
addition whole or not at all, sees it if it was acknowledged before the search began, and never
waits. Large segments are merged by a thread of their own. It lies in memory, or in a directory
that other processes follow.

Unlike the index of whole-picture signals it may miss: ``docs/decisions/0029`` says how much less it
finds than comparing everything with everything would, and what an upload can make it drop.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike

from takeback.hashing.keypoint_signals import KeypointLook, KeypointSignals, KeypointView
from takeback.hashing.place import EVERYWHERE
from takeback.matching.disk.tending import Tending
from takeback.matching.exact.index import whole_numbers
from takeback.matching.exact.segment import Ids, Positions
from takeback.matching.keypoints import directory as on_disk
from takeback.matching.keypoints.directory import OnDisk
from takeback.matching.keypoints.keeping import Change, InMemory, Keeping
from takeback.matching.keypoints.policy import KeypointPolicy
from takeback.matching.keypoints.rows import KeypointRows, joined, rows_of
from takeback.matching.keypoints.search import (
    KeypointMatch,
    KeypointSearch,
)
from takeback.matching.keypoints.segment import (
    KeypointSegment,
    in_order,
    merged,
    segment_of,
)
from takeback.matching.merger import Merger, Merging

__all__ = [
    "FollowedKeypointIndex",
    "KeypointIndex",
    "KeypointMatch",
    "KeypointPolicy",
    "build",
    "warm_up",
]

NO_IDS: Final[Ids] = np.empty(0, np.int64)

MOST_SECONDS_UNTENDED: Final = 600.0

Place = tuple[KeypointSegment, Positions]
"""Pictures of one segment."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All that a search looks at."""

    tail: KeypointSegment
    """The newest pictures, without tables."""

    segments: tuple[KeypointSegment, ...]


DEFAULT_POLICY: Final = KeypointPolicy()


class KeypointIndex(KeypointSearch):
    """A set of entries, each an id and a picture's keypoints. Safe to share by threads.

    An entry can be found once ``add`` has returned and cannot once ``withdraw`` has; in memory its
    signals are then overwritten too.

    Args:
        policy: sizes at which the index changes its ways; for experiments.
        keeping: where it is kept; see ``open``.
    """

    def __init__(
        self, policy: KeypointPolicy = DEFAULT_POLICY, keeping: Keeping | None = None
    ) -> None:
        self._policy = policy
        self._keeping = keeping or InMemory(policy.tail_rows)
        self._snapshot = Snapshot(self._keeping.tail.shown(), self._keeping.segments)
        self._writing = threading.Lock()
        merging = Merging(self._due, self._merged, self._put_in_place)
        tidying = self._keeping.tidying(self._writing)
        self._merger = Merger("keypoint-merge", self._writing, merging, tidying)
        self._tending: Tending | None = None

    @classmethod
    def open(cls, directory: Path, policy: KeypointPolicy = DEFAULT_POLICY) -> Self:
        """Open the index in a directory, or make one, as the only process that writes it.

        A change is on the disk when the call that makes it returns. What ended leaves the disk
        when its segment is rewritten, after ``KeypointPolicy.erase_after`` at latest.

        Raises:
            Conflict: another process writes it, or it is another kind of index.
            IntegrityFailure: something in it is damaged.
            NotReady: the disk is full.
        """
        index = cls(policy, OnDisk.open(directory, policy.tail_rows, policy.erase_after))
        seconds = min(policy.erase_after / 4, MOST_SECONDS_UNTENDED)
        index._tending = Tending(index.tend, seconds)
        index.tend()
        return index

    def __len__(self) -> int:
        with self._writing:
            return sum(segment.lasting for segment in self.places())

    def __contains__(self, entry_id: int) -> bool:
        with self._writing:
            return bool(_find(self.places(), np.array([entry_id], np.int64)))

    @property
    def mark(self) -> int:
        """Return the mark of the last change, 0 at first."""
        return self._keeping.mark

    def add(self, ids: ArrayLike, pictures: Sequence[KeypointSignals]) -> None:
        """Add entries. One whose id is there already gets the new keypoints in place of the old.

        A search sees either all entries of the call or none.

        Args:
            ids: shape (n,), whole numbers that fit int64, each at most once.
            pictures: what is registered of each; one without keypoints is never found.

        Raises:
            ValueError: *ids* are not n different whole numbers.
        """
        self.add_rows(ids, rows_of(pictures))

    def add_rows(self, ids: ArrayLike, rows: KeypointRows) -> None:
        """Add many entries at once; as ``add``. *rows* belong to the index from now on."""
        numbers, rows = in_order_once(ids, rows)
        if len(numbers):
            self._change(Change(NO_IDS, numbers, rows, self.mark))

    def withdraw(self, ids: ArrayLike) -> None:
        """Withdraw entries; ids that are not there are left alone.

        In memory, what they replaced is overwritten too.

        Raises:
            ValueError: *ids* are not whole numbers, shape (n,).
        """
        self._change(Change(np.unique(whole_numbers(ids)), NO_IDS, rows_of([]), self.mark))

    def change(
        self,
        gone: ArrayLike,
        ids: ArrayLike,
        pictures: Sequence[KeypointSignals],
        mark: int = 0,
    ) -> None:
        """Withdraw entries and add others, in one step.

        Args:
            gone: as for ``withdraw``.
            ids: as for ``add``.
            pictures: as for ``add``.
            mark: what the caller calls this change; the index remembers that of the last one.

        Raises:
            ValueError: as for ``withdraw`` and ``add``.
            NotReady: the disk is full; nothing has changed.
            Conflict: the index was closed.
        """
        numbers, rows = in_order_once(ids, rows_of(pictures))
        self._change(Change(np.unique(whole_numbers(gone)), numbers, rows, mark))

    def settle(self) -> None:
        """Wait until no merge is due. Answers are the same before and after, only sooner after."""
        self._merger.settle()

    def tend(self) -> None:
        """Do what is due by now; an open index does so every ten minutes by itself."""
        with self._writing:
            if self._keeping.must_flush():
                nothing = Change(NO_IDS, NO_IDS, rows_of([]), self.mark)
                self._keeping.flush(self._sealed(nothing, None), nothing)
                self._show()
            self._merger.run_if_due()

    def close(self) -> None:
        """Let go of the directory; who follows it goes on. An index in memory stays as it is."""
        if self._tending:
            self._tending.close()
        self._merger.stop()
        with self._writing:
            self._keeping.close()

    def places(self) -> tuple[KeypointSegment, ...]:
        """Return the segments of which it consists now."""
        snapshot = self._snapshot
        return (snapshot.tail, *snapshot.segments)

    def replacements(self) -> int:
        """Return how often pictures took the place of others of the same id."""
        return self._keeping.replacements

    def _change(self, change: Change) -> None:
        """Make a change, unless it changes nothing."""
        large = len(change.rows.words) > self._policy.tail_rows
        segment = self._segment(change.ids, change.rows) if large else None
        with self._writing:
            gone = _find(self.places(), np.setdiff1d(change.gone, change.ids))
            ended = np.concatenate([NO_IDS, *(place.ids[at] for place, at in gone)])
            kept = change._replace(gone=np.sort(ended), mark=max(change.mark, self.mark))
            if len(ended) or len(change.ids) or kept.mark != self.mark:
                self._make(kept, segment, gone)
            self._keeping.forget(change.gone)
            self._merger.run_if_due()

    def _make(self, change: Change, segment: KeypointSegment | None, gone: list[Place]) -> None:
        """Show what comes, then end what leaves: an id that is replaced is found all the while."""
        replaced, tail = _find(self.places(), change.ids), self._keeping.tail
        if segment or self._keeping.must_flush() or not tail.has_room(change.rows):
            self._keeping.flush(self._sealed(change, segment), change)
        else:
            self._keeping.append(change)
        self._show()
        if replaced:
            self._keeping.show_replacing()
        for place, positions in (old := [*replaced, *gone]):
            self._merger.note(np.sort(place.ids[positions]))
        sealed = tail is not self._keeping.tail
        self._end([each for each in old if each[0].tabled or not sealed])
        self._keeping.show_mark(change.mark)

    def _show(self) -> None:
        """Let searches see what is kept now."""
        self._snapshot = Snapshot(self._keeping.tail.shown(), self._keeping.segments)

    def _end(self, places: Iterable[Place]) -> None:
        for segment, positions in places:
            self._keeping.end(segment, positions)

    def _sealed(self, change: Change, large: KeypointSegment | None) -> list[KeypointSegment]:
        """Make segments of what lasts in the tail and of what comes."""
        tail = self._snapshot.tail
        kept = tail.remaining()
        kept = kept[~np.isin(tail.ids[kept], np.union1d(change.gone, change.ids))]
        ids, rows = in_order(tail.ids[kept], tail.rows.take(kept))
        if large is None:
            ids = np.concatenate([ids, change.ids])
            ids, rows = in_order(ids, joined([rows, change.rows]))
        sealed = [self._segment(ids, rows)] if len(ids) else []
        return [*sealed, large] if large else sealed

    def _segment(self, ids: Ids, rows: KeypointRows) -> KeypointSegment:
        return segment_of(ids, rows, self._policy.layouts)

    def _due(self) -> list[KeypointSegment]:
        """Choose the segments to merge next; those first that would be merged anyway."""
        sources = self._policy.due(self._snapshot.segments) or self._keeping.overdue()[:1]
        self._keeping.begin_merge()
        return sources

    def _merged(self, sources: list[KeypointSegment]) -> KeypointSegment:
        return self._keeping.stow(merged(sources, self._policy.layouts))

    def _put_in_place(
        self, sources: list[KeypointSegment], fresh: KeypointSegment, ended: list[Ids]
    ) -> None:
        """Show *fresh* instead of its sources, less what ended while it was made."""
        if len(fresh.ids):
            self._end([(fresh, fresh.find(ids)[1]) for ids in ended])
        self._keeping.swap(sources, fresh if len(fresh.ids) else None)
        self._show()
        for ids in ended:
            self._keeping.forget(ids)


class FollowedKeypointIndex(KeypointSearch):
    """The keypoint index in a directory that another process writes. Safe to share by threads.

    A search sees every change that was made before it began.
    """

    def __init__(self, directory: Path, *, noting: bool = True) -> None:
        self._directory, self._noting = directory, noting
        self._follower = on_disk.followed(directory, noting=noting)

    def __reduce__(self) -> tuple[partial["FollowedKeypointIndex"], tuple[Path]]:
        return partial(FollowedKeypointIndex, noting=self._noting), (self._directory,)

    @classmethod
    def open(cls, directory: Path, *, noting: bool = True) -> Self:
        """Open the index in a directory for reading.

        Args:
            directory: the index's own.
            noting: whether what is verified is noted there; else nothing is written.

        Raises:
            NotReady: there is nothing whole there yet.
            IntegrityFailure: something in it is damaged.
            Conflict: it is another kind of index.
        """
        return cls(directory, noting=noting)

    def __len__(self) -> int:
        return sum(segment.lasting for segment in self.places())

    def __contains__(self, entry_id: int) -> bool:
        return bool(_find(self.places(), np.array([entry_id], np.int64)))

    @property
    def mark(self) -> int:
        """Return the mark of the last change."""
        return self._follower.mark

    def refresh(self) -> None:
        """Let go of files that were replaced, as a search does.

        Raises:
            NotReady: the index is being made anew.
            IntegrityFailure: what the writer put there is damaged.
        """
        self._follower.view()

    def places(self) -> tuple[KeypointSegment, ...]:
        """Return the segments of which it consists now."""
        view = self._follower.view()
        return (view.tail.shown(), *view.places)

    def replacements(self) -> int:
        """Return how often pictures took the place of others of the same id."""
        return self._follower.replaced


def _find(places: Iterable[KeypointSegment], ids: Ids) -> list[Place]:
    """Return where pictures of *ids*, which ascend, are that have not ended."""
    found = ((segment, segment.find(ids)[1]) for segment in places)
    return [(segment, positions) for segment, positions in found if len(positions)]


def warm_up() -> None:
    """Compile the index's loops, or load them from the cache, before the first request."""
    random = np.random.default_rng(1)
    places = random.integers(0, (64, 64, 12, 24), (40, 4), np.uint8)
    picture = KeypointSignals(64, 64, random.integers(0, 256, (40, 32), np.uint8), places)
    trial = KeypointIndex(KeypointPolicy(tail_rows=40))
    look = KeypointLook("whole", EVERYWHERE, {KeypointView.PLAIN: picture})
    for ids in ([1], [2, 3], [4]):
        trial.add(ids, [picture] * len(ids))
        trial.search([look])
    trial.withdraw([2, 4])


def in_order_once(ids: ArrayLike, rows: KeypointRows) -> tuple[Ids, KeypointRows]:
    """Return entries in ascending order of their ids.

    Raises:
        ValueError: *ids* are not as many different whole numbers as there are pictures.
    """
    numbers = whole_numbers(ids)
    if len(numbers) != len(rows):
        raise ValueError("ids must be as many as the pictures")
    numbers, rows = in_order(numbers, rows)
    if bool((numbers[1:] == numbers[:-1]).any()):
        raise ValueError("ids must be different")
    return numbers, rows


def build(
    directory: Path,
    pieces: Iterable[tuple[ArrayLike, Sequence[KeypointSignals]]],
    policy: KeypointPolicy = DEFAULT_POLICY,
    mark: int = 0,
) -> None:
    """Make an index of *pieces* in a directory, in place of what is there.

    Who follows it goes on with what was there until all is built.

    Args:
        directory: made if need be.
        pieces: ids and keypoints as for ``add``; no id may come twice.
        policy: as for ``KeypointIndex``.
        mark: what the caller calls this state.

    Raises:
        Conflict: another process writes it.
        ValueError: ids are not different whole numbers.
        NotReady: the disk is full; what was there is there still.
    """
    every = (in_order_once(ids, rows_of(pictures)) for ids, pictures in pieces)
    on_disk.build(directory, every, policy, mark)
