"""Many pictures side by side, in processes that may die."""

import multiprocessing
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from takeback.errors import NotAPicture, PictureTruncated
from takeback.hashing import hash_picture, hash_pictures
from takeback.hashing.pool import LOOK_AHEAD
from tests.hashing.files import FILES, bomb_png
from tests.hashing.photographs import CHELSEA, COFFEE, ROCKET


class Deadly(os.PathLike[str]):
    """A picture that kills whichever process opens it, as a broken decoder would."""

    def __fspath__(self) -> str:
        """End the process at once."""
        os._exit(1)


def test_results_come_in_order_and_errors_stay_with_their_picture() -> None:
    """One bad file among a million stops nothing, not even when a decoder dies of it."""
    jpeg = FILES["jpeg"]()
    sources: list[bytes | os.PathLike[str]] = [
        COFFEE,
        b"no picture",
        CHELSEA,
        Deadly(),
        jpeg,
        jpeg[:900],
        bomb_png(9_000, 9_000),
    ]

    found = list(hash_pictures([*sources, ROCKET], processes=2))

    assert found[0] == hash_picture(COFFEE)
    assert type(found[1]) is NotAPicture
    assert found[2] == hash_picture(CHELSEA)
    assert isinstance(found[3], NotAPicture)
    assert "stopped the program" in str(found[3])
    assert found[4] == hash_picture(jpeg)
    assert isinstance(found[5], PictureTruncated)
    assert isinstance(found[6], NotAPicture)
    assert found[7] == hash_picture(ROCKET)


def test_an_endless_source_is_read_only_a_little_ahead() -> None:
    """A back-scan of a whole library needs no memory for it, and ends when it is told to."""
    read: list[Path] = []

    def endless() -> Iterator[Path]:
        while True:
            read.append(COFFEE)
            yield COFFEE

    results = hash_pictures(endless(), processes=1, shrink=True)
    found = list(islice(results, 5))
    results.close()  # type: ignore[attr-defined]

    assert found == [hash_picture(COFFEE)] * 5
    assert len(read) <= 5 + LOOK_AHEAD
    assert multiprocessing.active_children() == []


def test_no_picture_gives_no_result() -> None:
    """An empty library is a library."""
    assert list(hash_pictures([], processes=1)) == []


def test_a_failing_source_is_the_callers_error() -> None:
    """Nothing is swallowed, and no process is left behind."""

    def broken() -> Iterator[bytes]:
        yield b"no picture"
        raise OSError("the library went away")

    with pytest.raises(OSError, match="went away"):
        list(hash_pictures(broken(), processes=1))
    assert multiprocessing.active_children() == []
