"""Videos become a few signals: which frames, how many, and what is said of damaged files."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from takeback.hashing import Signal, array_to_signals, hash_picture
from takeback.hashing.keypoint_signals import KeypointView
from takeback.hashing.video import hash_video
from takeback.hashing.video_signals import FRAME_KEYPOINTS, FrameView, VideoSignals
from tests.hashing.videos import (
    RATE,
    bordered,
    bottom_up,
    decoded,
    encoded,
    file_of,
    pan,
    still,
    turned,
    two_shots,
)


@pytest.fixture(scope="module")
def video() -> bytes:
    """Five seconds with a cut in the middle."""
    return encoded(two_shots())


@pytest.fixture(scope="module")
def hashed(video: bytes) -> VideoSignals:
    """What is registered of it."""
    return hash_video(video, role="reporter")


def signals(found: VideoSignals, view: FrameView = FrameView.WHOLE) -> list[Signal]:
    """The signals of all frames."""
    return array_to_signals(found.views[view])


def apart(found: VideoSignals, other: VideoSignals) -> int:
    """The largest distance of frames that are shown at the same time in both."""
    shared = set(found.times.tolist()) & set(other.times.tolist())
    assert shared
    a, b = (dict(zip(v.times.tolist(), signals(v), strict=True)) for v in (found, other))
    return max(int(a[time].distance(b[time])) for time in shared)


def test_a_frame_a_second_and_one_after_the_cut_are_kept(hashed: VideoSignals) -> None:
    """What is registered stands for every second and every scene, in order."""
    times = hashed.times.tolist()
    seconds = [time for time in times if time % 1000 < 2 * 1000 / RATE]

    assert [round(time / 1000) for time in seconds] == [0, 1, 2, 3, 4]
    assert [time for time in times if 2400 <= time <= 2700]
    assert times == sorted(set(times))


def test_an_upload_is_looked_at_four_times_a_second(video: bytes) -> None:
    """So some frame of any excerpt is near in time to every registered one."""
    times = hash_video(video, role="query").times

    assert np.diff(times).max() <= 500
    assert len(times) >= 15


def test_a_frame_has_the_signal_of_the_picture_it_shows(video: bytes, hashed: VideoSignals) -> None:
    """Brightness is taken from the decoder as it is, a few bits from that of the colours."""
    picture = hash_picture(file_of(decoded(video)[0]))

    assert picture.whole.distance(signals(hashed)[0]) <= 14
    assert abs(picture.quality - int(hashed.qualities[0])) <= 2


def test_a_still_is_one_frame_however_long_it_is_shown() -> None:
    """Near-duplicates of the frame before are left out; the duration tells how long."""
    found = hash_video(encoded(still(6.0)), role="query")

    assert (len(found), len(found.keypoints)) == (1, 1)
    assert abs(found.duration - 6000) <= 200


def test_frames_without_detail_are_left_out() -> None:
    """Black frames look like those of every other video."""
    black = (np.zeros((180, 320, 3), np.uint8) for _ in range(2 * RATE))

    found = hash_video(encoded([*black, *pan(skimage.data.coffee, 2.0)]), role="reporter")

    assert found.times.min() >= 1900
    assert found.qualities.min() >= 50


def test_a_video_of_nothing_but_black_has_no_signals() -> None:
    """It is no error: there just is nothing to recognise."""
    black = (np.zeros((180, 320, 3), np.uint8) for _ in range(RATE))

    found = hash_video(encoded(black), role="reporter")

    assert (len(found), found.quality, found.keypoints) == (0, 0, ())


def test_keypoints_are_few_when_registered_and_in_two_views_when_looked_up(video: bytes) -> None:
    """A mirrored upload is found because it is looked at mirrored."""
    registered, query = (hash_video(video, role=role) for role in ("reporter", "query"))

    assert all(len(frame.look.plain) <= FRAME_KEYPOINTS for frame in registered.keypoints)
    assert all(set(frame.look.views) == {KeypointView.PLAIN} for frame in registered.keypoints)
    assert registered.keypoints
    assert {view for frame in query.keypoints for view in frame.look.views} == {
        KeypointView.PLAIN,
        KeypointView.MIRRORED,
    }


def test_the_mirrored_view_is_that_of_the_mirrored_video() -> None:
    """An upload is looked at mirrored without decoding it twice."""
    frames = list(pan(skimage.data.coffee, 2.0))
    found = hash_video(encoded(frames), role="query")
    mirrored = hash_video(encoded([frame[:, ::-1] for frame in frames]), role="query")

    distance = signals(found, FrameView.MIRRORED)[0].distance(signals(mirrored)[0])

    assert distance <= 20


@pytest.mark.parametrize("role", ["reporter", "query"])
def test_a_border_is_trimmed_for_both_sides(role: str) -> None:
    """Her copy may be letterboxed, or the upload; both are looked at without."""
    plain = hash_video(encoded(two_shots()), role=role)  # type: ignore[arg-type]
    framed = hash_video(encoded(bordered(two_shots())), role=role)  # type: ignore[arg-type]

    distance = signals(framed, FrameView.TRIMMED)[0].distance(signals(plain)[0])

    assert distance <= 20
    assert FrameView.TRIMMED not in plain.views
    assert (FrameView.TRIMMED_MIRRORED in framed.views) is (role == "query")


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_video_is_hashed_upright(degrees: int) -> None:
    """Phones store what was held upright lying on its side, and say so."""
    frames = list(pan(skimage.data.coffee, 2.0))
    lying = [np.rot90(frame, degrees // 90) for frame in frames]

    found = hash_video(turned(encoded(lying), degrees), role="reporter")

    assert apart(found, hash_video(encoded(frames), role="reporter")) <= 12


@pytest.mark.parametrize(
    ("container", "codec", "pixels"),
    [
        ("webm", "libvpx-vp9", "yuv420p"),
        ("matroska", "libx264", "yuv444p"),
        ("avi", "mpeg4", "yuv420p"),
        ("mpegts", "libx264", "yuv420p"),
        ("mov", "libx265", "yuv420p10le"),
        ("matroska", "ffv1", "bgr0"),
    ],
)
def test_containers_codecs_and_pixel_formats_agree(
    container: str, codec: str, pixels: str, hashed: VideoSignals
) -> None:
    """The same frames are the same signals however they are stored, but for what is lost."""
    options = {"libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"}}.get(codec)
    options = {"x265-params": "log-level=none"} if codec == "libx265" else options
    frames = two_shots()
    file = encoded(frames, container=container, codec=codec, pixels=pixels, options=options)

    found = hash_video(file, role="reporter")

    assert found.complete
    assert apart(found, hashed) <= 20


def test_rows_from_the_bottom_up_are_read_within_their_memory(hashed: VideoSignals) -> None:
    """Such a frame's plane begins at its last byte; reading on from there would be too far."""
    frames = [frame[::-1] for frame in two_shots()]
    file = encoded(frames, container="avi", codec="rawvideo", pixels="gray", full=True)

    found = hash_video(bottom_up(file), role="reporter")

    assert apart(found, hashed) <= 20


