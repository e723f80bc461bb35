"""The eight ways in which an upload is compared, and where the picture lies in each."""

from typing import Final

from takeback.hashing.place import Place
from takeback.matching.evidence import Quad

WAYS: Final = 8
"""Signals of one view: upright, turned and mirrored."""

_CORNERS: Final = (
    (0, 1, 2, 3),  # upright
    (1, 2, 3, 0),  # the upload turned by 90 degrees counter-clockwise is what was registered
    (2, 3, 0, 1),  # 180
    (3, 0, 1, 2),  # 270
    (3, 2, 1, 0),  # mirrored top to bottom
    (1, 0, 3, 2),  # left to right
    (0, 3, 2, 1),  # along the main diagonal
    (2, 1, 0, 3),  # along the other diagonal
)
"""For each way, which corner of the upload is the upper left, upper right, lower right and
lower left of what was registered. In the order of ``PictureSignals.dihedral``."""


def quad_of(place: Place, way: int) -> Quad:
    """Return where the corners of what was registered lie in the upload.

    Args:
        place: the part of the upload that was compared.
        way: number of the signal that matched, of the eight of that part.
    """
    left, top, right, bottom = place.sides
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    first, second, third, fourth = (corners[number] for number in _CORNERS[way])
    return first, second, third, fourth
