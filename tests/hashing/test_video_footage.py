"""Video files that may be made to do harm: typed errors, bounded work, nothing else opened."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from takeback.errors import NotAVideo, VideoTooLarge
from takeback.hashing.footage import LEAST_STEP, MOST_STEP, Clock
from takeback.hashing.video import hash_video
from tests.hashing.videos import RATE, encoded, pan

STAMPS = st.one_of(st.none(), st.floats(allow_nan=False), st.floats(0, 1e5))


def picture(kind: str) -> bytes:
    """A picture file."""
    file = io.BytesIO()
    Image.fromarray(next(pan(skimage.data.coffee, 1.0))).save(file, kind)
    return file.getvalue()


def sound() -> bytes:
    """An MP4 with sound only."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream: Any = out.add_stream("aac", rate=48_000)
        silence = np.zeros((2, 1024), np.float32)
        frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="stereo")
        frame.sample_rate = 48_000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def song_with_cover() -> bytes:
    """An MP4 with sound and a picture that does not move."""
    video = encoded(pan(skimage.data.coffee, 0.1), codec="mjpeg", pixels="yuvj420p", full=True)
    file = io.BytesIO()
    with av.open(io.BytesIO(video), "r") as source, av.open(file, "w", format="mp4") as out:
        stream: Any = out.add_stream_from_template(source.streams.video[0])
        stream.disposition = av.stream.Disposition.attached_pic
        packet = next(iter(source.demux(video=0)))
        packet.stream = stream
        out.mux(packet)
    return file.getvalue()


def units(stream: bytes) -> list[bytes]:
    """The pieces of a raw H.264 stream, each with its start code."""
    return [b"\0\0\1" + unit for unit in stream.split(b"\0\0\1")[1:]]


def raw(seconds: float, size: tuple[int, int] = (320, 180)) -> bytes:
    """A raw H.264 stream: no container, no time stamps."""
    frames = pan(skimage.data.coffee, seconds)
    cut = (frame[: size[1], : size[0]] for frame in frames)
    return encoded(cut, container="h264", options={"x264-params": "slices=1:threads=1"})