def test_full_and_limited_levels_are_the_same_picture(hashed: VideoSignals) -> None:
    """Black may be 0 or 16; signals and quality do not depend on it."""
    found = hash_video(encoded(two_shots(), full=True), role="reporter")

    assert apart(found, hashed) <= 8
    assert abs(int(found.qualities[0]) - int(hashed.qualities[0])) <= 2


def test_a_file_and_its_bytes_give_the_same(video: bytes, tmp_path: Path) -> None:
    """A path is read piece by piece, and its digests are those of the whole file."""
    path = tmp_path / "video.mp4"
    path.write_bytes(video)

    found = hash_video(path, role="reporter")

    assert found.pack(keypoints=True) == hash_video(video, role="reporter").pack(keypoints=True)
    assert found.md5 == hashlib.md5(video, usedforsecurity=False).digest()
    assert found.sha256 == hashlib.sha256(video).digest()


def test_progress_goes_from_nothing_to_all(video: bytes) -> None:
    """A person who waits sees how far it is."""
    told: list[float] = []

    hash_video(video, role="reporter", progress=told.append)

    assert told == sorted(told)
    assert 0.0 <= told[0] <= told[-1] == 1.0


@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "libx264"), ("matroska", "libx264"), ("avi", "mpeg4")]
)
def test_a_truncated_video_gives_what_was_readable_and_says_so(container: str, codec: str) -> None:
    """The end of a download is often missing; what is there still protects."""
    file = encoded(two_shots(), container=container, codec=codec)
    whole = hash_video(file, role="reporter")

    found = hash_video(file[: len(file) * 6 // 10], role="reporter")

    assert (whole.complete, found.complete) == (True, False)
    assert 0 < len(found) < len(whole)
    assert found.bits[0].tolist() == whole.bits[0].tolist()
    assert VideoSignals.unpack(found.pack()).complete is False
