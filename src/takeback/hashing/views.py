"""One way of looking at a picture, and the signals of what is seen.

A view is made from the small grey picture of ``shrink.py``; its signals are a few bits from
those of the same part cut out at full size. Nothing here decides which views there are:
``normalise.py`` does for uploads, ``bundle.py`` for registration.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from takeback.hashing.pdq import Sampler, coefficients, dihedral_signals, quality_of
from takeback.hashing.place import Place
from takeback.hashing.seams import Grey
from takeback.hashing.signal import Signal
from takeback.hashing.upright import AS_STORED

LONGEST_SIDE: Final = 1024
"""Pixels along the longest side of the small grey picture."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the small grey picture, in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, grey: Grey) -> Self:
        """Return the whole picture's."""
        return cls(0, 0, grey.shape[1], grey.shape[0])

    def cut(self, grey: Grey) -> Grey:
        """Return that part of a picture, sharing its memory."""
        return grey[self.top : self.bottom, self.left : self.right]

    def within(self, grey: Grey) -> Place:
        """Return it in shares of the picture."""
        height, width = grey.shape
        return Place(self.left / width, self.top / height, self.right / width, self.bottom / height)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One view before it is hashed."""

    view: str
    place: Place
    grey: Grey

    @classmethod
    def at(cls, view: str, grey: Grey, box: Box) -> Self:
        """Look at a part of a picture."""
        return cls(view, box.within(grey), box.cut(grey))


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSignals:
    """What is left of one view once it is hashed."""

    view: str
    """Name of the view."""

    place: Place
    """Where in the picture it is; for a picture turned upright, all of it."""

    quality: int
    """Detail, 0 (flat) to 100, of this view alone."""

    dihedral: tuple[Signal, ...]
    """Eight signals: of the view as it lies, then of all other ways to turn and mirror it."""


def hash_look(look: Look) -> ViewSignals:
    """Hash one view."""
    height, width = look.grey.shape
    sampler = Sampler(width, height, AS_STORED)
    sampler.add(0, (look.grey + 0.5).astype(np.uint8)[:, :, None])
    samples = sampler.samples()
    return ViewSignals(
        view=look.view,
        place=look.place,
        quality=quality_of(samples),
        dihedral=dihedral_signals(coefficients(samples)),
    )
