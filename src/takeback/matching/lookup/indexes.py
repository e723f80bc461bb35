"""Everything registered, each signal in the index of its type: in memory, or on disk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from takeback.errors import Conflict
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.hashing.signal_types import SignalType
from takeback.matching.disk import control
from takeback.matching.exact import bulk, index
from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.exact.index import Index
from takeback.matching.keypoints import index as keypoint_index
from takeback.matching.keypoints.index import FollowedKeypointIndex, KeypointIndex
from takeback.matching.lookup.digests import Digests
from takeback.matching.videos import runs
from takeback.matching.videos.index import VideoIndex

SIGNALS: Final = "signals"
KEYPOINTS: Final = "keypoints"
"""The directories in which the two lie."""

Piece = tuple[Sequence[int], Any]
"""Ids, and the signals of these entries as the index of their type takes them."""

Identity = tuple[tuple[int, int] | None, ...]
"""Which indexes lie in a directory; others, if they were removed and made again."""

NOTHING: Final = np.empty((0, SIGNAL_BYTES), np.uint8)


@dataclass(slots=True, eq=False)
class Indexes:
    """One index for each type of signal. An entry's number is in one of them only.

    Those of videos and of digests always lie in the memory of this process. An index may be
    exchanged for another that holds the same entries while look-ups go on: each look-up reads the
    attribute anew.
    """

    signals: Index | FollowedIndex = field(default_factory=Index)
    keypoints: KeypointIndex | FollowedKeypointIndex = field(default_factory=KeypointIndex)
    videos: VideoIndex = field(default_factory=VideoIndex)
    digests: Digests = field(default_factory=Digests)

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Open the indexes in a directory, or begin them, as the one process that writes them.

        Raises:
            Conflict: another process writes them.
            IntegrityFailure: something there is damaged; ``build`` makes them anew.
            NotReady: the disk is full.
        """
        signals = Index.open(directory / SIGNALS)
        try:
            return cls(signals, KeypointIndex.open(directory / KEYPOINTS))
        except BaseException:
            signals.close()
            raise

    @classmethod
    def followed(cls, directory: Path, *, noting: bool = True) -> Self:
        """Open the indexes that another process writes; videos and digests are the caller's to add.

        Args:
            directory: where they lie.
            noting: whether what is verified is noted there; else nothing is written.

        Raises:
            NotReady: there is nothing whole there yet.
            IntegrityFailure: something there is damaged.
        """
        return cls(
            FollowedIndex.open(directory / SIGNALS, noting=noting),
            FollowedKeypointIndex.open(directory / KEYPOINTS, noting=noting),
        )

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

    @property
    def described(self) -> bool:
        """Whether there is anything to compare an upload's keypoints with."""
        return bool(len(self.keypoints) or len(self.videos))

    @property
    def mark(self) -> int:
        """Return the mark of the last change that both have that may lie on disk."""
        return min(self.signals.mark, self.keypoints.mark)

    def change(self, gone: Sequence[int], new: Mapping[str, Piece], mark: int = 0) -> None:
        """Withdraw entries of whatever type, and add those that are new.

        What may lie on disk does so when this returns. It may be called again after a failure.

        Args:
            gone: ids; those that are not there are left alone.
            new: for each type of signal the ids and signals of its entries.
            mark: what the caller calls this change; larger than that of the one before.

        Raises:
            NotReady: the disk is full.
            Conflict: another process writes these indexes, or they were closed.
        """
        signals, keypoints = self.signals, self.keypoints
        if isinstance(signals, FollowedIndex) or isinstance(keypoints, FollowedKeypointIndex):
            raise Conflict("another process writes these indexes")
        signals.change(gone, *new.get(SignalType.PDQ, ([], NOTHING)), mark)
        keypoints.change(gone, *new.get(SignalType.KEYPOINTS, ([], [])), mark)
        for kind in (SignalType.VIDEO, SignalType.MD5):
            self.by_type[kind].withdraw(gone)
            self.by_type[kind].add(*new.get(kind, ([], [])))

    def withdraw(self, numbers: Sequence[int]) -> None:
        """Withdraw entries of whatever type; numbers that are not there are left alone.

        Where another process writes an index, that process withdraws them there.
        """
        for each in self.by_type.values():
            if not isinstance(each, FollowedIndex | FollowedKeypointIndex):
                each.withdraw(numbers)

    def refresh(self) -> None:
        """Let go of files that another process replaced, so that they leave the disk.

        A look-up in one of the indexes does so too, in that one alone.

        Raises:
            NotReady: an index is being made anew.
            IntegrityFailure: what the writer put there is damaged.
        """
        for each in (self.signals, self.keypoints):
            if isinstance(each, FollowedIndex | FollowedKeypointIndex):
                each.refresh()

    def settle(self) -> None:
        """Wait until no index is being merged."""
        for each in (self.signals, self.keypoints):
            if isinstance(each, Index | KeypointIndex):
                each.settle()

    def close(self) -> None:
        """Let another process write what lies on disk."""
        for each in (self.signals, self.keypoints):
            if isinstance(each, Index | KeypointIndex):
                each.close()


def build(directory: Path, pieces: Mapping[str, Iterable[Piece]], mark: int = 0) -> None:
    """Make the indexes in a directory anew, in place of whatever is there.

    Who follows them goes on with what was there until all is built, or gets ``NotReady``.

    Args:
        directory: where they are to lie.
        pieces: of whole-picture and keypoint signals, by type; no id may come twice.
        mark: what the caller calls this state.

    Raises:
        Conflict: another process writes them.
        NotReady: the disk is full.
    """
    bulk.build(directory / SIGNALS, pieces.get(SignalType.PDQ, ()), mark=mark)
    keypoint_index.build(directory / KEYPOINTS, pieces.get(SignalType.KEYPOINTS, ()), mark=mark)


def identity(directory: Path) -> Identity:
    """Tell which indexes lie in a directory, by their inodes."""
    return control.identity(directory / SIGNALS), control.identity(directory / KEYPOINTS)


def warm_up() -> None:
    """Compile the loops of every index, or load them from disk, before the first request."""
    index.warm_up()
    keypoint_index.warm_up()
    runs.warm_up()
