"""What a match looks like to the platform."""

from dataclasses import dataclass

import msgspec

from takeback.exchange import wire
from takeback.matcher.documents import hub_match
from takeback.matching.evidence import Evidence, Ground


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as a hub gives it."""

    number: str = "0123456789abcdef" * 2
    view: str = "whole"
    bank: wire.BankName = "adult"
    ask: wire.Ask = "review"


def test_a_match_in_a_video_never_begins_before_it() -> None:
    """A line through frames may begin some milliseconds early."""
    evidence = Evidence(
        ground=Ground.VIDEO,
        score=12.04,
        place=None,
        votes=9,
        seconds=(0.0, 8.004),
        registered_seconds=(-0.0048, 7.9952),
    )

    match = msgspec.to_builtins(hub_match(Entry(), evidence, "hub.example"))

    assert (match["seconds"], match["registered_seconds"]) == ([0.0, 8.0], [0.0, 8.0])
    assert "-" not in str(match["registered_seconds"])
    assert "place" not in match


def test_a_place_at_the_edge_has_no_minus() -> None:
    """What is rounded to nothing reads like nothing."""
    place = ((-0.0001, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    evidence = Evidence(ground=Ground.KEYPOINTS, score=3.0, place=place, votes=4)

    match = msgspec.to_builtins(hub_match(Entry(), evidence, "hub.example"))

    assert str(match["place"][0]) == "[0.0, 0.0]"
