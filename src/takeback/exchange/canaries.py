"""Canaries among the entries: they come, match and go as ordinary entries do.

Each platform receives only its own. Whoever looks one up, whoever it was planted at, gets an
ordinary match, so that nobody can sort canaries from entries by asking; accounts note it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from takeback.accounts.service import Platforms
from takeback.db import Database
from takeback.exchange.model import CanaryPlace, Disguise
from takeback.exchange.store import PlaceStore
from takeback.hashing.signal import MATCH_DISTANCE
from takeback.hashing.signal_types import SignalType
from takeback.ids import EntryId, PlatformId
from takeback.matching.model import Change, Near, SharedRecord
from takeback.matching.service import Bank


@dataclass(frozen=True, slots=True)
class Disguises:
    """Canaries as one platform meets them."""

    db: Database
    bank: Bank
    platforms: Platforms

    def adopt(self, platform_id: PlatformId) -> None:
        """Give each canary whose time has come a place in what the platform receives."""
        if not self._new(platform_id):
            return
        with self.db.transaction():
            places = [
                CanaryPlace(each.canary.id, platform_id, stamp.seq, stamp.at)
                for each in self._new(platform_id)
                for stamp in (self.bank.stamp(),)
            ]
            PlaceStore(self.db).put(places)

    def changes(self, platform_id: PlatformId, after: int, to_seq: int) -> list[Change]:
        """Return the platform's canaries between two places of its feed, as changes."""
        return [
            Change(
                entry_id=each.entry_id,
                seq=place.seq,
                active=not place.gone,
                bank=each.bank,
                content=each.canary.signal,
                quality=each.canary.quality,
                view=each.view,
                vouched=each.vouched,
                type=each.type,
            )
            for place, each in self._received(platform_id)
            if after < place.seq <= to_seq
        ]

    def shared(self, platform_id: PlatformId, after: int) -> list[SharedRecord]:
        """Return the platform's canaries after a place, as a partner receives them: PDQ alone."""
        return [
            SharedRecord(
                entry_id=each.entry_id,
                seq=place.seq,
                at=place.at,
                active=not place.gone,
                content=each.canary.signal,
                vouched=each.vouched,
                type=each.type,
            )
            for place, each in self._received(platform_id)
            if place.seq > after and each.type is SignalType.PDQ
        ]

    def near(self, signals: NDArray[np.uint8], platform_id: PlatformId) -> list[list[Near]]:
        """Return the canaries near each looked-up signal, as ordinary matches.

        Args:
            signals: shape (n, 32), uint8.
            platform_id: who asks; what it called not intimate is kept back from it.
        """
        gone = {place.canary_id for place in self._places(platform_id) if place.gone}
        found: list[list[Near]] = [[] for _ in signals]
        for each in self._all():
            if each.type is SignalType.PDQ and each.canary.id not in gone:
                distances = _distances(signals, each.canary.signal)
                for query in np.flatnonzero(distances <= MATCH_DISTANCE).tolist():
                    found[query].append(_match(each, int(distances[query])))
        return found

    def holding(self, signal: bytes, banks: Collection[str]) -> list[EntryId]:
        """Return the entries of canaries of exactly this signal, whoever they were planted at."""
        same = [each for each in self._all() if each.canary.signal == signal]
        return [each.entry_id for each in same if each.bank in banks]

    def is_kept_back(self, canary_id: int, platform_id: PlatformId) -> bool:
        """Whether the platform called this canary not intimate and did not change its mind."""
        places = self._places(platform_id)
        return any(place.gone for place in places if place.canary_id == canary_id)

    def keep_back(self, canary_id: int, platform_id: PlatformId, gone: bool) -> None:
        """Keep a canary back from a platform that called it not intimate, or bring it back."""
        stamp = self.bank.stamp()
        place = CanaryPlace(canary_id, platform_id, stamp.seq, stamp.at, gone)
        PlaceStore(self.db).put([place])

    def _received(self, platform_id: PlatformId) -> list[tuple[CanaryPlace, Disguise]]:
        own = {each.canary.id: each for each in self._own(platform_id)}
        places = self._places(platform_id)
        return [(place, own[place.canary_id]) for place in places if place.canary_id in own]

    def _new(self, platform_id: PlatformId) -> list[Disguise]:
        known, now = {place.canary_id for place in self._places(platform_id)}, self.bank.now()
        return [
            each
            for each in self._own(platform_id)
            if each.canary.id not in known and each.canary.appears_at <= now
        ]

    def _own(self, platform_id: PlatformId) -> list[Disguise]:
        return [each for each in self._all() if each.canary.platform_id == platform_id]

    def _all(self) -> list[Disguise]:
        return [Disguise(canary) for canary in self.platforms.canaries()]

    def _places(self, platform_id: PlatformId) -> Sequence[CanaryPlace]:
        with self.db.reading():
            return PlaceStore(self.db).places(platform_id)


def _distances(signals: NDArray[np.uint8], signal: bytes) -> NDArray[np.int64]:
    differing = np.bitwise_count(signals ^ np.frombuffer(signal, np.uint8))
    return np.asarray(differing.sum(axis=1, dtype=np.int64))


def _match(canary: Disguise, distance: int) -> Near:
    return Near(canary.entry_id, distance, canary.bank, canary.view, canary.vouched)
