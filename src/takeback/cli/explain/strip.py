"""The page of ``takeback hash`` about a video: a strip of its frames with their keypoints."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from PIL import Image

from takeback.cli.explain.dots import draw_keypoints
from takeback.cli.explain.ink import Sheet
from takeback.cli.explain.page import in_rows
from takeback.cli.explain.words import PRIVATE
from takeback.hashing.footage import Frame, open_footage, opened
from takeback.hashing.keypoint_signals import KeypointLook
from takeback.hashing.video_signals import FrameView, VideoSignals

MOST_FRAMES: Final = 9
COLUMNS: Final = 3
WIDTH: Final = 420
"""Of a frame on the page; a frame that is higher than wide is as high as this."""


def explain_video(source: bytes | os.PathLike[str], name: str, video: VideoSignals) -> Image.Image:
    """Draw frames of a video, with the keypoints that were described in them.

    Raises:
        NotAVideo: *source* can't be decoded.
    """
    looks = {frame.time: frame.look for frame in video.keypoints}
    times = _some(sorted(looks) or [int(time) for time in video.times])
    frames = frames_at(source, times)
    sheets = [frame_sheet(frame, looks.get(time)) for time, frame in frames.items()]
    spread = in_rows(sheets, COLUMNS)
    return spread.with_words([*_words(name, video, list(frames)), PRIVATE])


def frames_at(source: bytes | os.PathLike[str], times: Sequence[int]) -> Mapping[int, Image.Image]:
    """Decode the first frame at or after each of *times*, ascending, in milliseconds.

    Returns:
        The frames by the times asked for; those beyond what can be read are missing.
    """
    found: dict[int, Image.Image] = {}
    with opened(source) as file, open_footage(file) as footage:
        for frame in footage.frames() if times else ():
            due = [time for time in times if time <= frame.time and time not in found]
            if due:
                found.update(dict.fromkeys(due, _upright(frame)))
            if len(found) == len(times):
                break
    return found


def _upright(frame: Frame) -> Image.Image:
    stored = frame.frame.to_ndarray(format="rgb24").astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(frame.luma().turn.pixels(stored)))


def _some(times: Sequence[int]) -> list[int]:
    """Return a few of many, spread evenly."""
    if len(times) <= MOST_FRAMES:
        return list(times)
    return [times[round(at)] for at in np.linspace(0, len(times) - 1, MOST_FRAMES)]


def frame_sheet(frame: Image.Image, look: KeypointLook | None = None) -> Sheet:
    """Return a frame as a sheet of the size that frames have in a strip, with its keypoints."""
    frame = frame.copy()
    frame.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
    sheet = Sheet.of(frame)
    if look is not None:
        draw_keypoints(sheet, look.plain, look.place)
    return sheet


def _words(name: str, video: VideoSignals, shown: Sequence[int]) -> Iterator[str]:
    yield f"{name}: {video.duration / 1000:.1f} seconds, quality {video.quality} of 100"
    if not video.complete:
        yield "It is damaged or ends early: this is what could be read."
    bordered = FrameView.TRIMMED in video.views
    again = ", and again without the border that they have in common" if bordered else ""
    yield f"{len(video)} frames are described as a whole (pdq){again}."
    count = len(video.keypoints)
    yield (
        f"Keypoints (kp1) are described in {count} of them. A circle is as large as what stands "
        "out there; the line in it is its direction."
    )
    seconds = ", ".join(f"{time / 1000:.1f}" for time in shown)
    yield f"Shown, row by row: the frames at second {seconds or 'none'}."
