"""Signals of videos, kept on disk, so that a stopped run goes on where it was."""

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from takeback import hashing
from takeback.hashing.keypoint_signals import KeypointSignals, KeypointView, whole_look
from takeback.hashing.picture import Role
from takeback.hashing.video import hash_video
from takeback.hashing.video_signals import FrameView, KeypointFrame, VideoSignals


def kept(video: Path, role: Role) -> VideoSignals:
    """Return the signals of a video, hashing it if that was not done by this very code."""
    path = video.with_name(f"{video.stem}-{role}-{stamp()}.npz")
    if not path.exists():
        begun = path.with_suffix(".part.npz")
        np.savez(begun, **_arrays(hash_video(video, role=role)))  # type: ignore[arg-type]
        begun.rename(path)
    with np.load(path) as arrays:
        return _video(arrays)


@cache
def stamp() -> str:
    """Return a digest of all code that hashes."""
    files = sorted(Path(hashing.__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


def _arrays(video: VideoSignals) -> dict[str, NDArray[np.generic]]:
    arrays: dict[str, NDArray[np.generic]] = {
        "duration": np.array(video.duration),
        "complete": np.array(video.complete),
        "times": video.times,
        "qualities": video.qualities,
        "chosen": np.array([frame.time for frame in video.keypoints], np.int64),
        **{f"view {view}": bits for view, bits in video.views.items()},
    }
    for number, frame in enumerate(video.keypoints):
        for view, signals in frame.look.views.items():
            packed = np.frombuffer(signals.pack(), np.uint8)
            arrays[f"chosen {number} {view}"] = packed
    return arrays


def _video(arrays: "np.lib.npyio.NpzFile") -> VideoSignals:
    chosen = arrays["chosen"].tolist()
    return VideoSignals(
        duration=int(arrays["duration"]),
        times=arrays["times"],
        qualities=arrays["qualities"],
        views={v: arrays[f"view {v}"] for v in FrameView if f"view {v}" in arrays},
        keypoints=tuple(_frame(arrays, number, time) for number, time in enumerate(chosen)),
        complete=bool(arrays["complete"]),
        md5=bytes(16),
        sha256=bytes(32),
    )


def _frame(arrays: "np.lib.npyio.NpzFile", number: int, time: int) -> KeypointFrame:
    views = {
        view: KeypointSignals.unpack(arrays[f"chosen {number} {view}"].tobytes())
        for view in KeypointView
        if f"chosen {number} {view}" in arrays
    }
    return KeypointFrame(time, whole_look(views))
