"""The keypoint index: which registered pictures lie in an upload, whole or in part.

It knows ids and keypoint signals and nothing else: no bank, no case, no person.

It works like ``index.py``: writers take turns, searches take no lock. A writer prepares its
change and then puts a new ``Snapshot`` in place, which is one assignment, so a search sees a
change whole or not at all, sees it if the change was acknowledged before the search began, and
never waits. Large segments are merged by a thread of their own.

Unlike the index of whole-picture signals it may miss: ``docs/decisions/0029`` says how much less it
finds than comparing everything with everything would, and what an upload can make it drop.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from takeback.hashing.keypoint_signals import KeypointLook, KeypointSignals, KeypointView
from takeback.hashing.place import EVERYWHERE
from takeback.matching.exact.index import whole_numbers
from takeback.matching.exact.merge import run_of_small
from takeback.matching.exact.segment import Ids, Positions
from takeback.matching.keypoints.guide import upload_of
from takeback.matching.keypoints.rows import KeypointRows, joined, rows_of
from takeback.matching.keypoints.segment import (
    KeypointSegment,
    in_order,
    merged,
    segment_of,
)
from takeback.matching.keypoints.tables import LAYOUTS, Layouts
from takeback.matching.keypoints.tail import KeypointTail
from takeback.matching.keypoints.voting import VOTES_NEEDED, Agreement, near_pairs, vote, within

DEFAULT_LIMIT: Final = 10

MOST_VOTED: Final = 4
"""For how many times the limit of candidates a full vote is held, those of most places first."""


@dataclass(frozen=True, slots=True, eq=False)
class KeypointMatch:
    """A registered picture, or part of it, that lies in an upload."""

    id: int
    """The entry's."""

    agreement: Agreement
    """What agrees; its place is in shares of the whole upload, its pairs number keypoints of
    ``registered`` and ``looked_up``."""

    look: str
    """Name of the look at the upload in which it was found."""

    registered: KeypointSignals
    """All of the entry's keypoints."""

    looked_up: KeypointSignals
    """All of the upload's, in the look and view in which it was found."""


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


