"""Why an upload matched: the ground, how sure it is, and where in the upload.

Pure values; no index and no database. The rule that says which evidence suffices is here and
nowhere else.
"""

from dataclasses import dataclass
from enum import StrEnum

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
