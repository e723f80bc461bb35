"""A file that kills, fills or stops a decoder costs itself and no other."""

import sys
from collections.abc import Iterator

import pytest
from PIL import Image

from takeback.backscan import child
from takeback.backscan.child import Bounds, Hasher
from takeback.errors import NotReady
from takeback.hashing.hasher import Wanted
from takeback.hashing.messages import Refused
from takeback.hashing.picture import PictureSignals
from tests.hashing.files import photograph, save

DECODER = """
import os, sys, time
from takeback.hashing import hasher
sound = hasher.outcome_of

def outcome_of(upload, *wanted, **more):
    if b"killer" in upload:
        os._exit(9)
    if b"stops" in upload:
        time.sleep(60)
    return sound(upload, *wanted, **more)

hasher.outcome_of = outcome_of
hasher.main()
"""
"""A decoder with two faults; real ones are mended when they become known."""


@pytest.fixture
def hasher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hasher]:
    """What hashes in children that have a faulty decoder."""

    def faulty(*arguments: object) -> list[str]:
        return [sys.executable, "-c", DECODER, *map(str, arguments)]

    monkeypatch.setattr(child, "command", faulty)
    bounds = Bounds(seconds=2.0, memory=2 * 1024**3, bytes=10_000_000)
    made = Hasher(wanted=Wanted.PLAIN, bounds={"picture": bounds, "video": bounds})
    yield made
    made.close()


def test_a_file_that_kills_or_stops_its_decoder_is_refused(hasher: Hasher) -> None:
    """The next one is hashed by a fresh child."""
    picture = save(photograph(), "PNG")

    said = [hasher.hash(content) for content in (b"killer", picture, b"stops", picture)]

    assert said[0] == Refused("NotAPicture", "decoding the picture stopped the process that tried")
    assert said[2] == Refused("PictureTooLarge", "the picture takes too long to decode")
    assert isinstance(said[1], PictureSignals)
    assert isinstance(said[3], PictureSignals)
    assert said[1].whole == said[3].whole


def test_a_large_file_and_a_video_that_is_not_wanted_never_reach_a_child() -> None:
    """They are refused by what they begin with and how long they are."""
    small = Bounds(seconds=1.0, memory=1, bytes=100)
    unused = Hasher(videos=False, bounds={"picture": small, "video": small})

    too_large = unused.hash(save(Image.new("RGB", (99, 99)), "PNG"))
    video = unused.hash(b"\0\0\0\x18ftypmp42")

    assert too_large == Refused("PictureTooLarge", "the picture has too many bytes")
    assert video == Refused("NotAVideo", "videos are left out of this scan")


def test_a_child_that_never_starts_ends_the_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the file's fault: nothing is refused, and a later run goes on."""
    monkeypatch.setattr(child, "command", lambda *_: [sys.executable, "-c", ""])

    with pytest.raises(NotReady):
        Hasher().hash(b"any")
