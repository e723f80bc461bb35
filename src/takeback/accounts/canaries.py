"""Canaries: signals of no picture, given to one platform each, that show harvesting.

They come in pairs, as if of a picture and of its mirror image, for so do registered ones.

Nobody can upload the picture of a canary, for there is none. Whoever looks one up or submits
it has the signal from the platform that it was given to.
"""

import secrets
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from takeback.accounts.model import Action, Canary, Staff
from takeback.accounts.permission import require
from takeback.accounts.platforms import PlatformService
from takeback.accounts.store import CanaryStore, PlatformStore
from takeback.errors import MalformedBody
from takeback.ids import PlatformId

SIGNAL_BITS = 256

_MIRRORING = np.tile([-1.0, 1.0], SIGNAL_BITS // 2)
"""What mirroring does to the frequencies behind a signal: every odd one across changes sign."""

LARGEST_DISTANCE = 31
"""A canary counts as seen within this many bits, so that flipping a few does not hide it."""

MOST_AT_ONCE = 1_000
"""Pairs of canaries that one call may plant."""

_SLICE = 1_000
"""Looked-up signals compared at a time, which bounds the memory."""


class Canaries(PlatformService):
    """Plant canaries and note where they are seen."""

    __slots__ = ()

    def plant(self, platform_id: PlatformId, count: int, staff: Staff) -> Sequence[Canary]:
        """Plant *count* pairs of canaries in what this platform receives; return all it has.

        Raises:
            NotAllowed: this role may not.
            NotFound: there is no such platform.
            MalformedBody: the count is not 1 to 1,000.
        """
        if not 1 <= count <= MOST_AT_ONCE:
            raise MalformedBody(f"plant 1 to {MOST_AT_ONCE} canaries at once")
        store = CanaryStore(self.db)
        with self.db.transaction():
            require(self.db, staff, Action.PLANT_CANARIES)
            PlatformStore(self.db).get(platform_id)
            for _ in range(count):
                look = {"quality": _likely_quality(), "vouched": secrets.choice([False, True])}
                store.add(platform_id, _random_pair(), self.now().date(), **look)
            self.audit.append("canary.planted", staff.actor, platform=platform_id, canaries=count)
            return self.canaries_for(platform_id)

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
            strange = CanaryStore(self.db).unseen_by(seen_at)
        touched = {canary.id for canary in _among(strange, signals)}
        return self._note(touched, seen_at) if touched else 0

    def _note(self, touched: set[int], seen_at: PlatformId) -> int:
        """Note these canaries, but for those that another process noted meanwhile."""
        store = CanaryStore(self.db)
        with self.db.transaction():
            new = [canary for canary in store.unseen_by(seen_at) if canary.id in touched]
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


def _random_pair() -> dict[str, bytes]:
    """Return signals as of a picture and its mirror image, by view, either one first.

    They are cut from made-up frequencies in the way PDQ cuts a picture's, so half of the bits
    of each are set, and the two differ by the mirroring but for the few bits near the median.
    The entries of a registered picture come in the order of random ids, hence either first.
    """
    draw = secrets.SystemRandom().gauss
    frequencies = np.array([draw(0.0, 1.0) for _ in range(SIGNAL_BITS)])
    views = [("whole", _cut(frequencies)), ("mirror", _cut(frequencies * _MIRRORING))]
    return dict(views if secrets.choice([False, True]) else reversed(views))


def _cut(frequencies: NDArray[np.float64]) -> bytes:
    """Return the signal of frequencies: one bit for each above the lower median."""
    median = np.sort(frequencies)[SIGNAL_BITS // 2 - 1]
    return np.packbits(frequencies[::-1] > median).tobytes()


def _likely_quality() -> int:
    """Return a quality as photographs have it: nine in ten have 100, and a mirror has the same."""
    return 60 + secrets.randbelow(40) if secrets.randbelow(10) == 0 else 100
