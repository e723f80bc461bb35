"""Look-up: what a platform's upload is near to. What it asked is neither stored nor logged."""

from collections.abc import Sequence
from dataclasses import dataclass

from takeback.accounts.model import Platform
from takeback.accounts.service import Platforms
from takeback.db import Database
from takeback.errors import NotAllowed
from takeback.exchange.canaries import Disguises
from takeback.exchange.numbers import Numbers
from takeback.exchange.wire import LookupAnswer, LookupRequest, LookupResult, Match
from takeback.hashing.arrays import signals_to_array
from takeback.hashing.signal import Signal
from takeback.hubkeys import HubKeys
from takeback.ids import PlatformId
from takeback.matching.model import Found, Near
from takeback.matching.paging import Reader
from takeback.matching.service import Bank


@dataclass(frozen=True, slots=True)
class Lookup:
    """Answers look-ups within a platform's quota, from the banks it may see."""

    db: Database
    bank: Bank
    platforms: Platforms
    keys: HubKeys

    def answer(self, platform_id: PlatformId, request: LookupRequest) -> LookupAnswer:
        """Return the matches of each signal, nearest first.

        Raises:
            QuotaSpent: the platform has asked enough today.
            MalformedSignal: a signal is none; nothing was spent.
            NotAllowed: the platform was retired.
        """
        asked = signals_to_array(Signal.parse(text) for text in request.signals)
        self.platforms.spend(platform_id, len(asked))
        self.platforms.note_canary(asked, platform_id)
        with self.db.reading():
            platform = active(self.platforms.get(platform_id))
            found = self.bank.search(asked, Reader(platform_id, platform.banks), request.limit)
            canaries = Disguises(self.db, self.bank, self.platforms).near(asked, platform_id)
        results = [
            _result(platform, self.keys, *pair, limit=request.limit)
            for pair in zip(found, canaries, strict=True)
        ]
        return LookupAnswer(results)


def active(platform: Platform) -> Platform:
    """Return the platform if it was not retired.

    Raises:
        NotAllowed: it was.
    """
    if not platform.active:
        raise NotAllowed("this platform was retired")
    return platform


def _result(
    platform: Platform, keys: HubKeys, found: Found, canaries: Sequence[Near], *, limit: int
) -> LookupResult:
    near = sorted([*found.near, *canaries], key=lambda each: each.distance)
    numbers = Numbers(keys, platform.id).of_entries([each.entry_id for each in near[:limit]])
    matches = [_match(number, each) for number, each in zip(numbers, near, strict=False)]
    return LookupResult(matches, found.more or len(near) > limit)


def _match(number: str, near: Near) -> Match:
    return Match(
        number=number,
        distance=near.distance,
        view=near.view,
        bank=near.bank,  # type: ignore[arg-type]  # one of the three, as the bank has them
        ask="remove" if near.vouched else "review",
    )
