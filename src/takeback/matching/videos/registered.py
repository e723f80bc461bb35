"""A registered video as the video index holds it, and the numbers of its frames there."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.video_signals import REGISTERED_VIEWS, FrameView, VideoSignals
from takeback.matching.videos.runs import Strip

FRAME_BITS: Final = 12
"""Bits for a frame's number in a video, which ``MOST_SIGNALS`` fits."""

CHOSEN_BITS: Final = 6
"""Bits for a chosen frame's number, which ``MOST_KEYPOINT_FRAMES`` fits."""


@dataclass(frozen=True, slots=True, eq=False)
class RegisteredVideo:
    """One entry. Its slot is never used again, so that old numbers can't mean a new video."""

    id: int
    slot: int
    duration: float
    """Milliseconds."""

    strips: Mapping[FrameView, Strip]
    """All frames, by view."""

    chosen: NDArray[np.float64]
    """Times of the frames that have keypoints, in milliseconds."""

    @classmethod
    def of(cls, entry_id: int, slot: int, video: VideoSignals) -> Self:
        """Return a video with memory of its own."""
        views = (view for view in REGISTERED_VIEWS if view in video.views)
        chosen = np.array([frame.time for frame in video.keypoints], np.float64)
        strips = {view: strip(video, view) for view in views}
        return cls(entry_id, slot, float(video.duration), strips, chosen)

    def rows(self) -> NDArray[np.uint8]:
        """Return the signals of all frames, view after view."""
        words = np.concatenate([strip.words for strip in self.strips.values()])
        return words.view(np.uint8)

    def keys(self) -> NDArray[np.int64]:
        """Return the numbers of the rows in an index."""
        return np.concatenate(
            [
                ((2 * self.slot + REGISTERED_VIEWS.index(view)) << FRAME_BITS)
                + np.arange(len(strip.times), dtype=np.int64)
                for view, strip in self.strips.items()
            ]
        )

    def keypoint_keys(self) -> list[int]:
        """Return the numbers of the chosen frames in a keypoint index."""
        first = self.slot << CHOSEN_BITS
        return list(range(first, first + len(self.chosen)))

    def overwrite(self) -> None:
        """Put random bits in place of the signals, so that they are gone from memory."""
        for strip in self.strips.values():
            noise = np.frombuffer(os.urandom(strip.words.nbytes), np.uint64)
            strip.words[:] = noise.reshape(-1, 4)


def strip(video: VideoSignals, view: FrameView) -> Strip:
    """Return the frames of a video in one view."""
    return Strip.of(video.times, video.views[view], video.duration)


class Keys(NamedTuple):
    """What numbers of rows stand for."""

    strips: NDArray[np.int64]
    """Two a slot, one for each view."""

    frames: NDArray[np.int64]
    """Numbers in the strip."""

    @classmethod
    def read(cls, keys: NDArray[np.int64]) -> Self:
        """Take numbers of rows apart."""
        return cls(*np.divmod(keys, 1 << FRAME_BITS))


def slot_of(strip_number: int) -> int:
    """Return the slot of a strip."""
    return strip_number >> 1


def view_of(strip_number: int) -> FrameView:
    """Return the view that a strip shows."""
    return REGISTERED_VIEWS[strip_number & 1]
