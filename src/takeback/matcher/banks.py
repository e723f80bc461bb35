"""The banks that are followed, as any process answers from them.

Whole-picture and keypoint signals lie on the disk, written by the keeper (``written.py``) and
mapped by every process, which sees each change as soon as it is made. Videos and digests are
few: each process holds them in memory and learns from the state file what came and went.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from takeback.errors import IntegrityFailure, NotReady
from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.hashing.signal_types import SignalType
from takeback.hashing.video_signals import VideoSignals
from takeback.matcher.log import log
from takeback.matcher.reading import REMEMBERED_CHANGES, Arrivals, Change
from takeback.matcher.schema import IN_MEMORY
from takeback.matcher.statereader import StateReader
from takeback.matching.lookup.digests import Digests
from takeback.matching.lookup.indexes import Identity, Indexes, identity
from takeback.matching.videos.index import VideoIndex

DAMAGED: Final = "index.damaged"
"""File by which a process that finds the indexes damaged tells the keeper."""

FEW: Final = 10_000
"""So many entries in memory are loaded before anything is answered."""


def rows_of(signals: Sequence[bytes]) -> NDArray[np.uint8]:
    """Pack signals of 32 bytes each; shape (n, 32)."""
    return np.frombuffer(b"".join(signals), np.uint8).reshape(-1, SIGNAL_BYTES)


_UNPACK: Final[Mapping[str, Callable[[Sequence[bytes]], Any]]] = {
    SignalType.PDQ: rows_of,
    SignalType.KEYPOINTS: lambda payloads: [KeypointSignals.unpack(one) for one in payloads],
    SignalType.VIDEO: lambda payloads: [VideoSignals.unpack(one) for one in payloads],
    SignalType.MD5: list,
}


def unpacked(kind: str, entries: Sequence[tuple[int, bytes]]) -> tuple[list[int], Any]:
    """Return the ids and signals of entries of one type, as the index of that type takes them."""
    if not entries:
        return [], _UNPACK[kind]([])
    ids, payloads = zip(*entries, strict=True)
    return list(ids), _UNPACK[kind](payloads)


@dataclass(slots=True, eq=False)
class Banks(Indexes):
    """Indexes that are filled with pages and from the state file."""

    def apply(self, change: Change) -> None:
        """Withdraw what is gone from every index, and add what is new to that of its type."""
        pieces = {kind: unpacked(kind, entries) for kind, entries in change.new.items()}
        if change.gone:
            self.withdraw(change.gone)
        for kind, piece in pieces.items():
            self.by_type[kind].add(*piece)

    def load(self, state: StateReader, kinds: Sequence[str] = (), after: int = 0) -> int:
        """Take in entries of the state file; a large bank says how far it is.

        Returns:
            The highest id that was taken in, or *after*.
        """
        total, loaded, large = -1, 0, False
        for piece in state.load(kinds, after):
            total = state.size(kinds) if total < 0 else total
            self.apply(Change(new=piece))
            after = max(after, _newest(piece))
            loaded += sum(map(len, piece.values()))
            large = large or loaded < total
            if large:
                log().info("bank.loading", entries=loaded, of=total)
        return after


def _newest(piece: Arrivals) -> int:
    return max(entries[-1][0] for entries in piece.values())


@dataclass(slots=True, eq=False)
class FollowedBanks:
    """What one process answers from. Safe to share by threads."""

    reader: StateReader
    directory: Path
    reading_only: bool = False
    """Whether nothing may be written there, not even that an index is damaged."""

    indexes: Banks = field(default_factory=Banks)
    _mapped: bool = False
    _made: Identity = ()
    """Of the indexes that are mapped."""

    _applied: int = -1
    """The change up to which what is in memory is what the state file holds."""

    _newest: int = 0
    """The highest id that was taken into memory."""

    _following: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, reader: StateReader, directory: Path) -> Self:
        """Open what there is, to answer from at once; many videos are loaded later."""
        banks = cls(reader, directory)
        banks.map()
        if reader.size(sorted(IN_MEMORY)) <= FEW:
            banks.catch_up()
        return banks

    def __len__(self) -> int:
        return len(self.indexes)

    @property
    def loaded(self) -> bool:
        """Whether videos and digests are in memory."""
        return self._applied >= 0

    def map(self) -> None:
        """Map the indexes on the disk, if they are there and not known to be damaged."""
        if not self._mapped:
            self._map()

    def _map(self) -> None:
        if (self.directory / DAMAGED).exists():
            return
        made = identity(self.directory)
        try:
            followed = Indexes.followed(self.directory, noting=not self.reading_only)
        except NotReady:
            return
        except IntegrityFailure:
            if self.reading_only:
                raise
            self.report_damage()
            return
        self.indexes.signals, self.indexes.keypoints = followed.signals, followed.keypoints
        self._made, self._mapped = made, True

    def _refresh(self) -> None:
        """See what the keeper put in place of what is mapped, also if it was removed before."""
        if not self._mapped or self._made != identity(self.directory):
            self._map()
        if not self._mapped:
            return
        try:
            self.indexes.refresh()
        except NotReady:
            return
        except IntegrityFailure:
            if self.reading_only:
                raise
            self.report_damage()

    def report_damage(self) -> None:
        """Have the keeper make the indexes anew."""
        self._mapped = False
        (self.directory / DAMAGED).touch(0o600)

    def catch_up(self, *, wait: bool = True) -> None:
        """Take in what changed since the last time.

        Args:
            wait: for another thread that is about it.
        """
        if not self._following.acquire(blocking=wait):
            return
        try:
            self._refresh()
            changes = self.reader.changes()
            if changes != self._applied:
                self._take_in(changes)
                self._applied = changes
        finally:
            self._following.release()

    def _take_in(self, changes: int) -> None:
        if self._applied < 0 or changes - self._applied >= REMEMBERED_CHANGES:
            self.indexes.videos, self.indexes.digests = VideoIndex(), Digests()
            self._newest = 0
        else:
            self.indexes.withdraw(self.reader.departed(self._applied))
        self._newest = self.indexes.load(self.reader, sorted(IN_MEMORY), self._newest)

    def hindrance(self) -> str:
        """Say why nothing can be looked up, or nothing."""
        if not self._mapped:
            return "the index is being made"
        if self.indexes.mark < self._applied:
            return "the index is being made anew"
        return ""

    def require(self) -> None:
        """Do nothing while signals can be looked up.

        Raises:
            NotReady: there is no whole index.
        """
        self.map()
        if hindrance := self.hindrance():
            raise NotReady(hindrance)

    def require_all(self) -> None:
        """Do nothing while uploads can be compared, with all that came before this call.

        Raises:
            NotReady: there is no whole index, or videos are not in memory yet.
        """
        if not self.loaded:
            raise NotReady("videos are still being loaded")
        self.catch_up()
        self.require()


def followed(directory: Path) -> FollowedBanks:
    """Open a matcher's directory to answer from it once, whether the matcher runs or not.

    Nothing is written to it.

    Raises:
        NotReady: no matcher ever held a bank there, or its index is being made.
        IntegrityFailure: the index is damaged.
    """
    reader = StateReader(directory, only_read=True)
    banks = FollowedBanks(reader, directory, reading_only=True)
    banks.catch_up()
    banks.require()
    return banks
