"""The page of ``takeback match --against``: two pictures, and what agrees in them.

The upload is on the left, what would be registered on the right. Lines join keypoints that
agree; a box says where in the one the other lies.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from PIL import Image

from takeback.cli.explain.comparison import Comparison
from takeback.cli.explain.dots import keypoint_points
from takeback.cli.explain.geometry import seen_part, turned_about
from takeback.cli.explain.ink import BRIGHT, Point, Sheet
from takeback.cli.explain.page import Spread, side_by_side
from takeback.cli.explain.pixels import small_picture
from takeback.cli.explain.reasons import circumstances, reason
from takeback.cli.explain.sides import Side
from takeback.cli.explain.words import PRIVATE
from takeback.matching.evidence import Corner, Quad

MOST_LINES: Final = 30
"""Lines that are drawn; more would hide the pictures."""

DOT: Final = 3.0


def explain_compared(upload: Side, registered: Side, found: Comparison) -> Image.Image:
    """Draw what agrees in two pictures.

    Raises:
        NotAPicture: one of them can't be decoded.
    """
    sheets = [Sheet.of(small_picture(each.source)) for each in (upload, registered)]
    place = found.evidence.place if found.evidence else None
    if place:
        _outline(sheets[0], place)
        _outline(sheets[1], turned_about(place))
    spread = side_by_side(sheets)
    joined = _join(spread, sheets, found)
    return spread.with_words([*_words(upload.name, registered.name, found, joined), PRIVATE])


def _outline(sheet: Sheet, place: Quad) -> None:
    seen: Sequence[Corner] = seen_part(place)
    if seen:
        sheet.outline([sheet.at(*corner) for corner in seen])


def _join(spread: Spread, sheets: Sequence[Sheet], found: Comparison) -> int:
    """Join keypoints that agree, not too many of them, and return how many lines there are."""
    ends = _ends(sheets, found)
    chosen = ends[:: -(-len(ends) // MOST_LINES) or 1]
    for theirs, ours in chosen:
        start, end = spread.joined(theirs, ours)
        spread.sheet.line([start, end], width=1.8, light=BRIGHT)
        for point in (start, end):
            spread.sheet.circle(point, DOT, 0.0)
    return len(chosen)


def _ends(sheets: Sequence[Sheet], found: Comparison) -> list[tuple[Point, Point]]:
    """Return where each agreeing keypoint lies in the upload and in the registered picture."""
    both = found.keypoints
    if both is None:
        return []
    view, ours = both.agreement.view, both.registered
    there = keypoint_points(sheets[0], both.look.views[view], both.look.place, view)
    here = keypoint_points(sheets[1], ours.plain, ours.place)
    return [(there[b], here[a]) for a, b in both.agreement.pairs]


def _words(upload: str, registered: str, found: Comparison, joined: int) -> Iterator[str]:
    yield f"Left: {upload}, as an upload. Right: {registered}, as it would be registered."
    if found.evidence is None:
        yield f"No match: {found.nearest}."
    else:
        yield f"Match by {reason(found.evidence)}."
        yield " ".join(circumstances(found.evidence))
    if joined and found.keypoints:
        count = len(found.keypoints.agreement.pairs)
        yield f"Lines join {joined} of {count} pairs of keypoints that agree."
