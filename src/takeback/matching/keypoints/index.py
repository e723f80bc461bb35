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
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike

from takeback.hashing.keypoint_signals import KeypointLook, KeypointSignals, KeypointView
from takeback.hashing.place import EVERYWHERE
from takeback.matching.exact.index import whole_numbers
from takeback.matching.exact.merge import run_of_small
from takeback.matching.exact.segment import Ids, Positions
from takeback.matching.keypoints.directory import Followed, InDirectory, followed
from takeback.matching.keypoints.home import Change, Home, InMemory
from takeback.matching.keypoints.rows import KeypointRows, joined, rows_of
from takeback.matching.keypoints.search import (
    DEFAULT_LIMIT,
    KeypointMatch,
    KeypointSearch,
    search_places,
)
from takeback.matching.keypoints.segment import (
    KeypointSegment,
    in_order,
    merged,
    segment_of,
)
from takeback.matching.keypoints.tables import LAYOUTS, Layouts
from takeback.matching.keypoints.voting import VOTES_NEEDED
from takeback.matching.merger import Merger, Merging

__all__ = [
    "FollowedKeypointIndex",
    "KeypointIndex",
    "KeypointMatch",
    "KeypointPolicy",
    "warm_up",
]

NO_IDS: Final[Ids] = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class KeypointPolicy:
    """Sizes at which a keypoint index changes its ways; the defaults are measured."""

    tail_rows: int = 1280
    """Rows of the segment that is compared as a whole, and copied with each addition."""

    ratio: int = 8
    """A segment is merged with a run of smaller ones once they hold one in so many of its pictures.
    Every search costs half a millisecond for each segment, every merge rewrites it."""

    most_ended: float = 0.25
    """A segment with a larger share of ended pictures is rewritten without them."""

    erase_after: float = 24 * 3600.0
    """Seconds after which what has ended is to leave the disk, at latest."""

    layouts: Layouts = LAYOUTS
    """From how many rows on which layout is used, largest first."""

    def due(self, segments: Sequence[KeypointSegment]) -> list[KeypointSegment]:
        """Choose the segments to merge next; none if the index is settled."""
        if len(run := run_of_small(segments, self.ratio)) > 1:
            return run
        return next(([segment] for segment in segments if self._is_outdated(segment)), [])

    def _is_outdated(self, segment: KeypointSegment) -> bool:
        return len(segment.ids) - segment.lasting > self.most_ended * len(segment.ids)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All that a search looks at."""

    tail: KeypointSegment
    """The newest pictures, without tables."""

    segments: tuple[KeypointSegment, ...]
    replaced: int = 0
    """How often pictures took the place of others so far: who looked for the old ones while that
    happened looks again."""


DEFAULT_POLICY: Final = KeypointPolicy()


class KeypointIndex(KeypointSearch):
    """A set of entries, each an id and a picture's keypoints. Safe to share by threads.

    An entry can be found once ``add`` has returned and cannot once ``withdraw`` has; in memory its
    signals are then overwritten too.

    Args:
        policy: sizes at which the index changes its ways; for experiments.
        home: where it is kept; see ``open``.
    """

    def __init__(self, policy: KeypointPolicy = DEFAULT_POLICY, home: Home | None = None) -> None:
        self._policy = policy
        self._home = home or InMemory(policy.tail_rows)
        self._snapshot = Snapshot(self._home.tail.shown(), self._home.segments)
        self._writing = threading.Lock()
        self._merger = Merger(
            "keypoint-merge",
            self._writing,
            Merging(self._due, self._merged, self._put_in_place),
            self._home.tidying(self._writing),
        )

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
        return cls(policy, InDirectory.open(directory, policy.tail_rows, policy.erase_after))

    @classmethod
    def renewed(cls, directory: Path, policy: KeypointPolicy = DEFAULT_POLICY) -> Self:
        """Begin an empty index in a directory, whatever lies there; otherwise as ``open``.

        Who follows it finds the new one by themselves.
        """
        return cls(policy, InDirectory.renewed(directory, policy.tail_rows, policy.erase_after))

    def __len__(self) -> int:
        with self._writing:
            return sum(segment.lasting for segment in self.places())

    def __contains__(self, entry_id: int) -> bool:
        with self._writing:
            return bool(_find(self.places(), np.array([entry_id], np.int64)))

    @property
    def mark(self) -> int:
        """Return the mark of the last change, 0 at first."""
        return self._home.mark

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

    def close(self) -> None:
        """Let go of the directory; who searches goes on. An index in memory stays as it is."""
        self.settle()
        with self._writing:
            self._home.close()

    def places(self) -> tuple[KeypointSegment, ...]:
        """Return the segments of which it consists, for measurements."""
        return (self._snapshot.tail, *self._snapshot.segments)

    def search_look(
        self, look: KeypointLook, *, limit: int = DEFAULT_LIMIT, needed: int = VOTES_NEEDED
    ) -> list[KeypointMatch]:
        """Find the entries that lie in one look at an upload; see ``search``."""
        while True:
            snapshot = self._snapshot
            found = search_places((snapshot.tail, *snapshot.segments), look, limit, needed)
            if snapshot.replaced == self._snapshot.replaced:
                return found

    def _change(self, change: Change) -> None:
        """Show what comes, then end what leaves: an id that is replaced is found all the while."""
        large = len(change.rows.words) > self._policy.tail_rows
        segment = self._segment(change.ids, change.rows) if large else None
        with self._writing:
            replaced = _find(self.places(), change.ids)
            gone = _find(self.places(), np.setdiff1d(change.gone, change.ids))
            sealed = segment is not None or not self._home.has_room(change.rows)
            if sealed:
                self._home.swap(self._sealed(change, segment), change)
            else:
                self._home.append(change)
            self._show(replaced=bool(replaced))
            self._end([*replaced, *gone], sealed=sealed)
            self._home.forget(change.gone)
            self._home.show(change.mark)
            self._merger.run_if_due()

    def _show(self, *, replaced: bool = False) -> None:
        """Let searches see what is at home now."""
        count = self._snapshot.replaced + replaced
        self._snapshot = Snapshot(self._home.tail.shown(), self._home.segments, count)

    def _end(self, places: Iterable[tuple[KeypointSegment, Positions]], *, sealed: bool) -> None:
        """End pictures wherever they are, but in a tail that was sealed without them."""
        for segment, positions in places:
            self._merger.note(np.sort(segment.ids[positions]))
            if segment.tabled or not sealed:
                self._home.end(segment, positions)

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
        """Choose what to merge; the merge contains every change so far."""
        overdue = self._home.begin_merge()
        return self._policy.due(self._snapshot.segments) or overdue[:1]

    def _merged(self, sources: list[KeypointSegment]) -> KeypointSegment:
        return self._home.stow(merged(sources, self._policy.layouts))

    def _put_in_place(
        self, sources: list[KeypointSegment], fresh: KeypointSegment, ended: list[Ids]
    ) -> None:
        """Show *fresh* instead of its sources, less what ended while it was made."""
        for ids in ended:
            self._home.end(fresh, fresh.find(ids)[1])
        self._home.put(sources, fresh if len(fresh.ids) else None)
        self._show()
        for ids in ended:
            self._home.forget(ids)


class FollowedKeypointIndex(KeypointSearch):
    """The keypoint index in a directory that another process writes. Safe to share by threads.

    A search sees every change that was made before it began. Of an id that gets other keypoints
    while a search goes on it may see neither the old nor the new ones; ids are given but once.
    """

    def __init__(self, follower: Followed) -> None:
        self._follower = follower

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Open the index in a directory for reading.

        Raises:
            NotReady: there is nothing whole there yet.
            IntegrityFailure: something in it is damaged.
            Conflict: it is another kind of index.
        """
        return cls(followed(directory))

    def __len__(self) -> int:
        return sum(segment.lasting for segment in self.places())

    def __contains__(self, entry_id: int) -> bool:
        return bool(_find(self.places(), np.array([entry_id], np.int64)))

    @property
    def mark(self) -> int:
        """Return the mark of the last change."""
        return self._follower.mark

    def places(self) -> tuple[KeypointSegment, ...]:
        """Return the segments of which it consists, for measurements."""
        view = self._follower.view()
        return (view.tail.shown(), *view.places)

    def search_look(
        self, look: KeypointLook, *, limit: int = DEFAULT_LIMIT, needed: int = VOTES_NEEDED
    ) -> list[KeypointMatch]:
        """Find the entries that lie in one look at an upload; see ``search``."""
        return search_places(self.places(), look, limit, needed)


def _find(places: Iterable[KeypointSegment], ids: Ids) -> list[tuple[KeypointSegment, Positions]]:
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
