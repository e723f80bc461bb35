"""Drawn videos: photographs that a camera seems to move over, and excerpts as people make them.

For the demonstration, the tests and the benchmarks; nothing of it looks at anybody's video.
Encoding needs libx264, which PyAV's wheels carry; without it there are no drawn videos.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import av
import av.filter
import numpy as np
from PIL import Image

RATE: Final = 24
"""Frames a second."""

SHOT: Final = 4.0
"""Seconds from one cut to the next."""

ENCODED: Final = {"preset": "veryfast", "threads": "2", "x264-params": "no-mbtree=1"}
"""Fast, and the same every time: x264's macroblock tree differed in one film of ten."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What somebody did to a part of a video before posting it again."""

    height: int = 480
    """Lines it is scaled to, before the border."""

    quality: int = 35
    """Constant rate factor of H.264: 23 is usual, 35 is poor."""

    border: float = 0.0
    """Black border at top and bottom, and half as much at both sides, in parts of the height."""

    mirrored: bool = False

    crop: float = 1.0
    """Part of the width and of the height that is left of the middle."""

    speed: float = 1.0
    """How much faster it plays."""


def film(
    pictures: Sequence[Image.Image],
    seconds: float,
    path: Path,
    *,
    size: tuple[int, int] = (640, 360),
    quality: int = 23,
) -> None:
    """Draw a video: every few seconds a cut to the next picture, over which the camera moves.

    The same pictures give the same video. A shot's path depends on its number, so that a picture
    that comes again is seen differently.

    Args:
        pictures: shown in turn, at least one.
        seconds: length of the video.
        path: where to write it; its ending chooses the container.
        size: width and height in pixels, even.
        quality: constant rate factor of H.264.
    """
    large = [_planes(_covering(picture, size)) for picture in pictures]
    with _writing(path, size, quality) as write:
        for number in range(round(seconds * RATE)):
            shot, part = divmod(number / RATE / SHOT, 1.0)
            planes = large[int(shot) % len(large)]
            box = _seen(planes[0].size, size, int(shot), part)
            write(_frame(planes, size, box))


def excerpt(path: Path, start: float, seconds: float, out: Path, edit: Edit | None = None) -> None:
    """Cut a part out of a video and encode it again, edited.

    Args:
        path: the video.
        start: where the part begins, in seconds.
        seconds: its length.
        out: where to write it.
        edit: what else is done to it; scaled to 480 lines of poor quality if not given.
    """
    edit = edit or Edit()
    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        graph, size = _graph(stream, edit)
        rate = Fraction(stream.average_rate or RATE) * Fraction(str(edit.speed))
        with _writing(out, size, edit.quality, rate) as write:
            for frame in _between(source, stream, start, start + seconds * edit.speed):
                graph.push(frame)
                for edited in _pulled(graph):
                    write(edited)


def _covering(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the picture scaled to cover a frame and a half."""
    factor = 1.5 * max(size[0] / picture.width, size[1] / picture.height)
    return picture.resize((round(picture.width * factor), round(picture.height * factor)))


def _planes(picture: Image.Image) -> list[Image.Image]:
    """Return brightness and, at half the size, both colours, in video levels."""
    luma, *colours = picture.convert("YCbCr").split()
    half = [
        plane.reduce(2).point([round(16 + v * 224 / 255) for v in range(256)]) for plane in colours
    ]
    return [luma.point([round(16 + v * 219 / 255) for v in range(256)]), *half]


def _frame(planes: list[Image.Image], size: tuple[int, int], box: Box) -> av.VideoFrame:
    """Return the frame in which the camera sees *box*."""
    resized = []
    for plane, shrunk in zip(planes, (1, 2, 2), strict=True):
        left, top, right, bottom = (side / shrunk for side in box)
        half = (size[0] // shrunk, size[1] // shrunk)
        resized.append(
            plane.resize(half, Image.Resampling.BILINEAR, (left, top, right, bottom)).tobytes()
        )
    rows = np.frombuffer(b"".join(resized), np.uint8).reshape(-1, size[0])
    return av.VideoFrame.from_ndarray(rows, format="yuv420p")


def _seen(whole: tuple[int, int], size: tuple[int, int], shot: int, part: float) -> Box:
    """Return what the camera sees: it goes from one corner region towards another and zooms."""
    rng = np.random.default_rng(shot)
    begin, end = rng.uniform(0, 1, (2, 2))
    zooms = rng.uniform(1.0, 1.45, 2)
    zoom = zooms[0] + (zooms[1] - zooms[0]) * part
    width, height = size[0] * zoom, size[1] * zoom
    x, y = begin + (end - begin) * part
    left, top = x * (whole[0] - width), y * (whole[1] - height)
    return (left, top, left + width, top + height)


@contextmanager
def _writing(
    path: Path, size: tuple[int, int], quality: int, rate: Fraction = Fraction(RATE)
) -> Iterator[Any]:
    """Give a function that adds a frame to a new video."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = {**ENCODED, "crf": str(quality)}
        number = 0

        def write(frame: av.VideoFrame) -> None:
            nonlocal number
            frame.pts, frame.time_base, number = number, 1 / rate, number + 1
            container.mux(stream.encode(frame))

        yield write
        container.mux(stream.encode(None))


def _between(source: Any, stream: Any, start: float, end: float) -> Iterator[av.VideoFrame]:  # noqa: ANN401
    source.seek(int(start / stream.time_base), stream=stream)
    for frame in source.decode(stream):
        if frame.time >= end:
            return
        if frame.time >= start:
            yield frame


def _graph(stream: Any, edit: Edit) -> tuple[av.filter.Graph, tuple[int, int]]:  # noqa: ANN401
    """Return the filters of an edit, and the size of what comes out."""
    height = edit.height
    width = round(height * stream.width / stream.height / 2) * 2
    down, across = (2 * round(height * edit.border * share / 2) for share in (1.0, 0.5))
    steps = [
        ("crop", f"w=iw*{edit.crop}:h=ih*{edit.crop}"),
        ("scale", f"w={width}:h={height}"),
        *([("hflip", "")] if edit.mirrored else []),
        ("pad", f"w={width + 2 * across}:h={height + 2 * down}:x={across}:y={down}"),
        ("format", "pix_fmts=yuv420p"),
    ]
    graph = av.filter.Graph()
    nodes = [graph.add_buffer(template=stream), *(graph.add(*step) for step in steps)]
    nodes.append(graph.add("buffersink"))
    for before, after in pairwise(nodes):
        before.link_to(after)
    graph.configure()
    return graph, (width + 2 * across, height + 2 * down)


def _pulled(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        if isinstance(frame, av.VideoFrame):
            yield frame