def stamped(times: list[int]) -> bytes:
    """A video whose frames have these time stamps, in milliseconds."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        stream: Any = out.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for time, pixels in zip(times, pan(skimage.data.coffee, 60), strict=False):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not a video"),
        (b"These are just words.\n" * 500, "not a video"),
        (bytes(range(256)) * 400, "not a video"),
        (picture("JPEG"), "not a video"),
        (picture("PNG"), "not a video"),
        (picture("WEBP"), "not a video"),
        (picture("AVIF"), "picture"),
        (sound(), "no moving picture"),
        (song_with_cover(), "no moving picture"),
        (encoded([]), "not a video|no frame|no moving"),
        (encoded(pan(skimage.data.coffee, 1.0))[:600], "not a video"),
    ],
    ids=["empty", "text", "bytes", "jpeg", "png", "webp", "avif", "sound", "cover", "none", "cut"],
)
def test_what_is_no_video_is_refused(data: bytes, says: str) -> None:
    """One typed error, whatever it is instead."""
    with pytest.raises(NotAVideo, match=says):
        hash_video(data, role="query")


@pytest.mark.parametrize("name", ["", "nothing.mp4", "a\0b"])
def test_what_is_no_file_is_refused_without_naming_it(name: str, tmp_path: Path) -> None:
    """A folder, nothing, and no path at all."""
    with pytest.raises(NotAVideo) as refused:
        hash_video(tmp_path / name, role="query")

    assert str(tmp_path) not in str(refused.value)


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    """A file that names others would make the reader fetch them, also over the network."""
    video = tmp_path / "video.ts"
    video.write_bytes(encoded(pan(skimage.data.coffee, 1.0), container="mpegts"))
    lists = (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{video}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{video}'\n",
    )

    for number, text in enumerate(lists):
        path = tmp_path / f"{number}.mp4"
        path.write_text(text)
        with pytest.raises(NotAVideo):
            hash_video(path, role="query")


def test_frames_stored_from_the_bottom_are_read() -> None:
    """Uncompressed video may be; three words in its header say so."""
    frames = np.stack(list(pan(skimage.data.coffee, 1.0)))
    upright = encoded(frames, container="nut", codec="rawvideo")
    stored = encoded(frames[:, ::-1], container="nut", codec="rawvideo", header=b"BottomUp\0")

    whole = hash_video(upright, role="query").bits

    assert (hash_video(stored, role="query").bits == whole).all()


def test_frames_that_are_too_large_are_refused_before_they_are_decoded() -> None:
    """A decoder holds many frames; their size is known from the header."""
    wide = encoded([np.zeros((16, 17_000, 3), np.uint8)], container="matroska", codec="ffv1")

    with pytest.raises(VideoTooLarge, match="side longer"):
        hash_video(wide, role="query")


def test_a_size_that_changes_in_the_middle_is_followed() -> None:
    """Some streams do change; every frame is hashed as it is."""
    found = hash_video(raw(2.0) + raw(2.0, (240, 120)), role="reporter")

    assert abs(found.duration - 4 * 1000 * RATE / 25) < 300
    assert len(found) >= 2


def test_a_stream_without_a_key_frame_is_refused() -> None:
    """What only says how it differs from a frame that is not there shows nothing."""
    pieces = units(raw(2.0))
    without = b"".join(unit for unit in pieces if unit[3] & 31 != 5)
    assert len(without) < sum(map(len, pieces))

    with pytest.raises(NotAVideo):
        hash_video(without, role="query")


def test_a_million_frames_a_second_are_played_at_an_ordinary_pace() -> None:
    """Time stamps nobody could watch are not believed, so that frames are still compared."""
    found = hash_video(
        encoded(pan(skimage.data.coffee, 4.0), container="matroska", rate=1_000_000),
        role="reporter",
    )

    assert found.duration >= 1000
    assert 1 <= len(found) <= 3 * found.duration / 1000 + 2


@pytest.mark.parametrize(
    "times",
    [
        [*range(0, 1000, 100), *range(90_000_000, 90_001_000, 100)],
        [*range(0, 1000, 100), *range(1001, 1011)],
    ],
    ids=["a day's leap", "a stop"],
)
def test_broken_time_stamps_do_not_break_the_order(times: list[int]) -> None:
    """Leaps and stops are smoothed; what is registered stays small and in order."""
    found = hash_video(stamped(times), role="query")

    assert (np.diff(found.times.astype(np.int64)) > 0).all()
    assert 900 <= found.duration <= 30_000


@settings(max_examples=100)
@given(st.lists(STAMPS, max_size=30), st.one_of(st.none(), st.floats(allow_nan=False)))
def test_the_clock_goes_forward_whatever_the_stamps(
    stamps: list[float | None], usual: float | None
) -> None:
    """Every step is between a millisecond and ten minutes."""
    clock = Clock(usual)
    times = [clock.tick(stamp) for stamp in stamps]

    steps = np.diff(times)
    assert times[:1] in ([], [0])
    assert (steps >= round(LEAST_STEP) - 1).all()
    assert (steps <= MOST_STEP + 1).all()


def test_good_stamps_are_believed() -> None:
    """A video with frames of different length keeps its times."""
    clock = Clock(40.0)

    assert [clock.tick(stamp) for stamp in (500.0, 540.0, 2540.0, 2573.4)] == [0, 40, 2040, 2073]
    assert clock.end == 2113


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_damaged_bytes_give_signals_or_a_typed_error(data: st.DataObject) -> None:
    """Nothing else ever comes out of a file that was changed at some places."""
    video = bytearray(MPEG)
    for _ in range(data.draw(st.integers(1, 8))):
        video[data.draw(st.integers(0, len(video) - 1))] = data.draw(st.integers(0, 255))

    try:
        found = hash_video(bytes(video), role="reporter")
    except NotAVideo:
        return
    assert (np.diff(found.times.astype(np.int64)) > 0).all()


MPEG = encoded(pan(skimage.data.coffee, 1.0), codec="mpeg4")
