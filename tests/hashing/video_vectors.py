"""Made-up video signals and the bytes that every implementation packs them as.

``python -m tests.hashing.video_vectors`` writes ``vectors/video1.json`` anew.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.arrays import array_to_signals
from takeback.hashing.keypoint_signals import (
    KeypointLook,
    KeypointSignals,
    KeypointView,
    whole_look,
)
from takeback.hashing.video_signals import FrameView, KeypointFrame, VideoSignals

VECTORS: Final = Path(__file__).parents[2] / "vectors" / "video1.json"

LAST: Final = 2**32 - 1
"""The latest time that can be packed."""


def made_up(
    name: str, times: Sequence[int], chosen: Sequence[int] = (), *, trimmed: bool = False
) -> VideoSignals:
    """Make up a video, cut short if it is trimmed; its bytes are digests of what they are of."""
    views = (FrameView.WHOLE, FrameView.TRIMMED)[: 1 + trimmed]
    return VideoSignals(
        duration=min(LAST, times[-1] + 1001),
        complete=not trimmed,
        md5=hashlib.md5(name.encode(), usedforsecurity=False).digest(),
        sha256=_digest(name),
        times=np.array(times, np.uint32),
        qualities=np.array([50 + _digest(f"{name} {time}")[0] % 51 for time in times], np.uint8),
        views={view: _rows([f"{name} {time} {view}" for time in times]) for view in views},
        keypoints=tuple(KeypointFrame(time, _look(f"{name} {time}")) for time in chosen),
    )


def _look(name: str) -> KeypointLook:
    """Make up the keypoints of a frame, one to seven of them."""
    bits = _rows([f"{name} {number}" for number in range(1 + _digest(name)[1] % 7)])
    places = bits[:, :4] % np.array([64, 36, 16, 24], np.uint8)
    return whole_look({KeypointView.PLAIN: KeypointSignals(64, 36, bits, places)})


def _rows(names: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(map(_digest, names)), np.uint8).reshape(-1, 32)


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


VIDEOS: Final = (
    made_up("a frame", [0]),
    made_up("a moment of many", [0, 1000, 2000], [1000]),
    made_up("a border", [0, 1000, 2041, 70_000, LAST], [0, 1 << 24], trimmed=True),
)


def expected(video: VideoSignals) -> dict[str, object]:
    """Return a video as it stands in the file."""
    columns = {view: array_to_signals(bits) for view, bits in video.views.items()}
    frames = [
        {"time": time, "quality": quality} | {view: str(of[at]) for view, of in columns.items()}
        for at, (time, quality) in enumerate(
            zip(video.times.tolist(), video.qualities.tolist(), strict=True)
        )
    ]
    keypoints = [
        {"time": frame.time, "packed": frame.look.plain.pack().hex()} for frame in video.keypoints
    ]
    return {
        "duration": video.duration,
        "complete": video.complete,
        "md5": video.md5.hex(),
        "sha256": video.sha256.hex(),
        "frames": frames,
        "keypoints": keypoints,
        "packed": video.pack().hex(),
        "packed_with_keypoints": video.pack(keypoints=True).hex(),
    }


if __name__ == "__main__":
    contents = {"signal_type": "video1", "videos": [expected(video) for video in VIDEOS]}
    VECTORS.write_text(json.dumps(contents, indent=2) + "\n", encoding="utf-8")
