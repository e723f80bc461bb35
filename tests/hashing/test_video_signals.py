"""A packed video comes back as it was; nothing else is taken for one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from takeback.errors import MalformedSignal, QualityTooLow
from takeback.hashing.keypoint_signals import KeypointSignals, KeypointView, whole_look
from takeback.hashing.video_signals import (
    FRAME_KEYPOINTS,
    MOST_BYTES,
    MOST_KEYPOINT_FRAMES,
    MOST_SIGNALS,
    REGISTERED_VIEWS,
    FrameView,
    KeypointFrame,
    VideoSignals,
)

FEW = settings(max_examples=40, deadline=None)


def ascending(most: int, least: int = 0) -> st.SearchStrategy[list[int]]:
    """Times in milliseconds, each later than the one before."""
    times = st.integers(0, 2**32 - 1)
    return st.lists(times, min_size=least, max_size=most, unique=True).map(sorted)


@st.composite
def keypoint_signals(draw: st.DrawFn) -> KeypointSignals:
    """Keypoint signals inside a picture of any shape."""
    count = draw(st.integers(1, 4))
    width, height = draw(st.sampled_from([(64, 1), (64, 36), (36, 64), (64, 64)]))
    places = draw(arrays(np.uint8, (count, 4))) % np.array([width, height, 16, 24], np.uint8)
    return KeypointSignals(width, height, draw(arrays(np.uint8, (count, 32))), places)


@st.composite
def keypoint_frames(draw: st.DrawFn) -> KeypointFrame:
    """One chosen frame, at any time."""
    signals = draw(keypoint_signals())
    return KeypointFrame(0, whole_look({KeypointView.PLAIN: signals}))


@st.composite
def videos(draw: st.DrawFn) -> VideoSignals:
    """Videos as a reporter's device makes them."""
    times = draw(ascending(6, least=1))
    chosen = draw(ascending(3))
    views = REGISTERED_VIEWS[: draw(st.integers(1, 2))]
    return VideoSignals(
        duration=draw(st.integers(max(times + chosen), 2**32 - 1)),
        times=np.array(times, np.uint32),
        qualities=draw(arrays(np.uint8, len(times), elements=st.integers(50, 100))),
        views={view: draw(arrays(np.uint8, (len(times), 32))) for view in views},
        keypoints=tuple(KeypointFrame(time, draw(keypoint_frames()).look) for time in chosen),
        complete=draw(st.booleans()),
        md5=draw(st.binary(min_size=16, max_size=16)),
        sha256=draw(st.binary(min_size=32, max_size=32)),
    )


def drawn(frames: int, chosen: int = 0, keypoints: int = 1, trimmed: bool = False) -> VideoSignals:
    """A video of so many frames, one a second, and so many chosen ones."""
    rng = np.random.default_rng(frames)
    bits = rng.integers(0, 256, (keypoints, 32), np.uint8)
    signals = KeypointSignals(64, 36, bits, np.zeros((keypoints, 4), np.uint8))
    look = whole_look({KeypointView.PLAIN: signals})
    views = REGISTERED_VIEWS if trimmed else (FrameView.WHOLE,)
    return VideoSignals(
        duration=1000 * frames,
        times=np.arange(frames, dtype=np.uint32) * 1000,
        qualities=np.full(frames, 80, np.uint8),
        views={view: rng.integers(0, 256, (frames, 32), np.uint8) for view in views},
        keypoints=tuple(KeypointFrame(1000 * number, look) for number in range(chosen)),
        md5=bytes(16),
        sha256=bytes(32),
    )


def contents(video: VideoSignals) -> tuple[object, ...]:
    """All that is registered of a video, comparable."""
    return (
        (video.duration, video.complete, video.md5, video.sha256),
        (video.times.tolist(), video.qualities.tolist()),
        {view: bits.tolist() for view, bits in video.views.items()},
        [(frame.time, frame.look.plain.pack()) for frame in video.keypoints],
    )


@FEW
@given(videos())
def test_unpacking_gives_what_was_packed(video: VideoSignals) -> None:
    """Pack and unpack are inverse, keypoints included."""
    assert contents(VideoSignals.unpack(video.pack(keypoints=True))) == contents(video)


@FEW
@given(videos())
def test_packing_what_was_unpacked_gives_the_same_bytes(video: VideoSignals) -> None:
    """There is one packed form of a video, so that equal registrations have equal bytes."""
    packed = video.pack(keypoints=True)

    assert VideoSignals.unpack(packed).pack(keypoints=True) == packed


@FEW
@given(videos())
def test_keypoints_are_packed_only_when_asked_for(video: VideoSignals) -> None:
    """Keypoint signals are her choice, and the default is no."""
    assert VideoSignals.unpack(video.pack()).keypoints == ()


@FEW
@given(videos(), st.data())
def test_cut_or_lengthened_bytes_are_refused(video: VideoSignals, data: st.DataObject) -> None:
    """A packed video says how long it is, and is just that long."""
    packed = video.pack(keypoints=True)
    cut = packed[: data.draw(st.integers(0, len(packed) - 1))]

    for wrong in (cut, packed + b"\0"):
        with pytest.raises(MalformedSignal):
            VideoSignals.unpack(wrong)


@FEW
@given(st.binary(max_size=300))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    """Unpacking fails with one error whatever it is given."""
    with pytest.raises(MalformedSignal):
        VideoSignals.unpack(data)


@pytest.mark.parametrize(
    ("at", "byte", "says"),
    [
        (52, 4, "too many frames"),
        (52, 3, "ends early"),
        (53, 0xFF, "too many frames"),
        (55, 0xFF, "too many frames with keypoints"),
        (58, 0xFF, "out of order"),
        (64, 49, "no such quality"),
        (64, 101, "no such quality"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(at: int, byte: int, says: str) -> None:
    """Flags, counts, times and qualities have their ranges."""
    packed = bytearray(drawn(2).pack())
    packed[at] = byte

    with pytest.raises(MalformedSignal, match=says):
        VideoSignals.unpack(bytes(packed))


def test_a_frame_after_the_end_is_refused() -> None:
    """No frame is shown after the video is over."""
    packed = bytearray(drawn(3).pack())
    packed[48:52] = (1999).to_bytes(4)

    with pytest.raises(MalformedSignal, match="out of order"):
        VideoSignals.unpack(bytes(packed))


def test_a_chosen_frame_without_keypoints_is_refused() -> None:
    """Empty lists would let one registration have many forms."""
    with pytest.raises(MalformedSignal, match="number of keypoints"):
        VideoSignals.unpack(drawn(2, chosen=1, keypoints=0).pack(keypoints=True))


def test_more_frames_than_may_be_registered_are_refused() -> None:
    """Trimmed frames count as signals too."""
    for video in (drawn(MOST_SIGNALS + 1), drawn(MOST_SIGNALS // 2 + 1, trimmed=True)):
        with pytest.raises(MalformedSignal, match="too many frames"):
            VideoSignals.unpack(video.pack())


def test_the_largest_video_fits_its_limit() -> None:
    """An hour with keypoints stays below what a hub accepts, and only the best are packed."""
    packed = drawn(MOST_SIGNALS, chosen=MOST_KEYPOINT_FRAMES, keypoints=80).pack(keypoints=True)
    again = VideoSignals.unpack(packed)

    assert len(packed) <= MOST_BYTES
    assert {len(frame.look.plain) for frame in again.keypoints} == {FRAME_KEYPOINTS}


def test_a_video_without_any_detail_can_not_be_packed() -> None:
    """There is nothing in it to recognise, so there is nothing to register."""
    with pytest.raises(QualityTooLow):
        drawn(0).pack()
