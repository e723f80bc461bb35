"""Searching segments of keypoints, wherever they lie."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from takeback.hashing.keypoint_signals import KeypointLook, KeypointSignals
from takeback.matching.keypoints.guide import upload_of
from takeback.matching.keypoints.segment import KeypointSegment
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


class KeypointSearch(ABC):
    """An index that can be searched."""

    @abstractmethod
    def places(self) -> tuple[KeypointSegment, ...]:
        """Return the segments of which it consists now."""

    @abstractmethod
    def replacements(self) -> int:
        """Return how often pictures took the place of others of the same id."""

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
        """Find the entries that lie in one look at an upload; see ``search``.

        Looks again if pictures were replaced meanwhile: it may have come to the old ones after
        they ended, and before the new ones were shown.
        """
        while True:
            before = self.replacements()
            found = search_places(self.places(), look, limit, needed)
            if self.replacements() == before:
                return found


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
