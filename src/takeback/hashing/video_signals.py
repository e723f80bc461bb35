"""Video signals as values: pack, unpack, thin. No decoder and no compiler needed.

A video is a list of frames, each with its time and whole-picture signal; of some chosen frames
there are keypoint signals too. ``video.py`` makes them, ``matching/videos/index.py`` compares.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from takeback.errors import MalformedSignal, QualityTooLow
from takeback.hashing.keypoint_signals import (
    KeypointLook,
    KeypointSignals,
    KeypointView,
    whole_look,
)
from takeback.hashing.signal import MINIMUM_QUALITY, SIGNAL_BYTES

VIDEO_SIGNAL_TYPE: Final = "video1"
"""Name and version of the algorithm; signals of different versions are never compared."""

MOST_SIGNALS: Final = 3_600
"""Most whole-picture signals of a video, all its views together."""

MOST_KEYPOINT_FRAMES: Final = 60
"""Most frames of a video that have keypoint signals."""

FRAME_KEYPOINTS: Final = 40
"""Most keypoints of a frame that are registered."""

MOST_BYTES: Final = 300_000
"""A packed video is never longer, whatever is registered of it."""

LONGEST_MS: Final = 2**32 - 1
"""Longest duration that can be packed: 49 days."""

Bits = NDArray[np.uint8]
"""Shape (n, 32), one signal a row, most significant bit first."""


class FrameView(StrEnum):
    """How every frame of a video is looked at."""

    WHOLE = "whole"
    MIRRORED = "mirrored"
    TRIMMED = "trimmed"
    """Without the flat border that all frames have in common."""

    TRIMMED_MIRRORED = "trimmed_mirrored"

    @property
    def mirrored(self) -> bool:
        """Whether left and right are exchanged."""
        return self in {FrameView.MIRRORED, FrameView.TRIMMED_MIRRORED}


REGISTERED_VIEWS: Final = (FrameView.WHOLE, FrameView.TRIMMED)
"""What may be registered; an upload is looked at mirrored instead."""


@dataclass(frozen=True, slots=True, eq=False)
class KeypointFrame:
    """The keypoint signals of one chosen frame."""

    time: int
    """Milliseconds from the start of the video."""

    look: KeypointLook
    """One view, plain, of what is registered; four of an upload."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class VideoSignals:
    """What is left of a video once it is hashed."""

    duration: int
    """Milliseconds from the first frame to the end of the last that could be read."""

    times: NDArray[np.uint32]
    """Shape (n,): milliseconds from the start at which the frames are shown, ascending. A frame
    that was left out is like the one before it, or shows too little to be told apart."""

    qualities: NDArray[np.uint8]
    """Shape (n,): of the whole frames, ``MINIMUM_QUALITY`` to 100."""

    views: Mapping[FrameView, Bits]
    """The signals of all frames: always ``WHOLE``; ``TRIMMED`` if there is a border to trim;
    of an upload, both mirrored too."""

    keypoints: tuple[KeypointFrame, ...] = ()
    """Ascending by time; empty without keypoint signals."""

    complete: bool = True
    """False if the file ends early or is damaged: then this is what could be read."""

    md5: bytes = field(repr=False)
    """Digest of the file, 16 bytes, for partners' formats."""

    sha256: bytes = field(repr=False)
    """Digest of the file, 32 bytes."""

    def __len__(self) -> int:
        return len(self.times)

    @property
    def bits(self) -> Bits:
        """The signals of the whole frames."""
        return self.views[FrameView.WHOLE]

    @property
    def quality(self) -> int:
        """Quality of the best frame, 0-100; 0 if none has enough detail to be told apart."""
        return int(self.qualities.max(initial=0))

    def check_detail(self) -> None:
        """Refuse a video that can't be registered.

        Raises:
            QualityTooLow: no frame has enough detail, so there is nothing to register.
        """
        if not len(self):
            raise QualityTooLow(self.quality, MINIMUM_QUALITY)

    def pack(self, *, keypoints: bool = False) -> bytes:
        """Write what is registered: digests, duration, frames, and keypoints if she chose so.

        Layout, whole numbers with the most significant byte first:

        ========== ==================================================================
        bytes      content
        ========== ==================================================================
        16, 32     MD5, SHA-256
        4          duration in milliseconds
        1          1 if complete, plus 2 if trimmed frames follow
        2          number *n* of frames
        1          number of frames with keypoints
        4 n        times in milliseconds
        n          qualities
        32 n       signals of the whole frames
        32 n       signals of the trimmed frames, if any
        ========== ==================================================================

        and for each frame with keypoints 4 bytes of time, 2 of length and the packed keypoints.

        Raises:
            QualityTooLow: no frame has enough detail, so there is nothing to register.
        """
        self.check_detail()
        chosen = self.keypoints if keypoints else ()
        trimmed = self.views.get(FrameView.TRIMMED)
        flags = self.complete + 2 * (trimmed is not None)
        head = _HEAD.pack(self.md5, self.sha256, self.duration, flags, len(self), len(chosen))
        frames = (
            self.times.astype(">u4").tobytes(),
            self.qualities.tobytes(),
            *(self.views[view].tobytes() for view in REGISTERED_VIEWS if view in self.views),
        )
        return b"".join((head, *frames, *map(_packed, chosen)))

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Read what ``pack`` wrote.

        Raises:
            MalformedSignal: *data* is nothing that ``pack`` writes.
        """
        reader = _Reader(data)
        md5, sha256, duration, flags, count, chosen = _HEAD.unpack(reader.take(_HEAD.size))
        _check(flags < 4 and 0 < count * (1 + flags // 2) <= MOST_SIGNALS, "too many frames")
        times = np.frombuffer(reader.take(4 * count), ">u4").astype(np.uint32)
        qualities = np.frombuffer(reader.take(count), np.uint8).copy()
        views = {view: reader.signals(count) for view in REGISTERED_VIEWS[: 1 + flags // 2]}
        _check(chosen <= MOST_KEYPOINT_FRAMES, "too many frames with keypoints")
        keypoints = tuple(reader.keypoint_frame() for _ in range(chosen))
        reader.check_end()
        _check_times(times.astype(np.int64), duration)
        _check_times(np.array([frame.time for frame in keypoints], np.int64), duration)
        _check(qualities.min() >= MINIMUM_QUALITY and qualities.max() <= 100, "no such quality")
        return cls(
            duration=duration,
            times=times,
            qualities=qualities,
            views=views,
            keypoints=keypoints,
            complete=bool(flags & 1),
            md5=md5,
            sha256=sha256,
        )


_HEAD: Final = struct.Struct(">16s32sIBHB")
_KEYPOINT_HEAD: Final = struct.Struct(">IH")


def _packed(frame: KeypointFrame) -> bytes:
    signals = frame.look.plain.first(FRAME_KEYPOINTS).pack()
    return _KEYPOINT_HEAD.pack(frame.time, len(signals)) + signals


class _Reader:
    """Takes bytes from the front, and never more than there are."""

    def __init__(self, data: bytes) -> None:
        _check(len(data) <= MOST_BYTES, "too long")
        self._data = memoryview(data)

    def take(self, count: int) -> bytes:
        """Return the next *count* bytes."""
        _check(len(self._data) >= count, "it ends early")
        taken, self._data = self._data[:count], self._data[count:]
        return bytes(taken)

    def signals(self, count: int) -> Bits:
        """Return the next *count* whole-picture signals."""
        rows = np.frombuffer(self.take(SIGNAL_BYTES * count), np.uint8)
        return rows.reshape(count, SIGNAL_BYTES).copy()

    def keypoint_frame(self) -> KeypointFrame:
        """Return the next frame with keypoints."""
        time, length = _KEYPOINT_HEAD.unpack(self.take(_KEYPOINT_HEAD.size))
        signals = KeypointSignals.unpack(self.take(length))
        _check(0 < len(signals) <= FRAME_KEYPOINTS, "no such number of keypoints")
        return KeypointFrame(time, whole_look({KeypointView.PLAIN: signals}))

    def check_end(self) -> None:
        """Refuse what is left over."""
        _check(not self._data, "there is more behind it")


def _check_times(times: NDArray[np.int64], duration: int) -> None:
    ascending = bool((np.diff(times) > 0).all())
    _check(ascending and times.max(initial=0) <= duration, "its frames are out of order")


def _check(right: bool, wrong: str) -> None:
    """Refuse malformed bytes.

    Raises:
        MalformedSignal: not *right*.
    """
    if not right:
        raise MalformedSignal(f"not a packed video: {wrong}")
