"""Padding is what it says it is: as many pictures as asked for, the same every time."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.padding import padded_keypoints, real_crops
from tests.hashing.photographs import CHELSEA, COFFEE, ROCKET

from benchmarks import padding
from takeback.matching.keypoints.rows import KeypointRows, joined

SOURCES = (COFFEE, CHELSEA, ROCKET)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the crops of all tests."""
    return tmp_path_factory.mktemp("padding")


@pytest.fixture(autouse=True)
def few_crops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight crops in two files instead of twenty thousand, and small batches."""
    monkeypatch.setattr(padding, "CROPS", 8)
    monkeypatch.setattr(padding, "CROPS_A_FILE", 4)
    monkeypatch.setattr(padding, "PICTURES_A_BATCH", 10)


def padded(pictures: int, cache: Path, count: int = 80) -> KeypointRows:
    """Put all batches together."""
    return joined(padded_keypoints(pictures, cache, SOURCES, count=count))


def test_there_are_as_many_pictures_as_asked_for(cache: Path) -> None:
    """Fewer than the crops, and more than a batch."""
    assert [len(padded(pictures, cache)) for pictures in (3, 8, 31)] == [3, 8, 31]


def test_the_first_are_real_crops(cache: Path) -> None:
    """Unchanged; drawn ones follow, of just so many keypoints."""
    real = real_crops(8, cache, SOURCES).rows

    rows = padded(12, cache, count=20)

    for number in range(8):
        assert rows.picture(number).pack() == real.picture(number).first(20).pack()
    assert np.diff(rows.first)[8:].tolist() == [20] * 4


def test_the_same_is_drawn_again_from_what_was_kept(cache: Path) -> None:
    """Nothing is described twice."""
    first = padded(20, cache)
    before = {file: file.stat().st_mtime_ns for file in cache.iterdir()}

    again = padded(20, cache)

    assert (again.words == first.words).all()
    assert (again.places == first.places).all()
    assert {file: file.stat().st_mtime_ns for file in cache.iterdir()} == before
    assert not list(cache.glob("*.part"))


def test_drawn_keypoints_are_near_real_ones_and_lie_in_their_picture(cache: Path) -> None:
    """In one of the four forms of a real one, with about eight of 256 bits flipped."""
    real, rows = real_crops(8, cache, SOURCES).rows, padded(12, cache)
    drawn = rows.take(np.arange(8, 12))

    forms = (real.words[:, None] ^ padding.FORMS).reshape(-1, 4)
    bits = np.bitwise_count(drawn.words[:, None] ^ forms).sum(axis=2).min(axis=1)

    assert bits.max() < 60
    assert 5 < bits.mean() < 11
    assert (drawn.places[:, :2] < np.repeat(drawn.sides, 80, axis=0)).all()


def test_crops_of_other_pictures_are_kept_apart(cache: Path) -> None:
    """A folder may serve several benchmarks."""
    others = real_crops(4, cache, SOURCES[:1])

    assert not np.isin(
        others.rows.words[:, 0], real_crops(8, cache, SOURCES).rows.words[:, 0]
    ).all()
