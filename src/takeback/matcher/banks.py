"""The banks that are followed: what the keeper writes, and what every process answers from."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from takeback.errors import NotReady
from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.hashing.signal_types import SignalType
from takeback.hashing.video_signals import VideoSignals
from takeback.matcher.log import log
from takeback.matcher.reading import IN_MEMORY, REMEMBERED_CHANGES, Arrivals, Change
from takeback.matcher.statereader import StateReader
from takeback.matching.lookup.digests import Digests
from takeback.matching.lookup.indexes import Indexes
from takeback.matching.videos.index import VideoIndex


def rows_of(signals: Sequence[bytes]) -> NDArray[np.uint8]:
    """Pack signals of 32 bytes each; shape (n, 32)."""
    return np.frombuffer(b"".join(signals), np.uint8).reshape(-1, SIGNAL_BYTES)


_UNPACK: Final[Mapping[str, Callable[[Sequence[bytes]], Any]]] = {
    SignalType.PDQ: rows_of,
    SignalType.KEYPOINTS: lambda payloads: [KeypointSignals.unpack(one) for one in payloads],
    SignalType.VIDEO: lambda payloads: [VideoSignals.unpack(one) for one in payloads],
    SignalType.MD5: list,
}


@dataclass(slots=True, eq=False)
class Banks(Indexes):
    """The indexes of all banks that are followed, in memory."""

    @property
    def described(self) -> bool:
        """Whether any entry has keypoints, so that those of uploads are wanted."""
        return bool(len(self.keypoints) or len(self.videos))

    def apply(self, change: Change) -> None:
        """Withdraw what is gone from every index, and add what is new to that of its type."""
        unpacked = {kind: _unpacked(kind, entries) for kind, entries in change.new.items()}
        if change.gone:
            self.withdraw(change.gone)
        for kind, (ids, signals) in unpacked.items():
            self.by_type[kind].add(ids, signals)

    def load(self, state: StateReader) -> None:
        """Take in every entry of the state file; a large bank says how far it is."""
        total, loaded, large = state.size(), 0, False
        for piece in state.load():
            self.apply(Change(new=piece))
            loaded += sum(map(len, piece.values()))
            large = large or loaded < total
            if large:
                log().info("bank.loading", entries=loaded, of=total)


@dataclass(slots=True, eq=False)
class FollowedBanks:
    """What one process answers from; the state file says what came and what is gone."""

    reader: StateReader
    indexes: Banks = field(default_factory=Banks)
    _applied: int = -1
    """The change up to which what is in memory is what the state file holds."""

    _newest: int = 0
    """The highest id that was taken into memory."""

    _following: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return len(self.indexes)

    def catch_up(self, *, wait: bool = True) -> None:
        """Take in what changed since the last time.

        Args:
            wait: for another thread that is about it.
        """
        if not self._following.acquire(blocking=wait):
            return
        try:
            changes = self.reader.changes()
            if changes != self._applied:
                self._take_in(changes)
                self._applied = changes
        finally:
            self._following.release()

    def _take_in(self, changes: int) -> None:
        if self._applied < 0 or changes - self._applied >= REMEMBERED_CHANGES:
            self._begin()
        else:
            self.indexes.withdraw(self.reader.departed(self._applied))
        self._take_new()

    def _begin(self) -> None:
        """Forget everything: too much happened to know what is gone."""
        self.indexes.videos, self.indexes.digests = VideoIndex(), Digests()
        self._newest = 0

    def _take_new(self) -> None:
        total, loaded = 0, 0
        for piece in self.reader.load(sorted(IN_MEMORY), self._newest):
            total = total or self.reader.size(sorted(IN_MEMORY))
            self.indexes.apply(Change(new=piece))
            self._newest = max(self._newest, _newest(piece))
            loaded += sum(map(len, piece.values()))
            if loaded < total and self._applied < 0:
                log().info("bank.loading", entries=loaded, of=total)

    def hindrance(self) -> str:
        """Say why nothing can be looked up, or nothing."""
        return ""

    def require(self) -> None:
        """Do nothing while answers are whole.

        Raises:
            NotReady: there is no whole index yet.
        """
        if hindrance := self.hindrance():
            raise NotReady(hindrance)


def _newest(piece: Arrivals) -> int:
    return max(entries[-1][0] for entries in piece.values())


def _unpacked(kind: str, entries: Sequence[tuple[int, bytes]]) -> tuple[list[int], Any]:
    ids, payloads = zip(*entries, strict=True)
    return list(ids), _UNPACK[kind](payloads)
