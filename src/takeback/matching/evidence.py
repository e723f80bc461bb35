"""Why an upload matched: the ground, how sure it is, and where in the upload.

No index is searched here and no database asked. The rule that says which evidence suffices is
``judge_distance``, ``judge_keypoints`` and ``judge_frame`` and nowhere else;
docs/decisions/0026 says what was measured for it.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from takeback.hashing.signal import MATCH_DISTANCE
from takeback.matching.keypoints.index import KeypointMatch
from takeback.matching.keypoints.support import Support, support

FORMS: Final = frozenset({"whole", "mirror"})
"""Registered views of which a match is one of whole pictures."""

NEEDED: Final = 4
"""Fewest votes of keypoints that the registered picture has once."""

APART: Final = 0.55
"""Extent from which places are not all under one sticker: a round one on a quarter of a picture
is 0.56 across, and what is on it less."""

NEARLY_APART: Final = 0.5
"""The same where much of what should be visible is there."""

SEVERAL: Final = 3
"""Spots from which they are not two signs in two corners."""

LITTLE: Final = 0.08
"""Share of what should be visible, from which places in several spots suffice …"""

SOME: Final = 0.3
"""… from which two spots do, if they are far apart …"""

MOST: Final = 0.45
"""… and from which any do: what is on a sticker is less of what is registered, which is shared
out over the picture."""

FEW: Final = 3
"""Votes that suffice where the upload shows the picture small …"""

SMALL: Final = 1 / 3
"""… its longest side at most so much of the upload's …"""

MUCH: Final = 0.4
"""… and so much is there of what should be visible, which so small is little."""

STRETCHED: Final = frozenset({"squeezed_across", "squeezed_down"})
"""Looks in which so few votes don't suffice: few copies are both small and stretched, and chance
gets one more try with each look."""

SURE: Final = 2.0
"""Least score of what was found in one of many frames."""

WHOLE_SCORE: Final = (6.7, 0.146)
"""Score of whole pictures 31 bits apart, and what each bit nearer adds: fitted to how near
different pictures come, eight turns each (docs/reference/robustness.md)."""

VIEW_SCORE: Final = (2.5, 0.083)
"""The same of views: sixteen of an upload against eight registered, and parts of pictures are
more like each other than pictures are."""

VOTES_SCORE: Final = (3.0, 2.0)
"""Score of the fewest votes, and what each more adds. Of 200,000 pairs of unrelated pictures
two places agreed in one; that a third and a fourth do too is counted as 1 in 100 each, though
chance alone would make it 1 in 1,000; what is asked besides votes, and three looks, likewise."""

Corner = tuple[float, float]
Quad = tuple[Corner, Corner, Corner, Corner]
"""Where the registered picture's upper left, upper right, lower right and lower left corners
lie in the upload, x and y in shares of its width and height; outside 0-1 if cut off."""


class Ground(StrEnum):
    """What matched."""

    WHOLE = "whole"
    """The whole upload is near the whole registered picture, or its mirror image."""

    VIEW = "view"
    """A part or form of one is near the other, or near a part or form of it."""

    KEYPOINTS = "keypoints"
    """Several places of the registered picture lie in the upload as they do in it."""

    VIDEO = "video"
    """Frames of the upload follow each other as those of the registered video do."""

    FILE = "file"
    """The upload is the registered file, byte for byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why one upload matched one entry."""

    ground: Ground

    score: float
    """How sure: minus the decimal logarithm of the number of such matches that chance would
    bring in one upload against a million unrelated pictures. Comparable between grounds."""

    place: Quad | None
    """Where in the upload; None for a video as a whole."""

    upload_view: str = "whole"
    """How the upload had to be looked at."""

    registered_view: str = "whole"
    """Which form of the registered picture it is near to."""

    distance: int | None = None
    """Of the two signals in bits, for ``WHOLE`` and ``VIEW``."""

    votes: int | None = None
    """Places that agree, for ``KEYPOINTS``; frames that agree, for ``VIDEO``."""

    seconds: tuple[float, float] | None = None
    """When in an uploaded video the matching part begins and ends."""

    registered_seconds: tuple[float, float] | None = None
    """When in the registered video that part begins and ends."""


def judge_distance(
    distance: int, upload_view: str, registered_view: str, place: Quad | None
) -> Evidence | None:
    """Say whether two whole-picture signals so near are a match, and why.

    Whole pictures within 31 bits: 2e-7 false matches an upload against a million; views: 3e-3. A
    part that straight lines cut out of an upload is never a match of a part that was cut out of
    a registered picture: of all ways to be near, that is the one chance knows best.

    Args:
        distance: in bits.
        upload_view: name of the view of the upload.
        registered_view: name of the registered view.
        place: where in the upload the registered picture lies.
    """
    part_of_part = upload_view == "panel" and registered_view.startswith("centre_")
    if distance > MATCH_DISTANCE or part_of_part:
        return None
    whole = upload_view == "whole" and registered_view in FORMS
    return Evidence(
        ground=Ground.WHOLE if whole else Ground.VIEW,
        score=_linear(WHOLE_SCORE if whole else VIEW_SCORE, MATCH_DISTANCE - distance),
        place=place,
        upload_view=upload_view,
        registered_view=registered_view,
        distance=distance,
    )


def judge_keypoints(match: KeypointMatch) -> Evidence | None:
    """Say whether keypoints that agree are a match, and why.

    False matches an upload against a million: 1e-3 with ``NEEDED`` votes, and a hundredth of
    that with each more, as far as 200,000 pairs can tell.
    Three in a small inset score as a hundred times more, so that in one of many frames they do not
    suffice, though of 10⁹ pairs none matched so.
    """
    found = support(match.agreement, match.registered, match.looked_up)
    small = match.agreement.scale <= SMALL and match.look not in STRETCHED
    if not suffices(found, small=small):
        return None
    return Evidence(
        ground=Ground.KEYPOINTS,
        score=_linear(VOTES_SCORE, found.votes - NEEDED),
        place=match.agreement.place,
        upload_view=match.look,
        votes=match.agreement.votes,
    )


def judge_frame(evidence: Evidence, tried: int, seconds: tuple[float, float]) -> Evidence | None:
    """Say whether a registered picture that a frame of a video shows is a match.

    Args:
        evidence: of the frame as a picture.
        tried: frames that were looked up; each is one more chance to be like a stranger's picture.
        seconds: when the first and the last frame that shows it are shown.
    """
    score = evidence.score - math.log10(tried)
    return replace(evidence, score=score, seconds=seconds) if score >= SURE else None


def same_file() -> Evidence:
    """Return what an equal digest is worth: one of 2¹²⁸, looked for among a million files."""
    return Evidence(ground=Ground.FILE, score=32.5, place=None)


def suffices(found: Support, *, small: bool) -> bool:
    """Tell whether what agrees can't be what two different pictures have in common.

    Pictures in one frame, under one sticker, or behind one watermark get votes too, from 3 up to
    35. Of 1,400 such pairs each branch let none through (decision 0026).

    Args:
        found: what speaks for the agreement.
        small: whether the upload shows the registered picture small, and not stretched.
    """
    if found.twin_votes > found.votes:
        return False
    if found.votes < NEEDED:
        return small and found.votes == FEW and found.share >= MUCH
    return (
        (found.extent >= APART and found.spots >= SEVERAL and found.share >= LITTLE)
        or (found.extent >= NEARLY_APART and found.share >= SOME)
        or found.share >= MOST
    )


def _linear(line: tuple[float, float], steps: int) -> float:
    start, slope = line
    return start + slope * steps
