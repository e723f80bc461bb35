"""Putting patches back that do not say where they belong, or which way up they are.

The jigsaw's box is what whole-picture signals draw: each patch, large ones first, goes where
it suits best, the picture is solved anew, and the patches are tried again upon it.
"""

from typing import Final

import numpy as np
from benchmarks.reveal.canvas import Backdrop, lay, solved
from benchmarks.reveal.paint import HEIGHT, WIDTH, Grey
from benchmarks.reveal.patch import Spots, between, cut, levels_removed
from benchmarks.reveal.ridge import Numbers
from numpy.typing import NDArray
from PIL import Image
from skimage.feature import match_template

from takeback.hashing.keypoint_signals import TURNS
from takeback.hashing.patches import SIDE, STEP

ROUNDS: Final = 4
CANVAS: Final = 128
"""Pixels across the picture that patches are tried on."""

NUDGES: Final = 9
"""Places along each axis that are tried in a sixteenth of the picture."""

SMALLEST: Final = 4
"""Pixels along a side, below which a patch has nothing to be recognised by."""

Variance = NDArray[np.float64]


def turned(patches: Numbers, variance: Variance, spots: Spots, box: Backdrop) -> Spots:
    """Guess directions, places being known."""
    spots, picture = spots.copy(), _large(box.picture)
    for _ in range(ROUNDS):
        fits = np.stack([_fit(patches, _facing(spots, turn), picture) for turn in range(TURNS)])
        spots[:, 3] = fits.argmax(axis=0) * (2 * np.pi / TURNS)
        picture = _large(solved(lay(patches, variance, spots, CANVAS), box))
    return spots


def _facing(spots: Spots, turn: int) -> Spots:
    faced = spots.copy()
    faced[:, 3] = turn * (2 * np.pi / TURNS)
    return faced


def nudged(patches: Numbers, variance: Variance, spots: Spots, box: Backdrop) -> Spots:
    """Guess where in its sixteenth of the picture each patch lies."""
    found, steps = spots, np.linspace(-WIDTH / 32, WIDTH / 32, NUDGES)
    moves = np.stack([each.ravel() for each in np.meshgrid(steps, steps)], axis=1)
    for _ in range(ROUNDS):
        picture = _large(solved(lay(patches, variance, found, CANVAS), box))
        fits = np.stack([_fit(patches, _moved(spots, move), picture) for move in moves])
        found = _moved(spots, moves[fits.argmax(axis=0)])
    return found


def _moved(spots: Spots, move: NDArray[np.float64]) -> Spots:
    moved = spots.copy()
    moved[:, :2] += move
    return moved


def _fit(patches: Numbers, spots: Spots, picture: Grey) -> Numbers:
    shown = levels_removed(cut(picture, spots))
    return np.asarray((shown * patches).sum(axis=1) / (np.linalg.norm(shown, axis=1) + 1e-6))


def _large(picture: Grey) -> Grey:
    return np.asarray(Image.fromarray(picture).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))


def placed(patches: Numbers, variance: Variance, spots: Spots, box: Backdrop) -> Spots:
    """Guess places, sizes and directions being known."""
    picture, found = _canvas(box.picture), spots.copy()
    order = np.argsort(-spots[:, 2])
    for share in np.linspace(0.25, 1, ROUNDS):
        chosen = order[: max(1, round(share * len(order)))]
        for number in chosen:
            found[number, :2] = _best_place(patches[number], spots[number], picture)
        pieces = lay(patches[chosen], variance, found[chosen], CANVAS)
        picture = solved(pieces, box)
    return found


def _canvas(picture: Grey) -> Grey:
    size = (CANVAS, HEIGHT * CANVAS // WIDTH)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def _best_place(patch: Numbers, spot: NDArray[np.float64], picture: Grey) -> tuple[float, float]:
    """Return the middle, in 512ths, of where an upright square out of a patch suits best."""
    scale, step = WIDTH / CANVAS, STEP * float(np.exp(spot[2]))
    side = int(SIDE * step / np.sqrt(2) / scale)
    side = min(max(side, SMALLEST), *(each - 1 for each in picture.shape))
    offset = (np.arange(side) + 0.5 - side / 2) * scale / step
    across, down = offset[None, :], offset[:, None]
    u = across * np.cos(spot[3]) + down * np.sin(spot[3]) + SIDE / 2 - 0.5
    v = down * np.cos(spot[3]) - across * np.sin(spot[3]) + SIDE / 2 - 0.5
    square = between(patch.reshape(SIDE, SIDE), u, v)
    fits = match_template(picture, square)  # type: ignore[no-untyped-call]
    top, left = np.unravel_index(int(fits.argmax()), fits.shape)
    return (left + side / 2) * scale, (top + side / 2) * scale


def share_right(found: Spots, true: Spots, near: float = WIDTH / 16) -> float:
    """Return the share of patches that were put within *near* of where they belong."""
    return float((np.hypot(*(found - true)[:, :2].T) < near).mean())
