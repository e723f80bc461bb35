"""Signals of many crops of one photograph, plain and framed, some tens of microseconds each.

A crop is never cut out: its 64 x 64 samples are area means read from the photograph's
integral, and the frame around it is laid over them. Transform, median and order of bits are
those of ``takeback.hashing.pdq``; only the two box passes are replaced by the area mean, so a
signal lies some bits beside the exact one, as after a resize.
"""

from typing import Final, NamedTuple

import numpy as np
from benchmarks.index.kernels import (
    CAPTION,
    LETTERBOX,
    PLAIN,
    SCREEN,
    SIDES,
    Canvas,
    Wanted,
    collect,
    crop_signal,
)
from benchmarks.index.screens import Screen
from numpy.typing import NDArray

Signals = NDArray[np.uint8]

SAME: Final = 31
"""Crops this many bits apart or fewer are kept once."""

NEAR_KEPT: Final = 16
"""Crops of a photograph that were not kept, remembered as questions."""

DRAWS: Final = 4
"""Crops drawn at most for each one wanted; a plain sky gives no more."""


class Style(NamedTuple):
    """What the crops of a bank look like."""

    name: str
    least_side: float
    """Width and height are drawn from here to 1, independently."""

    shares: tuple[float, float, float, float, float]
    """Of plain crops, letterboxes, side bars, caption bars and app screens."""


PLAIN_CROPS: Final = Style("plain", 0.15, (1.0, 0.0, 0.0, 0.0, 0.0))
FRAMED_CROPS: Final = Style("framed", 0.3, (0.35, 0.25, 0.1, 0.1, 0.2))
STYLES: Final = {style.name: style for style in (PLAIN_CROPS, FRAMED_CROPS)}

KINDS: Final = (PLAIN, LETTERBOX, SIDES, CAPTION, SCREEN)


class Crops(NamedTuple):
    """What one photograph gave."""

    kept: Signals
    near: Signals
    """Of crops within ``SAME`` bits of a kept one."""

    drawn: int
    dull: int
    """How many were dropped for their quality."""


def integral(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums of all pixels above and left of each corner, one row and column more."""
    sums = np.zeros((grey.shape[0] + 1, grey.shape[1] + 1))
    sums[1:, 1:] = grey.cumsum(axis=0).cumsum(axis=1)
    return sums


def crops_of(
    sums: NDArray[np.float64], style: Style, screens: list[Screen], *, want: int, seed: int
) -> Crops:
    """Draw crops of one photograph until *want* are kept or it gives no more.

    Args:
        sums: the photograph's integral.
        style: what the crops look like.
        screens: what app screens look like.
        want: how many to keep.
        seed: the same seed gives the same crops.
    """
    canvas = Canvas(
        sums,
        np.stack([screen.samples for screen in screens]),
        np.array([screen.place for screen in screens]),
        np.cumsum(style.shares),
        style.least_side,
    )
    kept = np.empty((want, 32), np.uint8)
    near = np.empty((NEAR_KEPT, 32), np.uint8)
    found, close, drawn, dull = collect(canvas, Wanted(seed, DRAWS * want, SAME), kept, near)
    return Crops(kept[:found], near[:close], drawn, dull)


def signal_of_crop(sums: NDArray[np.float64], box: tuple[float, float, float, float]) -> Signals:
    """Return the signal of one plain crop, shape (32,); *box* is top, left, bottom, right."""
    signal = np.empty(32, np.uint8)
    crop_signal(sums, np.array(box), signal)
    return signal
