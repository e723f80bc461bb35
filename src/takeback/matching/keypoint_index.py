"""The keypoint index: which registered pictures lie in an upload, whole or in part.

It knows ids and keypoint signals and nothing else: no bank, no case, no person.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from takeback.hashing.keypoint_signals import KeypointLook, KeypointSignals, KeypointView
from takeback.matching.voting import VOTES_NEEDED, Agreement, near_pairs, vote, within

DEFAULT_LIMIT: Final = 10


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


class KeypointIndex:
    """A set of entries, each an id and a picture's keypoints. Safe to share by threads."""

    def __init__(self) -> None:
        self._entries: Mapping[int, KeypointSignals] = {}
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, entry_id: int) -> bool:
        return entry_id in self._entries

    def add(self, ids: Sequence[int], pictures: Sequence[KeypointSignals]) -> None:
        """Add entries. One whose id is there already gets the new keypoints in place of the old.

        Raises:
            ValueError: *ids* are not as many different numbers as *pictures*.
        """
        added = dict(zip(ids, pictures, strict=True))
        if len(added) != len(ids):
            raise ValueError("ids must be different")
        with self._writing:
            self._entries = {**self._entries, **added}

    def withdraw(self, ids: Sequence[int]) -> None:
        """Withdraw entries; ids that are not there are left alone."""
        gone = set(ids)
        with self._writing:
            self._entries = {k: v for k, v in self._entries.items() if k not in gone}

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
        best: dict[int, KeypointMatch] = {}
        for look in looks:
            found = self.search_look(look, limit=limit, needed=needed)
            for match in found:
                known = best.get(match.id)
                if known is None or match.agreement.votes > known.agreement.votes:
                    best[match.id] = match
            if sure and any(sure(match) for match in found):
                break
        return sorted(best.values(), key=_best_first)[:limit]

    def search_look(
        self, look: KeypointLook, *, limit: int = DEFAULT_LIMIT, needed: int = VOTES_NEEDED
    ) -> list[KeypointMatch]:
        """Find the entries that lie in one look at an upload; see ``search``."""
        found = []
        for entry_id, registered in self._entries.items():
            matches = [
                KeypointMatch(
                    entry_id, within(look.place, agreement, signals), look.look, registered, signals
                )
                for view, signals in look.views.items()
                if (agreement := _agreement(registered, signals, view, needed))
            ]
            if matches:
                found.append(min(matches, key=_best_first))
        return sorted(found, key=_best_first)[:limit]

    def settle(self) -> None:
        """Wait until no merge is due. Answers are the same before and after, only sooner after."""


def _agreement(
    registered: KeypointSignals, signals: KeypointSignals, view: KeypointView, needed: int
) -> Agreement | None:
    return vote(registered, signals, near_pairs(registered, signals), view, needed)


def _best_first(match: KeypointMatch) -> tuple[int, int]:
    return -match.agreement.votes, match.id
