"""The bytes that every implementation packs a video as."""

import json

import pytest

from takeback.hashing.video_signals import VideoSignals
from tests.hashing.video_vectors import VECTORS, VIDEOS, expected

FILE = json.loads(VECTORS.read_text(encoding="utf-8"))


def test_made_up_videos_are_packed_as_the_file_says() -> None:
    """What browsers are held to is what this release writes."""
    assert FILE["videos"] == [expected(video) for video in VIDEOS]


@pytest.mark.parametrize("video", FILE["videos"], ids=lambda video: video["md5"][:4])
def test_the_bytes_in_the_file_are_read_as_what_they_stand_for(video: dict[str, str]) -> None:
    """A hub takes exactly these bytes for exactly these signals."""
    read = VideoSignals.unpack(bytes.fromhex(video["packed_with_keypoints"]))

    assert expected(read) == video
