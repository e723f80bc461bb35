"""Every entry in memory, each in the index of its type: what look-ups search."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.hashing.signal_types import SignalType
from takeback.hashing.video_signals import FrameView, VideoSignals
from takeback.matcher.digests import Digests
from takeback.matcher.log import log
from takeback.matcher.reading import Change
from takeback.matcher.state import State
from takeback.matching import Index, index, keypoint_index
from takeback.matching.keypoint_index import KeypointIndex
from takeback.matching.video_index import VideoIndex


def rows_of(signals: Sequence[bytes]) -> NDArray[np.uint8]:
    """Pack signals of 32 bytes each; shape (n, 32)."""
    return np.frombuffer(b"".join(signals), np.uint8).reshape(-1, SIGNAL_BYTES)


_UNPACK: Final[Mapping[str, Callable[[Sequence[bytes]], Any]]] = {
    SignalType.PDQ: rows_of,
    SignalType.KEYPOINTS: lambda payloads: [KeypointSignals.unpack(one) for one in payloads],
    SignalType.VIDEO: lambda payloads: [VideoSignals.unpack(one) for one in payloads],
    SignalType.MD5: list,
}


@dataclass(frozen=True, slots=True)
class Banks:
    """The indexes of all banks that are followed. An entry's id is in one of them only."""

    signals: Index = field(default_factory=Index)
    keypoints: KeypointIndex = field(default_factory=KeypointIndex)
    videos: VideoIndex = field(default_factory=VideoIndex)
    digests: Digests = field(default_factory=Digests)

    def __len__(self) -> int:
        return sum(map(len, self._indexes.values()))

    def apply(self, change: Change) -> None:
        """Withdraw what is gone from every index, and add what is new to that of its type."""
        unpacked = {kind: _unpacked(kind, entries) for kind, entries in change.new.items()}
        if change.gone:
            for each in self._indexes.values():
                each.withdraw(change.gone)
        for kind, (ids, signals) in unpacked.items():
            self._indexes[kind].add(ids, signals)

    def load(self, state: State) -> None:
        """Take in every entry of the state file; a large bank says how far it is."""
        total, loaded, large = state.size(), 0, False
        for piece in state.load():
            self.apply(Change(new=piece))
            loaded += sum(map(len, piece.values()))
            large = large or loaded < total
            if large:
                log().info("bank.loading", entries=loaded, of=total)

    def settle(self) -> None:
        """Wait until no index is being merged."""
        self.signals.settle()
        self.keypoints.settle()

    @property
    def _indexes(self) -> Mapping[str, Any]:
        return {
            SignalType.PDQ: self.signals,
            SignalType.KEYPOINTS: self.keypoints,
            SignalType.VIDEO: self.videos,
            SignalType.MD5: self.digests,
        }


def _unpacked(kind: str, entries: Sequence[tuple[int, bytes]]) -> tuple[list[int], Any]:
    ids, payloads = zip(*entries, strict=True)
    return list(ids), _UNPACK[kind](payloads)


def warm_up() -> None:
    """Compile the loops of every index, or load them from disk, before the first request."""
    index.warm_up()
    keypoint_index.warm_up()
    random = np.random.default_rng(1)
    video = VideoSignals(
        duration=8000,
        times=np.arange(8, dtype=np.uint32) * 1000,
        qualities=np.full(8, 100, np.uint8),
        views={FrameView.WHOLE: random.integers(0, 256, (8, SIGNAL_BYTES), np.uint8)},
        md5=bytes(16),
        sha256=bytes(32),
    )
    trial = VideoIndex()
    trial.add([1], [video])
    trial.match_video(video)
