"""The flat border that all frames of a video have in common.

One frame may be dark at its edge; a border is where no frame ever showed anything. So the part
inside only ever grows. A few frames are waited for before the first is trimmed, as many as fit
a fixed amount of memory.
"""

from dataclasses import dataclass, field, replace
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.footage import Luma
from takeback.hashing.place import EVERYWHERE, Place

FLAT: Final = 3.0
"""Mean distance of a row's levels from their mean, up to which it is flat."""

LEAST_BORDER: Final = 0.01
"""Share of a side that a border takes at least."""

LEAST_INSIDE: Final = 0.2
"""Share of a side that the part inside takes at least; less is a mistake, or of no use."""

WAITING_BYTES: Final = 24 << 20
"""Brightness of frames that is held while the border is not known yet."""

MOST_WAITING: Final = 24
"""Frames that are waited for at most."""

STRIDE: Final = 20
"""Of each row every twentieth pixel is looked at."""

Kept = TypeVar("Kept")


def inside(pixels: NDArray[np.uint8]) -> Place | None:
    """Return the part of a frame inside its flat border; None if all of it is flat."""
    top, bottom = _extent(pixels[:, ::STRIDE])
    rows = pixels[top:bottom]
    if not rows.size:
        return None
    left, right = _extent(rows[::STRIDE].T)
    height, width = pixels.shape
    return Place(left / width, top / height, right / width, bottom / height)


def _extent(lines: NDArray[np.uint8]) -> tuple[int, int]:
    """Return the first line that is not flat, and the one after the last."""
    levels = lines.astype(np.float32)
    spread = np.abs(levels - levels.mean(axis=1, keepdims=True)).mean(axis=1)
    detailed = np.flatnonzero(spread > FLAT)
    return (int(detailed[0]), int(detailed[-1]) + 1) if detailed.size else (0, 0)


def together(a: Place, b: Place) -> Place:
    """Return the smallest place that holds both."""
    left, top = min(a.left, b.left), min(a.top, b.top)
    return Place(left, top, max(a.right, b.right), max(a.bottom, b.bottom))


def cut(luma: Luma, place: Place) -> Luma:
    """Return that part of a frame, sharing its memory."""
    height, width = luma.pixels.shape
    rows = slice(round(place.top * height), round(place.bottom * height))
    columns = slice(round(place.left * width), round(place.right * width))
    return replace(luma, pixels=luma.pixels[rows, columns])


@dataclass(slots=True, eq=False)
class Border(Generic[Kept]):
    """What is known of a video's border so far, and the frames that wait for it."""

    _inside: Place | None = None
    _waiting: list[tuple[Luma, Kept]] | None = field(default_factory=list)

    @property
    def place(self) -> Place | None:
        """The part inside; None if there is no border worth trimming."""
        place = self._inside
        if place is None or min(place.right - place.left, place.bottom - place.top) < LEAST_INSIDE:
            return None
        pairs = zip(place.sides, EVERYWHERE.sides, strict=True)
        return place if any(abs(own - all_) >= LEAST_BORDER for own, all_ in pairs) else None

    def add(self, luma: Luma, kept: Kept) -> list[tuple[Luma, Kept]]:
        """Look at one more frame, and return those that can be trimmed now."""
        open_ = self._waiting is not None or self.place is not None
        if open_ and (here := inside(luma.pixels)):
            self._inside = together(self._inside or here, here)
        if self._waiting is None:
            return [(luma, kept)]
        self._waiting.append((replace(luma, pixels=luma.pixels.copy()), kept))
        enough = min(MOST_WAITING, WAITING_BYTES // max(1, luma.pixels.size))
        return self.rest() if len(self._waiting) >= enough else []

    def rest(self) -> list[tuple[Luma, Kept]]:
        """Return the frames that still wait; none will wait from now on."""
        waiting, self._waiting = self._waiting or [], None
        return waiting
