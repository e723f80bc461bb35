"""What to ask indexes of *pictures* about an uploaded video: a registered picture may be in it.

Pure: no bank and no index.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.keypoint_signals import KeypointLook
from takeback.hashing.scenes import OTHER
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.hashing.video_signals import VideoSignals

NO_SIGNALS: Final = np.empty((0, SIGNAL_BYTES), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class FrameQuery:
    """One frame of an upload, as other indexes are asked for it."""

    time: int
    """Milliseconds from the start of the upload."""

    signals: NDArray[np.uint8]
    """Shape (n, 32): the frame whole and mirrored, and without its border if there is one. None
    if the frame as a whole has too little detail, or looks like the one before."""

    looks: tuple[KeypointLook, ...]
    """Its keypoints, if it was chosen."""


def frames_as_queries(upload: VideoSignals) -> list[FrameQuery]:
    """Return what to look up to find a registered *picture* in an uploaded video.

    Frames that look like the one before are left out; chosen frames come with their keypoints.
    Those of which only keypoints are known come last, so that row *k* of all signals together is
    of query *k* // number of views.

    Args:
        upload: hashed with ``role="query"``.
    """
    looks = {frame.time: (frame.look,) for frame in upload.keypoints}
    queries, before = [], None
    for number, time in enumerate(upload.times.tolist()):
        rows = np.stack([bits[number] for bits in upload.views.values()])
        far = before is None or np.bitwise_count(rows[0] ^ before).sum() > OTHER
        if far or time in looks:
            queries.append(FrameQuery(time, rows, looks.pop(time, ())))
            before = rows[0]
    without = (FrameQuery(time, NO_SIGNALS, look) for time, look in looks.items())
    return [*queries, *without]
