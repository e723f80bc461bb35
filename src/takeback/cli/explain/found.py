"""A matcher's answer as the evidence that it was made from."""

from typing import TypeVar

from msgspec import UNSET, UnsetType

from takeback.matcher.documents import HubMatch
from takeback.matching.evidence import Evidence, Quad

Value = TypeVar("Value")


def evidence_of(match: HubMatch) -> Evidence:
    """Return a matcher's evidence as the value that it was made from."""
    return Evidence(
        ground=match.ground,
        score=match.score,
        place=_quad(match),
        upload_view=_known(match.upload_view) or "whole",
        registered_view=match.view,
        distance=_known(match.distance),
        votes=_known(match.votes),
        seconds=_span(match.seconds),
        registered_seconds=_span(match.registered_seconds),
    )


def _quad(match: HubMatch) -> Quad | None:
    if match.place is UNSET:
        return None
    first, second, third, fourth = ((x, y) for x, y in match.place)
    return first, second, third, fourth


def _span(seconds: list[float] | UnsetType) -> tuple[float, float] | None:
    return None if seconds is UNSET else (seconds[0], seconds[1])


def _known(value: Value | UnsetType) -> Value | None:
    return None if value is UNSET else value
