"""One video in, its signals out; memory does not grow with its length."""

import hashlib
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from takeback.errors import NotAVideo
from takeback.hashing import borders, keypoints
from takeback.hashing.arrays import signals_to_array
from takeback.hashing.borders import Border
from takeback.hashing.footage import Footage, Frame, Luma, open_footage, opened
from takeback.hashing.keypoint_signals import KeypointLook, KeypointView, whole_look
from takeback.hashing.pdq import Sampler, coefficients, mirrored, quality_of, signal_of
from takeback.hashing.picture import Role
from takeback.hashing.scenes import OTHER, SAME, Pace, Spread, Timed, differs
from takeback.hashing.shrink import Shrinker
from takeback.hashing.signal import MINIMUM_QUALITY, Signal
from takeback.hashing.video_signals import (
    FRAME_KEYPOINTS,
    MOST_KEYPOINT_FRAMES,
    MOST_SIGNALS,
    REGISTERED_VIEWS,
    FrameView,
    KeypointFrame,
    VideoSignals,
)

Progress = Callable[[float], None]
"""Is told how much of the file was read, 0 to 1."""

EVERY: Final = {"reporter": 1000, "query": 250}
"""Milliseconds between frames that are hashed. An upload is looked at more often than what is
registered, so that some frame of it is near in time to every registered one."""

CHOSEN_EVERY: Final = {"reporter": (2000, 2000), "query": (1000, 3000)}
"""Milliseconds between frames whose keypoints are described, until they are too many: in short
videos, and in those longer than half a minute."""

HALF_A_MINUTE: Final = 30_000

DESCRIBERS: Final = 2
"""Threads that describe keypoints while the next frames are decoded."""

LEAST_KEYPOINTS: Final = 8
"""A frame with fewer says too little to be chosen."""

PIECE: Final = 1 << 20
"""Bytes of the file that are digested at a time."""

_MOST_KEYPOINTS: Final = {"reporter": FRAME_KEYPOINTS, "query": 200}
_LOOKED_UP: Final = {
    "reporter": (KeypointView.PLAIN,),
    "query": (KeypointView.PLAIN, KeypointView.MIRRORED),
}
_VIEWS: Final = {
    "reporter": (REGISTERED_VIEWS[:1], REGISTERED_VIEWS),
    "query": ((FrameView.WHOLE, FrameView.MIRRORED), tuple(FrameView)),
}
"""Views that each role needs, without and with a border."""


def hash_video(
    source: bytes | os.PathLike[str], *, role: Role, progress: Progress | None = None
) -> VideoSignals:
    """Hash one video; frames of little detail are left out, not refused.

    Args:
        source: the bytes of a video file, or where it lies.
        role: whether the video is a *reporter*'s to register or a *query* to look up.
        progress: called now and then with the share of the file that was read.

    Returns:
        The signals; of a damaged file those of what could be read, and ``complete`` is False.

    Raises:
        NotAVideo: no file, no container of a known kind, or no frame in it can be read.
        VideoTooLarge: larger frames, more of them or more hours than is safe to decode.
    """
    with (
        opened(source) as file,
        open_footage(file) as footage,
        ThreadPoolExecutor(DESCRIBERS) as describers,
    ):
        hasher = _Hasher(role, describers, long=footage.declared > HALF_A_MINUTE)
        for frame in footage.frames():
            if hasher.look(frame) and progress:
                progress(footage.share_read)
        if not footage.duration:
            raise NotAVideo("no frame of the video can be read")
        signals = hasher.signals(footage, file)
    if progress:
        progress(1.0)
    return signals


@dataclass(slots=True, eq=False)
class _Hashed:
    """One frame that is kept."""

    quality: int
    views: dict[FrameView, Signal]