class KeypointIndex:
    """A set of entries, each an id and a picture's keypoints. Safe to share by threads.

    An entry can be found once ``add`` has returned and cannot once ``withdraw`` has; its signals
    are then overwritten in memory too.

    Args:
        policy: sizes at which the index changes its ways; for experiments.
    """

    def __init__(self, policy: KeypointPolicy = DEFAULT_POLICY) -> None:
        self._policy = policy
        self._tail = KeypointTail.of_size(policy.tail_rows)
        self._snapshot = Snapshot(self._tail.shown(), ())
        self._writing = threading.Lock()
        self._merger: threading.Thread | None = None
        self._ended_during_merge: list[Ids] = []

    def __len__(self) -> int:
        with self._writing:
            return sum(segment.lasting for segment in self.places())

    def __contains__(self, entry_id: int) -> bool:
        wanted = np.array([entry_id], np.int64)
        with self._writing:
            return any(len(segment.find(wanted)[0]) for segment in self.places())

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
        numbers, rows = entries(ids, rows)
        if not len(numbers):
            return
        large = len(rows.words) > self._policy.tail_rows
        segment = segment_of(numbers, rows, self._policy.layouts) if large else None
        with self._writing:
            replaced = self._find(numbers)
            self._put(numbers, rows, segment, replaced=bool(replaced))
            self._end(replaced)
            self._merge_if_due()

    def withdraw(self, ids: ArrayLike) -> None:
        """Withdraw entries; ids that are not there are left alone.

        What they replaced is overwritten too.

        Raises:
            ValueError: *ids* are not whole numbers, shape (n,).
        """
        numbers = np.unique(whole_numbers(ids))
        with self._writing:
            self._end(self._find(numbers))
            for segment in self.places():
                _, positions = segment.held(numbers)
                segment.overwrite(positions)
            self._merge_if_due()

    def search(
        self,
        looks: Sequence[KeypointLook],
        *,
        limit: int = DEFAULT_LIMIT,
        needed: int = VOTES_NEEDED,
        sure: Callable[[KeypointMatch], bool] | None = None,
    ) -> list[KeypointMatch]:
        """Find the entries that lie in the upload, most votes first, then by id.

        Args:
            looks: at one upload, in the order in which they are searched.
            limit: most entries that are answered.
            needed: fewest votes.
            sure: tells of a match that no further look is needed; without it all are searched.

        Returns:
            At most *limit* matches, the best of each id.
        """
        found: list[KeypointMatch] = []
        for look in looks:
            fresh = self.search_look(look, limit=limit, needed=needed)
            found += fresh
            if sure and any(map(sure, fresh)):
                break
        return best_of_each(found)[:limit]

    def search_look(
        self, look: KeypointLook, *, limit: int = DEFAULT_LIMIT, needed: int = VOTES_NEEDED
    ) -> list[KeypointMatch]:
        """Find the entries that lie in one look at an upload; see ``search``."""
        while True:
            snapshot = self._snapshot
            found = search_places((snapshot.tail, *snapshot.segments), look, limit, needed)
            if snapshot.replaced == self._snapshot.replaced:
                return found

    def settle(self) -> None:
        """Wait until no merge is due. Answers are the same before and after, only sooner after."""
        while (merger := self._merger) is not None and merger.is_alive():
            merger.join()

    def places(self) -> tuple[KeypointSegment, ...]:
        """Return the segments of which it consists, for measurements."""
        return (self._snapshot.tail, *self._snapshot.segments)

    def _find(self, ids: Ids) -> list[tuple[KeypointSegment, Positions]]:
        """Return where pictures of *ids*, which ascend, are that have not ended."""
        found = ((segment, segment.find(ids)[1]) for segment in self.places())
        return [(segment, positions) for segment, positions in found if len(positions)]

    def _end(self, places: Iterable[tuple[KeypointSegment, Positions]]) -> None:
        """End pictures wherever they are."""
        for segment, positions in places:
            segment.end(positions)
            if self._is_merging():
                self._ended_during_merge.append(np.sort(segment.ids[positions]))

    def _put(
        self, ids: Ids, rows: KeypointRows, segment: KeypointSegment | None, *, replaced: bool
    ) -> None:
        """Show new pictures in a segment, or behind those of the tail."""
        segments, count = self._snapshot.segments, self._snapshot.replaced + replaced
        if segment is None and self._tail.has_room(rows):
            self._tail.append(ids, rows)
        else:
            segments = (*segments, segment or self._sealed(ids, rows))
        self._snapshot = Snapshot(self._tail.shown(), segments, count)

    def _sealed(self, ids: Ids, rows: KeypointRows) -> KeypointSegment:
        """Make a segment of the tail and of what no longer fits there, and begin a new tail."""
        tail = self._snapshot.tail
        kept = tail.remaining()
        kept = kept[~np.isin(tail.ids[kept], ids)]
        ids, rows = in_order(
            np.concatenate([tail.ids[kept], ids]), joined([tail.rows.take(kept), rows])
        )
        self._tail = KeypointTail.of_size(self._policy.tail_rows)
        return segment_of(ids, rows, self._policy.layouts)

    def _merge_if_due(self) -> None:
        if not self._is_merging() and self._policy.due(self._snapshot.segments):
            merger = threading.Thread(target=self._merge_all, name="keypoint-merge", daemon=True)
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
        segment = merged(sources, self._policy.layouts)
        with self._writing:
            self._put_in_place(sources, segment)
        return True

    def _put_in_place(self, sources: list[KeypointSegment], fresh: KeypointSegment) -> None:
        """Show *fresh* instead of its sources, less what ended while it was made."""
        segments = [segment for segment in self._snapshot.segments if segment not in sources]
        for ids in self._ended_during_merge:
            _, positions = fresh.find(ids)
            fresh.end(positions)
            fresh.overwrite(positions)
        if len(fresh.ids):
            segments.append(fresh)
        self._snapshot = replace(self._snapshot, segments=tuple(segments))


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


def entries(ids: ArrayLike, rows: KeypointRows) -> tuple[Ids, KeypointRows]:
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


def search_places(
    places: Iterable[KeypointSegment], look: KeypointLook, limit: int, needed: int
) -> list[KeypointMatch]:
    """Find the entries of some segments that lie in one look at an upload."""
    upload = upload_of(look.views.values())
    candidates: list[tuple[int, KeypointSegment, int, int]] = []
    for segment in places:
        found = segment.search(upload, needed)
        rows = zip(*(column.tolist() for column in found), strict=True)
        candidates += [(votes, segment, picture, view) for picture, view, votes in rows]
    candidates.sort(key=lambda candidate: -candidate[0])
    voted = (
        _match(look, segment, picture, view, needed)
        for _, segment, picture, view in candidates[: MOST_VOTED * limit]
    )
    return best_of_each(match for match in voted if match)[:limit]


def _match(
    look: KeypointLook, segment: KeypointSegment, picture: int, view: int, needed: int
) -> KeypointMatch | None:
    """Hold the full vote over one candidate."""
    name, looked_up = list(look.views.items())[view]
    registered = segment.rows.picture(picture)
    pairs = near_pairs(registered, looked_up)
    agreement = vote(registered, looked_up, pairs, name, needed)
    if agreement is None:
        return None
    placed = within(look.place, agreement, looked_up)
    return KeypointMatch(int(segment.ids[picture]), placed, look.look, registered, looked_up)


def best_of_each(matches: Iterable[KeypointMatch]) -> list[KeypointMatch]:
    """Return the match of most votes of each id, in order."""
    best: dict[int, KeypointMatch] = {}
    for match in sorted(matches, key=lambda match: (-match.agreement.votes, match.id)):
        best.setdefault(match.id, match)
    return list(best.values())
