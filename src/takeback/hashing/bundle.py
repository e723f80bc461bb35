"""What a reporter's device registers beside the whole picture: reporter views.

Two reasons for a view. Platforms mirror and cut pictures by themselves, and a program that
compares whole pictures only finds such a copy when it was registered. And the copy she has
may be a screenshot, carry a caption or a border, or be tilted: what is inside the frame is
registered too, and the frame as well.

Panels of a collage are not registered: they may be other people's pictures.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from takeback.hashing.place import EVERYWHERE
from takeback.hashing.seams import Grey
from takeback.hashing.signal import Signal
from takeback.hashing.upright import AS_STORED, Turn
from takeback.hashing.views import Box, Look, ViewSignals, hash_look

SHAPES: Final = {
    "centre_1x1": (1, 1),
    "centre_4x5": (4, 5),
    "centre_3x4": (3, 4),
    "centre_9x16": (9, 16),
    "centre_16x9": (16, 9),
}
"""The shapes that platforms cut pictures to, width and height, by the name of their view."""

FRAMED: Final = ("trimmed", "uncaptioned", "levelled")
"""Query views that are registered as well: what a frame was put around."""

MIRRORED: Final = 5
"""Which of the eight signals is that of the picture mirrored left to right."""

WHOLE_AXIS: Final = 0.985
"""A cut that keeps more than this of both sides is the whole picture."""


def views(
    grey: Grey, seen: Iterable[Look], turn: Turn, dihedral: Sequence[Signal], quality: int
) -> Iterator[ViewSignals]:
    """Yield the views to register beside the whole picture.

    Args:
        grey: the small upright grey picture.
        seen: the query looks at it, of which those inside a frame are registered.
        turn: how the stored picture was turned upright.
        dihedral: the eight signals of the whole picture.
        quality: of the whole picture.
    """
    mirror = (dihedral[MIRRORED], *dihedral[:MIRRORED], *dihedral[MIRRORED + 1 :])
    yield ViewSignals(view="mirror", place=EVERYWHERE, quality=quality, dihedral=mirror)
    yield from map(hash_look, _looks(grey, seen, turn))


def _looks(grey: Grey, seen: Iterable[Look], turn: Turn) -> Iterator[Look]:
    """Yield the views that need pixels: as stored, cut to shapes, and without frames."""
    if turn != AS_STORED:
        yield Look("stored", EVERYWHERE, as_stored(grey, turn))
    for view, (width, height) in SHAPES.items():
        box = centred(grey, width / height)
        if box is not None:
            yield Look.at(view, grey, box)
    yield from (look for look in seen if look.view in FRAMED)


def as_stored(grey: Grey, turn: Turn) -> Grey:
    """Turn an upright picture back to how it is stored."""
    reversed_ = grey[:: -1 if turn.flipped else 1, :: -1 if turn.mirrored else 1]
    return np.ascontiguousarray(reversed_.T if turn.transposed else reversed_)


def centred(grey: Grey, shape: float) -> Box | None:
    """Return the largest centred part of a shape, or None where that is the whole picture."""
    height, width = grey.shape
    across, down = min(1.0, height * shape / width), min(1.0, width / shape / height)
    if min(across, down) >= WHOLE_AXIS:
        return None
    wide, high = round(across * width), round(down * height)
    left, top = (width - wide) // 2, (height - high) // 2
    return Box(left, top, left + wide, top + high)