class _Hasher:
    """Looks at the frames of one video, one after the other."""

    def __init__(self, role: Role, describers: Executor, *, long: bool) -> None:
        self._role = role
        self._pace = Pace(EVERY[role])
        self._frames: Spread[_Hashed] = Spread(MOST_SIGNALS, EVERY[role])
        self._border: Border[_Hashed] = Border()
        self._kept: Signal | None = None
        self._before: Signal | None = None
        self._chosen = _Chosen(role, describers, CHOSEN_EVERY[role][long])

    def look(self, frame: Frame) -> bool:
        """Look at the next frame, and say whether it was hashed."""
        luma = frame.luma()
        if not self._pace.wants(frame.time, luma.pixels):
            return False
        hashed = _hash(luma)
        whole = hashed.views[FrameView.WHOLE]
        if self._role == "query":
            self._hurry(whole)
        if hashed.quality >= MINIMUM_QUALITY and differs(whole, self._kept, SAME):
            self._keep(frame.time, luma, hashed)
            self._kept = whole
        self._chosen.look(frame.time, luma, whole)
        return True

    def signals(self, footage: Footage, file: BinaryIO) -> VideoSignals:
        """Return what was found in all frames together."""
        self._trim(self._border.rest())
        views = _VIEWS[self._role][self._border.place is not None]
        self._frames.most = MOST_SIGNALS // (1 + (FrameView.TRIMMED in views))
        self._frames.thin()
        frames = self._frames.items
        md5, sha256 = digests(file)
        return VideoSignals(
            duration=footage.duration,
            times=np.array([frame.time for frame in frames], np.uint32),
            qualities=np.array([frame.kept.quality for frame in frames], np.uint8),
            views={view: _rows(frames, view) for view in views},
            keypoints=self._chosen.frames(),
            complete=footage.complete,
            md5=md5,
            sha256=sha256,
        )

    def _hurry(self, signal: Signal) -> None:
        """Look at what moves fast more often: registered frames are a moment each."""
        if self._before is not None:
            self._pace.hurry(signal.distance(self._before))
        self._before = signal

    def _keep(self, time: int, luma: Luma, hashed: _Hashed) -> None:
        if self._frames.add(time, hashed):
            self._pace.slow_down(self._frames.cell)
        self._trim(self._border.add(luma, hashed))

    def _trim(self, waiting: list[tuple[Luma, _Hashed]]) -> None:
        """Hash frames without the border, as far as that is known."""
        place = self._border.place
        for luma, hashed in waiting:
            inner = _hash(borders.cut(luma, place)) if place else hashed
            hashed.views[FrameView.TRIMMED] = inner.views[FrameView.WHOLE]
            hashed.views[FrameView.TRIMMED_MIRRORED] = inner.views[FrameView.MIRRORED]


class _Chosen:
    """Frames whose keypoints are described: spread over time, unlike the one before, rich."""

    def __init__(self, role: Role, describers: Executor, every: int) -> None:
        self._role = role
        self._describers = describers
        self._waiting: deque[tuple[int, Future[KeypointLook]]] = deque()
        self._described: Spread[KeypointLook] = Spread(MOST_KEYPOINT_FRAMES, every, _richness)
        self._before: Signal | None = None
        self._due = 0

    def look(self, time: int, luma: Luma, signal: Signal) -> None:
        """Look at one more frame; little detail of the whole may be many keypoints."""
        if time < self._due or not differs(signal, self._before, OTHER):
            return
        own = replace(luma, pixels=luma.pixels.copy())
        self._waiting.append((time, self._describers.submit(_described, own, self._role)))
        self._before = signal
        if len(self._waiting) > DESCRIBERS:
            self._take()
        self._due = (time // self._described.cell + 1) * self._described.cell

    def frames(self) -> tuple[KeypointFrame, ...]:
        """Return the frames that are left."""
        while self._waiting:
            self._take()
        return tuple(KeypointFrame(item.time, item.kept) for item in self._described.items)

    def _take(self) -> None:
        time, look = self._waiting.popleft()
        if _richness(look.result()) >= LEAST_KEYPOINTS:
            self._described.add(time, look.result())


def _described(luma: Luma, role: Role) -> KeypointLook:
    """Describe the keypoints of a frame."""
    height, width = luma.pixels.shape
    shrinker = Shrinker(width, height, luma.turn)
    shrinker.add(0, luma.pixels[:, :, None])
    found = keypoints.describe(shrinker.picture(), most=_MOST_KEYPOINTS[role])
    return whole_look(found.looked_up(_LOOKED_UP[role]))


def digests(file: BinaryIO) -> tuple[bytes, bytes]:
    """Return MD5 and SHA-256 of a file, read piece by piece."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    file.seek(0)
    while piece := file.read(PIECE):
        md5.update(piece)
        sha256.update(piece)
    return md5.digest(), sha256.digest()


def _hash(luma: Luma) -> _Hashed:
    """Hash one frame, upright and mirrored."""
    height, width = luma.pixels.shape
    sampler = Sampler(width, height, luma.turn)
    sampler.add(0, luma.pixels[:, :, None])
    samples = (sampler.samples() - np.float32(luma.black)) * np.float32(255 / luma.span)
    waves = coefficients(samples)
    views = {FrameView.WHOLE: signal_of(waves), FrameView.MIRRORED: signal_of(mirrored(waves))}
    return _Hashed(quality_of(np.clip(samples, 0, 255)), views)


def _richness(look: KeypointLook) -> int:
    return len(look.plain)


def _rows(frames: list[Timed[_Hashed]], view: FrameView) -> NDArray[np.uint8]:
    return signals_to_array(frame.kept.views[view] for frame in frames)
