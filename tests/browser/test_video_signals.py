"""Videos become the same signals in a real browser as on the command line."""

import io
import struct
import wave
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from takeback.cli.demo.film import Edit, excerpt, film
from takeback.hashing import array_to_signals
from takeback.hashing.video import hash_video
from takeback.hashing.video_signals import VideoSignals
from takeback.matching.videos.index import VideoIndex
from tests.browser.workbench import Workbench, opened_workbench
from tests.hashing.videos import RATE, bordered, encoded, still, turned, two_shots
from tests.journeys.story import photograph

NEAR = 14
"""Bits by which the brightness of a frame may differ, as docs/reference/video.md says."""

FRAMED, CROPPED = Edit(height=240, border=0.1), Edit(height=240, crop=0.8)

DURATION = b"\x44\x89\x88"
"""Where the header of a WebM says how long it lasts: eight bytes follow."""


@pytest.fixture(scope="module")
def workbench(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A page without a network."""
    with opened_workbench(chromium, tmp_path_factory.mktemp("workbench")) as workbench:
        yield workbench


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen seconds of photographs that a camera moves over, with a cut every four."""
    path = tmp_path_factory.mktemp("movie") / "movie.mp4"
    names = ("coffee", "chelsea", "rocket", "brick")
    film([Image.open(photograph(name)) for name in names], 16.0, path, size=(480, 270))
    return path


@cache
def mp4() -> bytes:
    """Five seconds with a cut in the middle, as a phone writes them."""
    return encoded(two_shots())


@cache
def webm() -> bytes:
    """The same in a file that only ``<video>`` opens."""
    fast = {"deadline": "realtime", "cpu-used": "8"}
    return encoded(two_shots(), container="webm", codec="libvpx-vp9", options=fast)


def without_duration(file: bytes) -> bytes:
    """Let a WebM be silent about how long it lasts, as those that browsers record are."""
    at = file.index(DURATION)
    return file[:at] + b"\xec\x89" + bytes(9) + file[at + 11 :]


def endless() -> bytes:
    """Say of a WebM that it lasts for years."""
    at = webm().index(DURATION) + len(DURATION)
    return webm()[:at] + struct.pack(">d", 1e12) + webm()[at + 8 :]


def sound() -> bytes:
    """A second of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(bytes(16_000))
    return file.getvalue()


def black() -> bytes:
    """Two seconds of nothing."""
    return encoded(np.zeros((180, 320, 3), np.uint8) for _ in range(2 * RATE))


def distances(found: VideoSignals, expected: VideoSignals) -> list[int]:
    """How far frames are apart that both have, by their time."""
    a, b = (
        dict(zip(video.times.tolist(), array_to_signals(video.bits), strict=True))
        for video in (found, expected)
    )
    return [a[time].distance(b[time]) for time in sorted(a.keys() & b.keys())]


def test_the_browser_packs_an_mp4_as_python_does(workbench: Workbench, movie: Path) -> None:
    """Bit for bit, with every keypoint, after every cut; and says how far it is meanwhile."""
    told = workbench.make(movie)

    here = hash_video(movie, role="reporter")
    assert told.made, told.trouble
    assert told.made.packed() == here.pack()
    assert told.made.packed(keypoints=True) == here.pack(keypoints=True)
    assert told.made.plain[1].value == told.made.with_keypoints[1].value == here.md5.hex()
    assert (told.made.frames, told.made.quality) == (len(here), here.quality)
    assert told.shares == sorted(told.shares)


@pytest.mark.parametrize("edit", [FRAMED, CROPPED], ids=["framed", "cropped"])
def test_an_excerpt_is_matched_with_what_the_browser_registered(
    workbench: Workbench, movie: Path, edit: Edit, tmp_path: Path
) -> None:
    """What she registered on her phone finds what somebody made of it."""
    registered = workbench.signals(movie).unpacked(keypoints=True)
    upload = tmp_path / "upload.mp4"
    excerpt(movie, 3.0, 10.0, upload, edit)

    index = VideoIndex()
    index.add([7], [registered])
    matches = index.match_video(hash_video(upload, role="query"))

    assert [match.id for match in matches] == [7]
    assert abs(matches[0].registered_seconds[0] - 3.0) < 1.5


@pytest.mark.parametrize("recorded", [False, True], ids=["with-duration", "without-duration"])
def test_what_only_a_video_element_opens_has_the_same_frames(
    workbench: Workbench, *, recorded: bool
) -> None:
    """One a second; what lies between, as the frame after a cut, is not seen there."""
    file = without_duration(webm()) if recorded else webm()

    made = workbench.signals(file)

    found, here = made.unpacked(), hash_video(file, role="reporter")
    assert found.times.tolist() == [0, 1000, 2000, 3000, 4000]
    assert max(distances(found, here)) <= NEAR
    assert (made.complete, found.md5, found.sha256) == (True, here.md5, here.sha256)
    assert abs(found.duration - here.duration) <= 1000 / RATE + 1
    assert workbench.addresses() == 0


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_video_is_turned_upright_as_its_file_says(workbench: Workbench, degrees: int) -> None:
    """However the phone was held."""
    file = turned(mp4(), degrees)

    assert workbench.signals(file).packed() == hash_video(file, role="reporter").pack()


@pytest.mark.parametrize(
    "made",
    [
        lambda: encoded(bordered(two_shots())),
        lambda: encoded(two_shots(), full=True),
        lambda: encoded((frame[:179, :319] for frame in two_shots()), pixels="yuv444p"),
        lambda: encoded(frame[:, 110:210] for frame in two_shots()),
        lambda: encoded(still(1 / RATE)),
    ],
    ids=["bordered", "full-levels", "odd-size", "portrait", "one-frame"],
)
def test_other_shapes_are_packed_as_python_does(
    workbench: Workbench, made: Callable[[], bytes]
) -> None:
    """Borders, levels and sizes of every kind."""
    file = made()

    assert workbench.signals(file).packed() == hash_video(file, role="reporter").pack()


@pytest.mark.parametrize("made", [mp4, webm])
def test_a_broken_end_gives_what_was_readable_and_says_so(
    workbench: Workbench, made: Callable[[], bytes]
) -> None:
    """The end of a download is often missing; what is there still protects."""
    file = made()
    cut = file[: len(file) * 6 // 10]

    found = workbench.signals(cut)

    here = hash_video(cut, role="reporter")
    assert not found.complete
    assert not found.unpacked().complete
    assert 0 < found.frames < len(hash_video(file, role="reporter"))
    assert max(distances(found.unpacked(), here)) <= NEAR


@pytest.mark.parametrize(
    ("made", "trouble"),
    [
        (lambda: b"", "empty"),
        (lambda: b"no video at all" * 99, "not_readable"),
        (sound, "no_frames"),
        (black, "flat"),
        (endless, "too_large"),
    ],
    ids=["nothing", "text", "sound", "black", "endless"],
)
def test_what_gives_no_signals_says_why(
    workbench: Workbench, made: Callable[[], bytes], trouble: str
) -> None:
    """The page has one sentence for each reason."""
    assert workbench.make(made()).trouble == trouble
    assert workbench.addresses() == 0


@pytest.mark.parametrize("made", [mp4, webm])
def test_she_can_stop_it_and_begin_again(workbench: Workbench, made: Callable[[], bytes]) -> None:
    """What was begun is let go of, and the next one is made as if nothing had been."""
    file = made()

    assert workbench.make(file, stop_after=1).trouble == "cancelled"
    assert workbench.addresses() == 0
    assert workbench.signals(file).frames > 1


def test_nothing_goes_on_while_she_rests(workbench: Workbench) -> None:
    """A pause is one, and afterwards the work is finished."""
    told = workbench.make(webm(), rests_at=3)

    assert told.made, told.trouble
    assert told.rested == [0]
