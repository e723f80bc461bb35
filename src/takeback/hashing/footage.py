"""From a video file to the brightness of its frames, on bytes that may be made to do harm.

Only containers that hold a video in themselves are opened: none that names other files or
addresses, and no picture. Nothing is read but the file, and one frame is in memory at a time.
A file that ends early or is damaged gives the frames before and between, and says so. Errors
say what is wrong and never name the file.

Frames that no other frame needs are not decoded: the others are at most a tenth of a second
away, and half the work.
"""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream
from numpy.typing import NDArray

from takeback.errors import NotAVideo, VideoTooLarge
from takeback.hashing.upright import AS_STORED, Turn

CONTAINERS: Final = (
    "mov,mp4,3gp,3g2,matroska,webm,avi,mpegts,mpeg,mpegvideo,vob,flv,live_flv,asf,ogg,mxf,gxf,"
    "nut,wtv,rm,dv,ivf,obu,av1,h264,hevc,vvc,m4v,h261,h263,vc1,yuv4mpegpipe,gif,apng"
)
"""FFmpeg's names of what may be opened. Playlists, which name other files, are not among them."""

MAXIMUM_PIXELS: Final = 36_000_000
"""Most pixels of a frame, a little above 8K: a decoder holds up to twenty of them."""

MAXIMUM_SIDE: Final = 16_384
"""Longest side of a frame."""

MAXIMUM_FRAMES: Final = 3_000_000
"""Most frames that are decoded: twelve hours at sixty a second."""

MAXIMUM_MS: Final = 24 * 3_600_000
"""Longest video, in milliseconds."""

THREADS: Final = 4
"""Threads that decode one video."""

THREADED_PIXELS: Final = 9_000_000
"""Frames larger than this are decoded by one thread, because each holds frames of its own."""

LEAST_STEP: Final = 0.9
MOST_STEP: Final = 600_000.0
"""Milliseconds from one frame to the next that are believed …"""

USUAL_STEP: Final = 40.0
"""… and what is assumed instead if the file does not say better."""

_PICTURE_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif")
_LIMITED: Final = (16.0, 219.0)
"""Black and the way to white in video levels (ITU-R BT.601); full levels are 0 and 255."""

_FULL: Final = (0.0, 255.0)
_FULL_RANGE: Final = 2
_FULL_FORMATS: Final = ("yuvj", "gray")
_LUMA_FORMATS: Final = ("yuv4", "yuvj4", "yuva4", "gray", "nv12", "nv21", "nv16", "nv24")
"""Beginnings of the names of formats whose first plane is brightness and nothing else."""


@dataclass(frozen=True, slots=True, eq=False)
class Luma:
    """The brightness of one frame, as stored."""

    pixels: NDArray[np.uint8]
    """Shape (height, width)."""

    black: float
    """The level of black."""

    span: float
    """Levels from black to white."""

    turn: Turn
    """How the frame becomes upright."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded frame."""

    time: int
    """Milliseconds from the first frame."""

    frame: av.VideoFrame

    def luma(self) -> Luma:
        """Return the brightness; it is valid until the next frame is decoded."""
        frame, full = self.frame, _is_full(self.frame)
        turn = _TURNS.get(frame.rotation % 360, AS_STORED)
        if not _has_luma(frame):
            other = "yuvj420p" if frame.format.name == "gray" else "gray"  # the same is no copy
            frame, full = frame.reformat(format=other, dst_color_range="JPEG"), True
        black, span = _FULL if full else _LIMITED
        return Luma(_plane(frame), black, span, turn)


_TURNS: Final = {
    90: Turn(transposed=True, flipped=True),
    180: Turn(flipped=True, mirrored=True),
    270: Turn(transposed=True, mirrored=True),
}
"""By degrees counter-clockwise."""


def _is_full(frame: av.VideoFrame) -> bool:
    """Whether black is 0 and white 255, as in pictures."""
    return frame.color_range == _FULL_RANGE or frame.format.name.startswith(_FULL_FORMATS)


def _has_luma(frame: av.VideoFrame) -> bool:
    """Whether brightness can be read from a plane of its own, in 8 bits or more."""
    first, name = frame.format.components[0], frame.format.name
    if frame.planes[0].line_size < 0:  # rows from the bottom up: PyAV's view ends outside of them
        return False
    return first.is_luma and name.startswith(_LUMA_FORMATS) and not name.endswith("be")


