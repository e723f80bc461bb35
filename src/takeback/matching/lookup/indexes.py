"""Everything registered, in memory, each signal in the index of its type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from takeback.hashing.signal_types import SignalType
from takeback.matching.exact import index
from takeback.matching.exact.index import Index
from takeback.matching.keypoints import index as keypoint_index
from takeback.matching.keypoints.index import KeypointIndex
from takeback.matching.lookup.digests import Digests
from takeback.matching.videos import runs
from takeback.matching.videos.index import VideoIndex


@dataclass(slots=True, eq=False)
class Indexes:
    """One index for each type of signal. An entry's number is in one of them only.

    An index may be exchanged for another that holds the same entries while look-ups go on: each
    look-up reads the attribute anew.
    """

    signals: Index = field(default_factory=Index)
    keypoints: KeypointIndex = field(default_factory=KeypointIndex)
    videos: VideoIndex = field(default_factory=VideoIndex)
    digests: Digests = field(default_factory=Digests)

    def __len__(self) -> int:
        return sum(map(len, self.by_type.values()))

    @property
    def by_type(self) -> Mapping[str, Any]:
        """Each index by the type of its signals."""
        return {
            SignalType.PDQ: self.signals,
            SignalType.KEYPOINTS: self.keypoints,
            SignalType.VIDEO: self.videos,
            SignalType.MD5: self.digests,
        }

    def withdraw(self, numbers: Sequence[int]) -> None:
        """Withdraw entries of whatever type; numbers that are not there are left alone."""
        for each in self.by_type.values():
            each.withdraw(numbers)

    def settle(self) -> None:
        """Wait until no index is being merged."""
        self.signals.settle()
        self.keypoints.settle()


def warm_up() -> None:
    """Compile the loops of every index, or load them from disk, before the first request."""
    index.warm_up()
    keypoint_index.warm_up()
    runs.warm_up()
