"""Small real videos, made by the tests: a camera moving over a photograph."""

import io
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

SIZE = (320, 180)
"""Width and height."""

RATE = 12

MATRICES = {
    90: (0, 1, 0, -1, 0, 0),
    180: (-1, 0, 0, 0, -1, 0),
    270: (0, -1, 0, 1, 0, 0),
}
"""Display matrices of an MP4's track, by degrees clockwise."""


def pan(picture: Callable[[], Any], seconds: float, step: int = 2) -> Iterator[Pixels]:
    """Frames of a camera that moves to the right and down over a photograph."""
    large = np.asarray(Image.fromarray(picture()).convert("RGB").resize((640, 400)))
    for number in range(round(seconds * RATE)):
        x, y = step * number % (640 - SIZE[0]), step * number % (400 - SIZE[1])
        yield large[y : y + SIZE[1], x : x + SIZE[0]]


def two_shots() -> Iterator[Pixels]:
    """Two and a half seconds of a cup, as many of a cat."""
    yield from pan(skimage.data.coffee, 2.5)
    yield from pan(skimage.data.chelsea, 2.5)


def still(seconds: float) -> Iterator[Pixels]:
    """One picture for a while."""
    (frame,) = pan(skimage.data.coffee, 1 / RATE)
    return (frame for _ in range(round(seconds * RATE)))


def bordered(frames: Iterable[Pixels]) -> Iterator[Pixels]:
    """The same frames inside a black border."""
    return (np.pad(frame, ((30, 30), (16, 16), (0, 0))) for frame in frames)


def encoded(
    frames: Iterable[Pixels],
    *,
    container: str = "mp4",
    codec: str = "libx264",
    rate: int = RATE,
    pixels: str = "yuv420p",
    full: bool = False,
    options: dict[str, str] | None = None,
    header: bytes | None = None,
) -> bytes:
    """Encode frames of one size as a video file; an MP4 has its table at the beginning.

    A *header* takes the place of what the codec writes there.
    """
    muxing = {"movflags": "faststart"} if container == "mp4" else {}
    with tempfile.NamedTemporaryFile() as file:  # by name, because faststart opens it again
        with av.open(file.name, "w", format=container, options=muxing) as out:
            stream: Any = out.add_stream(codec, rate=rate)
            stream.pix_fmt, stream.options = pixels, options or {}
            stream.codec_context.extradata = header
            for number, frame in enumerate(frames):
                if not number:
                    stream.height, stream.width = frame.shape[:2]
                out.mux(stream.encode(_frame(frame, number, rate, pixels, full=full)))
            out.mux(stream.encode(None))
        return Path(file.name).read_bytes()


def _frame(frame: Pixels, number: int, rate: int, pixels: str, *, full: bool) -> av.VideoFrame:
    colour = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
    levels = "JPEG" if full else "MPEG"
    made = colour.reformat(format=pixels, dst_color_range=levels)
    made.color_range = 2 if full else 1
    made.pts, made.time_base = number, Fraction(1, rate)
    return made


def turned(mp4: bytes, degrees: int) -> bytes:
    """Tell players of an MP4 to turn it clockwise, as phones do that were held upright."""
    a, b, u, c, d, v = MATRICES[degrees]
    matrix = struct.pack(">9i", a << 16, b << 16, u, c << 16, d << 16, v, 0, 0, 1 << 30)
    at = mp4.index(b"tkhd") + 44
    return mp4[:at] + matrix + mp4[at + 36 :]


def bottom_up(avi: bytes) -> bytes:
    """Say of an AVI with raw frames that their rows are stored from the bottom."""
    mark = b"BottomUp\0\0"
    at = avi.index(b"strf") + 4
    size = int.from_bytes(avi[at : at + 4], "little")
    end = at + 4 + size
    longer = bytearray(avi[:end] + mark + avi[end:])
    lists = (avi.index(b"RIFF"), avi.index(b"hdrl") - 8, avi.index(b"strl") - 8)
    for place in (*(start + 4 for start in lists), at):
        grown = int.from_bytes(longer[place : place + 4], "little") + len(mark)
        longer[place : place + 4] = grown.to_bytes(4, "little")
    longer[at : at + 4] = (size + 9).to_bytes(4, "little")
    return bytes(longer)


def decoded(video: bytes) -> Sequence[Pixels]:
    """Return all frames in colour."""
    with av.open(io.BytesIO(video), "r") as container:
        frames = container.decode(video=0)
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]


def file_of(frame: Pixels) -> bytes:
    """Return a frame as a picture file."""
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "PNG", compress_level=1)
    return file.getvalue()
