"""Where two pictures that agree lie in each other. Shares of width and height throughout."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from takeback.hashing.place import EVERYWHERE, Place
from takeback.matching.evidence import Corner, Quad

_SIDES: Final = ((0, 0.0, 1.0), (0, 1.0, -1.0), (1, 0.0, 1.0), (1, 1.0, -1.0))
"""Axis, limit and direction of inside for each side of the unit square."""


def corners(place: Place) -> Quad:
    """Return the corners of a rectangle, from the upper left, clockwise."""
    left, top, right, bottom = place.sides
    return (left, top), (right, top), (right, bottom), (left, bottom)


def seen_part(quad: Sequence[Corner]) -> list[Corner]:
    """Return the part of a polygon that lies in the picture; empty if none does.

    Source: Sutherland and Hodgman, "Reentrant polygon clipping" (1974).
    """
    points = list(quad)
    for axis, limit, inward in _SIDES:
        points = list(_cut(points, axis, limit, inward))
    return points


def _cut(points: Sequence[Corner], axis: int, limit: float, inward: float) -> Iterator[Corner]:
    for before, here in zip([*points[-1:], *points[:-1]], points, strict=True):
        was, now = ((point[axis] - limit) * inward for point in (before, here))
        if was * now < 0:
            share = was / (was - now)
            x, y = (a + share * (b - a) for a, b in zip(before, here, strict=True))
            yield x, y
        if now >= 0:
            yield here


def turned_about(quad: Quad) -> Quad:
    """Return where the upload lies in the registered picture, given where that lies in it."""
    origin, across, down = (np.array(quad[k]) for k in (0, 1, 3))
    sides = np.column_stack((across - origin, down - origin))
    found = np.linalg.solve(sides, (np.array(corners(EVERYWHERE)) - origin).T).T
    first, second, third, fourth = ((float(x), float(y)) for x, y in found)
    return first, second, third, fourth
