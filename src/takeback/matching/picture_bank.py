"""A bank in memory: register pictures and videos, match uploads, see why.

For whoever wants to try Takeback on pictures of their own before running a hub and a matcher:
the same indexes, the same rule and the same settings, keypoint signals on. Public and stable:
``PictureBank`` and ``Match``.
"""

import threading
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from takeback.hashing.arrays import signals_to_array
from takeback.hashing.picture import PictureSignals
from takeback.hashing.signal_types import SignalType
from takeback.hashing.video_signals import VideoSignals
from takeback.matching.evidence import Evidence, Ground, Quad
from takeback.matching.lookup.found import Found
from takeback.matching.lookup.indexes import Indexes
from takeback.matching.lookup.pictures import PictureSearch
from takeback.matching.lookup.videos import VideoSearch

EntryId = TypeVar("EntryId", bound=Hashable)

DEFAULT_LIMIT: Final = 10

EVERY: Final = 1_000
"""Rows asked of the indexes: several of one entry may match."""


@dataclass(frozen=True, slots=True)
class Match(Generic[EntryId]):
    """An upload shows, in whole or part, what was registered. Evidence, not a verdict."""

    entry_id: EntryId
    evidence: Evidence

    @property
    def ground(self) -> Ground:
        """What the match rests on."""
        return self.evidence.ground

    @property
    def score(self) -> float:
        """How sure, see ``Evidence.score``."""
        return self.evidence.score

    @property
    def place(self) -> Quad | None:
        """Where in the upload the registered picture lies, see ``Evidence.place``."""
        return self.evidence.place


@dataclass(frozen=True, slots=True)
class Row(Generic[EntryId]):
    """What one number in the indexes stands for."""

    entry_id: EntryId
    view: str

    @property
    def vouched(self) -> bool:
        """Whoever fills a bank of their own knows what is in it."""
        return True


class PictureBank(Generic[EntryId]):
    """Registered pictures and videos by ids of the caller's own; safe to share by threads.

    What is registered can be found once ``register`` has returned, and cannot once ``withdraw``
    has. Nothing is written to disk, and nothing but signals is kept.
    """

    def __init__(self) -> None:
        self._indexes = Indexes()
        self._pictures: PictureSearch[Row[EntryId]] = PictureSearch(self._indexes, self)
        self._videos: VideoSearch[Row[EntryId]] = VideoSearch(self._indexes, self)
        self._rows: dict[int, Row[EntryId]] = {}
        self._numbers: dict[EntryId, list[int]] = {}
        self._next = 0
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, entry_id: object) -> bool:
        return entry_id in self._numbers

    def register(self, entry_id: EntryId, signals: PictureSignals | VideoSignals) -> None:
        """Register a picture or video; it takes the place of what has the same id.

        Args:
            entry_id: what ``match`` answers; anything that can be the key of a dictionary.
            signals: of ``hash_picture`` or ``hash_video`` with ``role="reporter"``.

        Raises:
            QualityTooLow: it shows too little to be told apart from others; nothing changed.
        """
        signals.check_detail()
        with self._writing:
            self._withdraw(entry_id)
            if isinstance(signals, VideoSignals):
                self._add(entry_id, SignalType.VIDEO, ["whole"], [signals])
            else:
                self._add_picture(entry_id, signals)

    def withdraw(self, entry_id: EntryId) -> None:
        """Withdraw what was registered; an id that is not there is left alone."""
        with self._writing:
            self._withdraw(entry_id)

    def match(
        self, signals: PictureSignals | VideoSignals, limit: int = DEFAULT_LIMIT
    ) -> list[Match[EntryId]]:
        """Tell which registered pictures and videos an upload shows, surest first.

        Looks no further than it must: at a picture whole, then in other views, then by its
        keypoints; at a video by its frames in order, then at each as a picture.

        Args:
            signals: of ``hash_picture`` or ``hash_video`` with ``role="query"``.
            limit: most matches, one for each entry.
        """
        if isinstance(signals, VideoSignals):
            found = self._videos.video(signals, EVERY)
        else:
            found = self._pictures.picture(signals, EVERY)
        return _surest(found)[:limit]

    def held(self, numbers: Sequence[int], /) -> Mapping[int, Row[EntryId]]:
        """Return what rows of the indexes stand for; one that was withdrawn is left out."""
        known = ((number, self._rows.get(number)) for number in numbers)
        return {number: row for number, row in known if row is not None}

    def vouched(self, numbers: Sequence[int], /) -> Sequence[int]:
        """Return those whose entry is vouched for."""
        return [number for number, row in self.held(numbers).items() if row.vouched]

    def _add_picture(self, entry_id: EntryId, signals: PictureSignals) -> None:
        if not signals.keypoints_alone:
            self._add_views(entry_id, signals)
        for look in signals.keypoints:
            self._add(entry_id, SignalType.KEYPOINTS, [look.look], [look.plain])

    def _add_views(self, entry_id: EntryId, signals: PictureSignals) -> None:
        views = ["whole", *(view.view for view in signals.views)]
        first = [signals.whole, *(view.dihedral[0] for view in signals.views)]
        self._add(entry_id, SignalType.PDQ, views, signals_to_array(first))

    def _add(self, entry_id: EntryId, kind: SignalType, views: Sequence[str], rows: Any) -> None:  # noqa: ANN401 - as each index takes them
        numbers = list(range(self._next, self._next + len(views)))
        self._next += len(views)
        self._numbers.setdefault(entry_id, []).extend(numbers)
        self._rows.update(
            (number, Row(entry_id, view)) for number, view in zip(numbers, views, strict=True)
        )
        self._indexes.by_type[kind].add(numbers, rows)

    def _withdraw(self, entry_id: EntryId) -> None:
        numbers = self._numbers.pop(entry_id, [])
        for number in numbers:
            del self._rows[number]
        self._indexes.withdraw(numbers)


def _surest(found: Found[Row[EntryId]]) -> list[Match[EntryId]]:
    """Return the surest match of each entry."""
    first: dict[EntryId, Match[EntryId]] = {}
    for row, evidence in found.matches:
        first.setdefault(row.entry_id, Match(row.entry_id, evidence))
    return list(first.values())
