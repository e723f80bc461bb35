"""What a hashing process says of an upload, as types that cross a pipe.

Plain bytes, texts and numbers; ``signals`` turns them into what look-ups take. The process
met a stranger's file, so that its word is checked like a stranger's.
"""

from typing import Final, Literal

import msgspec
import numpy as np

from takeback.errors import MalformedSignal
from takeback.hashing.keypoint_signals import KeypointLook, KeypointSignals, KeypointView
from takeback.hashing.picture import PictureSignals
from takeback.hashing.place import Place
from takeback.hashing.signal import SIGNAL_BYTES, Signal
from takeback.hashing.video_signals import (
    MOST_KEYPOINT_FRAMES,
    MOST_SIGNALS,
    FrameView,
    KeypointFrame,
    VideoSignals,
)
from takeback.hashing.views import ViewSignals

TURNS: Final = 8
"""Signals of one view: upright, turned and mirrored."""

Sides = tuple[float, float, float, float]
"""Left, top, right and bottom, in shares of the upright picture."""


class Look(msgspec.Struct, frozen=True):
    """The keypoint signals of one way of looking at a picture or frame."""

    look: str
    place: Sides
    views: dict[KeypointView, bytes]
    """Each packed."""

    @classmethod
    def of(cls, look: KeypointLook) -> "Look":
        """Pack what was found."""
        views = {view: signals.pack() for view, signals in look.views.items()}
        return cls(look.look, look.place.sides, views)

    def signals(self) -> KeypointLook:
        """Unpack it."""
        views = {view: KeypointSignals.unpack(packed) for view, packed in self.views.items()}
        return KeypointLook(self.look, Place(*self.place), views)


class View(msgspec.Struct, frozen=True):
    """What is left of one view of a picture."""

    view: str
    place: Sides
    quality: int
    dihedral: bytes
    """Eight signals of 32 bytes each; the upright one first."""

    @classmethod
    def of(cls, view: ViewSignals) -> "View":
        """Pack what was found."""
        return cls(view.view, view.place.sides, view.quality, _packed(view.dihedral))

    def signals(self) -> ViewSignals:
        """Unpack it."""
        return ViewSignals(
            view=self.view,
            place=Place(*self.place),
            quality=self.quality,
            dihedral=_unpacked(self.dihedral),
        )


class HashedPicture(msgspec.Struct, frozen=True, tag=True):
    """What is left of a picture."""

    quality: int
    width: int
    height: int
    path: Literal["full", "luminance", "scaled"]
    dihedral: bytes
    views: tuple[View, ...]
    keypoints: tuple[Look, ...]

    @classmethod
    def of(cls, found: PictureSignals) -> "HashedPicture":
        """Pack what was found."""
        return cls(
            found.quality,
            found.width,
            found.height,
            found.path,
            _packed(found.dihedral),
            tuple(map(View.of, found.views)),
            tuple(map(Look.of, found.keypoints)),
        )

    def signals(self) -> PictureSignals:
        """Unpack it."""
        return PictureSignals(
            quality=self.quality,
            dihedral=_unpacked(self.dihedral),
            width=self.width,
            height=self.height,
            path=self.path,
            views=tuple(view.signals() for view in self.views),
            keypoints=tuple(look.signals() for look in self.keypoints),
        )


class HashedVideo(msgspec.Struct, frozen=True, tag=True):
    """What is left of a video."""

    duration: int
    times: bytes
    qualities: bytes
    views: dict[FrameView, bytes]
    keypoints: tuple[tuple[int, Look], ...]
    complete: bool
    md5: bytes
    sha256: bytes

    @classmethod
    def of(cls, found: VideoSignals) -> "HashedVideo":
        """Pack what was found."""
        return cls(
            found.duration,
            found.times.astype("<u4").tobytes(),
            found.qualities.tobytes(),
            {view: bits.tobytes() for view, bits in found.views.items()},
            tuple((frame.time, Look.of(frame.look)) for frame in found.keypoints),
            found.complete,
            found.md5,
            found.sha256,
        )

    def signals(self) -> VideoSignals:
        """Unpack it.

        Raises:
            MalformedSignal: its parts don't belong together, or are more than of any video.
        """
        times = np.frombuffer(self.times, "<u4").astype(np.uint32)
        qualities = np.frombuffer(self.qualities, np.uint8)
        views = {
            view: np.frombuffer(bits, np.uint8).reshape(-1, SIGNAL_BYTES)
            for view, bits in self.views.items()
        }
        lengths = {len(qualities), *map(len, views.values())}
        if FrameView.WHOLE not in views or lengths != {len(times)}:
            raise MalformedSignal("a video's frames must have a time, a quality and every view")
        if len(times) > MOST_SIGNALS or len(self.keypoints) > MOST_KEYPOINT_FRAMES:
            raise MalformedSignal("no video has so many frames")
        return VideoSignals(
            duration=self.duration,
            times=times,
            qualities=qualities,
            views=views,
            keypoints=tuple(KeypointFrame(time, look.signals()) for time, look in self.keypoints),
            complete=self.complete,
            md5=self.md5,
            sha256=self.sha256,
        )


class Refused(msgspec.Struct, frozen=True, tag=True):
    """Why there are no signals; *error* is the name of the refusal's class."""

    error: str
    detail: str


Outcome = HashedPicture | HashedVideo | Refused
Hashed = PictureSignals | VideoSignals


def _packed(dihedral: tuple[Signal, ...]) -> bytes:
    return b"".join(signal.bits for signal in dihedral)


def _unpacked(dihedral: bytes) -> tuple[Signal, ...]:
    if len(dihedral) != TURNS * SIGNAL_BYTES:
        raise MalformedSignal(f"there must be {TURNS} signals, one for each turn")
    begins = range(0, len(dihedral), SIGNAL_BYTES)
    return tuple(Signal(dihedral[begin : begin + SIGNAL_BYTES]) for begin in begins)
