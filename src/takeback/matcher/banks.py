"""The banks that are followed, in memory: filled from the state file and from pages of feeds."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.hashing.signal_types import SignalType
from takeback.hashing.video_signals import VideoSignals
from takeback.matcher.log import log
from takeback.matcher.reading import Change
from takeback.matcher.state import State
from takeback.matching.lookup.indexes import Indexes


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
    """The indexes of all banks that are followed."""

    described: threading.Event = field(default_factory=threading.Event)
    """Set once an entry with keypoints has come, so that those of uploads are wanted."""

    def apply(self, change: Change) -> None:
        """Withdraw what is gone from every index, and add what is new to that of its type."""
        unpacked = {kind: _unpacked(kind, entries) for kind, entries in change.new.items()}
        if change.gone:
            self.withdraw(change.gone)
        for kind, (ids, signals) in unpacked.items():
            self.by_type[kind].add(ids, signals)
            if kind in {SignalType.KEYPOINTS, SignalType.VIDEO}:
                self.described.set()

    def load(self, state: State) -> None:
        """Take in every entry of the state file; a large bank says how far it is."""
        total, loaded, large = state.size(), 0, False
        for piece in state.load():
            self.apply(Change(new=piece))
            loaded += sum(map(len, piece.values()))
            large = large or loaded < total
            if large:
                log().info("bank.loading", entries=loaded, of=total)


def _unpacked(kind: str, entries: Sequence[tuple[int, bytes]]) -> tuple[list[int], Any]:
    ids, payloads = zip(*entries, strict=True)
    return list(ids), _UNPACK[kind](payloads)
