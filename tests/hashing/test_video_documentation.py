"""The reference page on video says what the code does."""

from pathlib import Path

import pytest

from takeback.hashing import footage
from takeback.hashing.video_signals import (
    FRAME_KEYPOINTS,
    MOST_KEYPOINT_FRAMES,
    MOST_SIGNALS,
    FrameView,
    VideoSignals,
)
from takeback.matching.videos.match import INTRO, SURE
from takeback.matching.videos.runs import LOOSE, chance

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "video.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*VideoSignals.__dataclass_fields__, "bits", "quality"])
def test_every_field_is_documented(name: str) -> None:
    """Whoever reads the page knows all that is in a video's signals."""
    assert f"`{name}`" in PAGE


def test_the_limits_are_those_of_the_code() -> None:
    """A person who is refused can read why."""
    limits = (
        f"{footage.MAXIMUM_PIXELS:,} pixels",
        f"{footage.MAXIMUM_SIDE:,} on a side",
        f"{footage.MAXIMUM_FRAMES:,} frames",
        f"{footage.MAXIMUM_MS // 3_600_000} hours",
        f"{MOST_SIGNALS:,} signals",
        f"{MOST_KEYPOINT_FRAMES} chosen frames",
        f"{FRAME_KEYPOINTS} keypoints",
        f"at {LOOSE} bits",
        f"score is {SURE:.0f} or more",
    )

    for limit in limits:
        assert limit in PAGE


def test_the_rule_is_that_of_the_code() -> None:
    """The numbers of the page's formulas."""
    assert INTRO == 3500.0
    assert (chance(90), chance(31)) == (-3.0, -10.0)
    assert {view.value for view in FrameView} == {
        "whole",
        "mirrored",
        "trimmed",
        "trimmed_mirrored",
    }