def _plane(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Return the first plane in 8 bits; of deeper ones the upper eight."""
    plane, depth = frame.planes[0], frame.format.components[0].bits
    if depth == 8:
        return _cut(np.frombuffer(memoryview(plane), np.uint8), plane.line_size, frame)
    words = np.frombuffer(memoryview(plane), np.uint16) >> np.uint16(depth - 8)
    return _cut(words.astype(np.uint8), plane.line_size // 2, frame)


def _cut(samples: NDArray[np.uint8], stride: int, frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Return the rows of a plane without what pads them."""
    return samples[: stride * frame.height].reshape(-1, stride)[:, : frame.width]


class Clock:
    """Turns time stamps, which may be missing or mad, into times that go forward."""

    def __init__(self, usual: float | None) -> None:
        """Start at zero; *usual* milliseconds pass where a stamp can't be believed."""
        believed = usual is not None and LEAST_STEP <= usual <= MOST_STEP
        self.step = usual if usual is not None and believed else USUAL_STEP
        self.now = 0.0
        self._stamp: float | None = None
        self._begun = False

    def tick(self, stamp: float | None) -> int:
        """Return the time of the next frame in milliseconds, given its stamp."""
        if self._begun:
            self.now += self._passed(stamp)
        self._begun, self._stamp = True, stamp
        return round(self.now)

    @property
    def end(self) -> int:
        """The time at which the last frame ends."""
        return round(self.now + self.step) if self._begun else 0

    def _passed(self, stamp: float | None) -> float:
        if stamp is None or self._stamp is None:
            return self.step
        passed = stamp - self._stamp
        return passed if LEAST_STEP <= passed <= MOST_STEP else self.step


class Footage:
    """The frames of one video file."""

    def __init__(self, container: InputContainer, file: BinaryIO, size: int) -> None:
        """Choose the stream that a player would show."""
        self._container = container
        self._file, self._size = file, size
        self._stream = _stream(container)
        self._damaged = False
        rate = self._stream.average_rate
        self._clock = Clock(float(1000 / rate) if rate else None)
        _check_size(self._stream.codec_context.width, self._stream.codec_context.height)
        _prepare(self._stream)

    @property
    def duration(self) -> int:
        """Milliseconds read so far, from the first frame to the end of the last."""
        return self._clock.end

    @property
    def complete(self) -> bool:
        """Whether all that the file promises was read; ask when the frames are read."""
        return not self._damaged and self.duration + self._slack() >= self.declared

    @property
    def declared(self) -> float:
        """Milliseconds that the file says it lasts; 0 if it does not say."""
        own = self._stream.duration
        if own is not None and self._stream.time_base is not None:
            return float(1000 * own * self._stream.time_base)
        return (self._container.duration or 0) * 1000 / av.time_base

    @property
    def share_read(self) -> float:
        """How much of the file was read, 0 to 1."""
        return min(1.0, self._file.tell() / max(1, self._size))

    def frames(self) -> Iterator[Frame]:
        """Yield the decoded frames in the order in which they are shown.

        Raises:
            VideoTooLarge: a frame, or all of them together, is more than is safe to decode.
        """
        for number, frame in enumerate(self._decoded()):
            _check_size(frame.width, frame.height)
            time = self._clock.tick(_stamp(frame))
            if number >= MAXIMUM_FRAMES or time > MAXIMUM_MS:
                raise VideoTooLarge("the video has more frames or hours than are safe to decode")
            yield Frame(time, frame)

    def _slack(self) -> float:
        """Milliseconds by which sound may outlast the picture, or a last frame be left out."""
        sound = self._stream.duration is None and len(self._container.streams) > 1
        return max(2000.0 if sound else 500.0, 3 * self._clock.step)

    def _decoded(self) -> Iterator[av.VideoFrame]:
        for packet in self._packets():
            if packet.pts is None and packet.size:  # time is told by counting, so all count
                self._stream.codec_context.skip_frame = "DEFAULT"
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self._damaged = True
                continue
            for frame in frames:
                if not frame.is_corrupt:
                    yield frame
                else:
                    self._damaged = True

    def _packets(self) -> "Iterator[av.Packet[VideoStream]]":
        try:
            yield from self._container.demux(self._stream)
        except av.FFmpegError:
            self._damaged = True


@contextmanager
def opened(source: bytes | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file, or bytes as one.

    Raises:
        NotAVideo: there is none, or it is empty.
    """
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    try:
        if not stat.S_ISREG(os.stat(source).st_mode):  # a pipe or device could block for ever
            raise NotAVideo("not a file")
        file = open(source, "rb")  # noqa: SIM115 -- closed below; the error here is our own
    except (OSError, ValueError) as error:  # the error itself would name the file
        reason = getattr(error, "strerror", None) or "not a path"
        raise NotAVideo(f"the file can't be read: {reason}") from None
    with file:
        yield file


@contextmanager
def open_footage(file: BinaryIO) -> Iterator[Footage]:
    """Open a video.

    Raises:
        NotAVideo: no container of the list, or without a picture that moves.
        VideoTooLarge: its frames are larger than is safe to decode.
    """
    head = file.read(12)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS:
        raise NotAVideo("this is a picture")
    try:
        container = av.open(file, "r", options=_SAFE)
    except (av.FFmpegError, ValueError, OSError):
        raise NotAVideo("not a video, or its beginning is missing or damaged") from None
    with container:
        yield Footage(container, file, size)


_SAFE: Final = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}


def _stream(container: InputContainer) -> VideoStream:
    """Return the video stream that players show, never the cover of a song."""
    for stream in sorted(container.streams.video, key=lambda stream: not _is_default(stream)):
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            return stream
    raise NotAVideo("there is no moving picture in the file")


def _is_default(stream: VideoStream) -> bool:
    return bool(stream.disposition & Disposition.default)


def _prepare(stream: VideoStream) -> None:
    """Tell the decoder what may be left out, and how much it may take."""
    context = stream.codec_context
    context.options = {"max_pixels": str(MAXIMUM_PIXELS)}
    context.skip_frame = "NONREF"
    threaded = context.width * context.height <= THREADED_PIXELS
    context.thread_count = THREADS if threaded else 1
    stream.thread_type = "AUTO"


def _check_size(width: int, height: int) -> None:
    if width * height > MAXIMUM_PIXELS or max(width, height) > MAXIMUM_SIDE:
        raise VideoTooLarge(
            f"a frame has more than {MAXIMUM_PIXELS} pixels or a side longer than {MAXIMUM_SIDE}"
        )


def _stamp(frame: av.VideoFrame) -> float | None:
    """Return the time stamp in milliseconds."""
    if frame.pts is None or frame.time_base is None:
        return None
    return float(1000 * frame.pts * frame.time_base)
