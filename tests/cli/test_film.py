"""Drawn videos, for the demonstration and the benchmarks."""

from pathlib import Path

import av
import pytest
from PIL import Image

from takeback.cli.demo.film import Edit, excerpt, film
from takeback.hashing.video import hash_video
from takeback.hashing.video_signals import VideoSignals
from takeback.matching.videos.index import VideoIndex
from tests.hashing.photographs import CHELSEA, COFFEE, IN_WHEEL, ROCKET

PICTURES = [Image.open(path).convert("RGB") for path in (COFFEE, CHELSEA, ROCKET)]
SIZE = (320, 180)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of three photographs."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    film(PICTURES, 12.0, path, size=SIZE)
    return path


@pytest.fixture(scope="module")
def index(drawn: Path) -> VideoIndex:
    """It is registered, with keypoints, as it comes over the wire."""
    packed = hash_video(drawn, role="reporter").pack(keypoints=True)
    index = VideoIndex()
    index.add([1], [VideoSignals.unpack(packed)])
    return index


def test_a_film_is_as_long_and_as_large_as_asked_for(drawn: Path) -> None:
    """It can be played anywhere."""
    with av.open(str(drawn), "r") as container:
        stream = container.streams.video[0]

        assert (stream.width, stream.height, stream.frames) == (*SIZE, 12 * 24)


def test_the_same_pictures_give_the_same_film(drawn: Path, tmp_path: Path) -> None:
    """Whoever draws it again gets the same signals."""
    film(PICTURES, 12.0, tmp_path / "again.mp4", size=SIZE)

    again = hash_video(tmp_path / "again.mp4", role="reporter")

    assert again.bits.tolist() == hash_video(drawn, role="reporter").bits.tolist()


@pytest.mark.parametrize(
    "edit",
    [
        Edit(height=120, border=0.1),
        Edit(height=120, mirrored=True),
        Edit(height=180, crop=0.9),
        Edit(height=120, speed=1.5),
    ],
    ids=["bordered", "mirrored", "cropped", "faster"],
)
def test_an_edited_excerpt_is_found(
    drawn: Path, index: VideoIndex, tmp_path: Path, edit: Edit
) -> None:
    """The journey of a video, on real files: registered, cut, encoded again, recognised."""
    out = tmp_path / "excerpt.mp4"
    excerpt(drawn, 2.3, 6.0, out, edit)

    (match,) = index.match_video(hash_video(out, role="query"))

    assert match.id == 1
    assert match.registered_seconds[1] - match.registered_seconds[0] > 3.0


def test_another_film_is_not_found(index: VideoIndex, tmp_path: Path) -> None:
    """Other photographs, other film."""
    others = [Image.open(path) for path in IN_WHEEL[:1] + IN_WHEEL[4:6]]
    film(others, 8.0, tmp_path / "other.mp4", size=SIZE)

    assert index.match_video(hash_video(tmp_path / "other.mp4", role="query")) == []
