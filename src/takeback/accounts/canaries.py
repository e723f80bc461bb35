"""Canaries: signals of no picture, given to one platform each, that show harvesting.

They come as the signals of a registered picture do, all of one made-up picture together.
``exchange/decoys.py`` draws the pictures; here is which platform got which, and where they
were seen.

Nobody can upload the picture of a canary, for nobody has it. Whoever looks one up or submits
it has the signal from the platform that it was given to.
"""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.accounts.model import Action, Canary, MadeUp, Staff
from takeback.accounts.permission import require
from takeback.accounts.platforms import PlatformService
from takeback.accounts.store import CanaryStore, PlatformStore
from takeback.ids import PlatformId

PDQ: Final = "pdq"
"""The type of signal that is looked up and submitted, so the only one to be seen again."""

LARGEST_DISTANCE = 31
"""A canary counts as seen within this many bits, so that flipping a few does not hide it."""

SHORTEST_GAP = timedelta(minutes=5)
"""Between two pictures whose canaries were planted together."""

_SPREAD = 55 * 60
"""Seconds that chance adds to it, so that they do not come in step."""

_SLICE = 1_000
"""Looked-up signals compared at a time, which bounds the memory."""


class Canaries(PlatformService):
    """Plant canaries and note where they are seen."""

    __slots__ = ()

    def plant(
        self, platform_id: PlatformId, bundles: Sequence[Sequence[MadeUp]], staff: Staff
    ) -> Sequence[Canary]:
        """Plant the canaries of made-up pictures in what a platform receives; return all it has.

        Raises:
            NotAllowed: this role may not.
            NotFound: there is no such platform.
        """
        store = CanaryStore(self.db)
        with self.db.transaction():
            require(self.db, staff, Action.PLANT_CANARIES)
            PlatformStore(self.db).get(platform_id)
            for bundle, appears_at in zip(bundles, self._instants(), strict=False):
                look = {"vouched": secrets.choice([False, True]), "appears_at": appears_at}
                store.add(platform_id, bundle, self.now().date(), **look)
            planted = len(bundles)
            self.audit.append("canary.planted", staff.actor, platform=platform_id, canaries=planted)
            return self.canaries_for(platform_id)

    def _instants(self) -> Iterator[datetime]:
        """Yield when one picture after another appears: the first now, the next some time later."""
        at = self.now()
        while True:
            yield at
            at += SHORTEST_GAP + timedelta(seconds=secrets.randbelow(_SPREAD))

    def canaries_for(self, platform_id: PlatformId) -> Sequence[Canary]:
        """Return the canaries that only this platform receives, the oldest first."""
        return [canary for canary in self.canaries() if canary.platform_id == platform_id]

    def canaries(self) -> Sequence[Canary]:
        """Return every canary with the other platforms it was seen at, the oldest first."""
        with self.db.reading():
            return CanaryStore(self.db).list()

    def note_canary(self, signals: NDArray[np.uint8], seen_at: PlatformId) -> int:
        """Note every canary of another platform that is among *signals*.

        Each is noted once for each platform that sends it, and audited; the caller answers
        as if nothing had happened.

        Args:
            signals: shape (n, 32), as the platform sent them.
            seen_at: the platform that sent them.

        Returns:
            How many were noted for the first time.
        """
        with self.db.reading():
            strange = CanaryStore(self.db).unseen_by(seen_at, PDQ)
        touched = {canary.id for canary in _among(strange, signals)}
        return self._note(touched, seen_at) if touched else 0

    def _note(self, touched: set[int], seen_at: PlatformId) -> int:
        """Note these canaries, but for those that another process noted meanwhile."""
        store = CanaryStore(self.db)
        with self.db.transaction():
            new = [canary for canary in store.unseen_by(seen_at, PDQ) if canary.id in touched]
            for canary in new:
                store.note(canary.id, seen_at)
                self.audit.append(
                    "canary.touched",
                    f"platform:{seen_at}",
                    canary=canary.id,
                    planted_at=canary.platform_id,
                    seen_at=seen_at,
                )
        return len(new)


def _among(canaries: Sequence[Canary], signals: NDArray[np.uint8]) -> list[Canary]:
    """Return those canaries that are within the distance of one of the signals."""
    if not canaries or not len(signals):
        return []
    packed = np.frombuffer(b"".join(canary.signal for canary in canaries), np.uint64)
    planted = packed.reshape(-1, 1, 4)
    words = np.ascontiguousarray(signals).view(np.uint64).reshape(1, -1, 4)
    near = np.zeros(len(canaries), bool)
    for start in range(0, words.shape[1], _SLICE):
        differing = np.bitwise_count(planted ^ words[:, start : start + _SLICE])
        near |= (differing.sum(axis=2, dtype=np.int64) <= LARGEST_DISTANCE).any(axis=1)
    return [canary for canary, found in zip(canaries, near, strict=True) if found]
