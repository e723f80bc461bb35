"""Putting guessed patches back where their places say: averaged, or by least squares.

A patch's signs do not know how bright it was, so least squares leaves that open for each patch;
overlapping patches settle it. What whole-picture signals say can be added as a faint backdrop,
because whoever has the one has the others.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from benchmarks.reveal.paint import HEIGHT, WIDTH, Grey, Mask
from benchmarks.reveal.patch import Spots, between
from benchmarks.reveal.pictures import reduced
from benchmarks.reveal.ridge import Numbers
from numpy.typing import NDArray

from takeback.hashing.patches import SIDE, STEP

Place = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]

STEPS: Final = 30
"""Of conjugate gradients: more change nothing that can be seen."""

SMOOTH: Final = 0.3
"""Weight of neighbouring pixels being alike; it fills what no patch covers."""

FAINT: Final = 0.002
"""Weight of every pixel being as bright as the picture's mean."""

FINE: Final = 1.0
"""A patch counts more than one twice its size by two to this power, for it knows details."""


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Guessed patches upon a canvas: one row for each pixel that each of them covers."""

    shape: tuple[int, int]
    pixel: NDArray[np.int64]
    patch: NDArray[np.int64]
    value: NDArray[np.float64]
    weight: NDArray[np.float64]

    def covered(self) -> Mask:
        """Return which pixels any patch covers."""
        seen = np.zeros(self.shape[0] * self.shape[1], np.bool_)
        seen[self.pixel] = True
        return seen.reshape(self.shape)


def lay(patches: Numbers, variance: NDArray[np.float64], spots: Spots, width: int) -> Pieces:
    """Lay patches, shape (n, 1024), on a canvas of 4:3 that is *width* pixels across."""
    shape = (HEIGHT * width // WIDTH, width)
    doubt = np.asarray(variance.reshape(SIDE, SIDE), np.float32)
    pixels, values, weights = [np.empty(0, np.int64)], [np.empty(0)], [np.empty(0)]
    for patch, spot in zip(patches, spots, strict=True):
        pixel, u, v = _under(spot, shape)
        step = STEP * float(np.exp(spot[2]))
        shown = _blurred(patch.reshape(SIDE, SIDE), WIDTH / (width * step))
        pixels.append(pixel)
        values.append(between(shown, u, v).astype(float))
        weights.append((8 / step) ** FINE * _middle(u) * _middle(v) / between(doubt, u, v))
    owner = np.repeat(np.arange(-1, len(patches)), [len(pixel) for pixel in pixels])
    columns = map(np.concatenate, (values, weights))
    return Pieces(shape, np.concatenate(pixels), owner, *columns)


def _under(spot: NDArray[np.float64], shape: tuple[int, int]) -> Place:
    """Return the pixels of a canvas that a patch covers, and where in the patch each lies."""
    x, y, ln_size, turn = spot
    scale, step = shape[1] / WIDTH, STEP * float(np.exp(ln_size))
    reach = step * SIDE / math.sqrt(2)
    columns = np.arange(
        max(0, int((x - reach) * scale)), min(shape[1], int((x + reach) * scale) + 2)
    )
    rows = np.arange(max(0, int((y - reach) * scale)), min(shape[0], int((y + reach) * scale) + 2))
    across = ((columns + 0.5) / scale - x)[None, :]
    down = ((rows + 0.5) / scale - y)[:, None]
    u = (across * math.cos(turn) + down * math.sin(turn)) / step + SIDE / 2
    v = (down * math.cos(turn) - across * math.sin(turn)) / step + SIDE / 2
    inside = (u >= 0) & (u < SIDE) & (v >= 0) & (v < SIDE)
    pixel = (rows[:, None] * shape[1] + columns[None, :])[inside]
    return pixel, u[inside] - 0.5, v[inside] - 0.5


def _middle(place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh a sample by how far it is from the border of its patch, so that no seams show."""
    return np.sqrt(np.maximum(0.02, np.cos((place + 0.5 - SIDE / 2) * (math.pi / SIDE))))


def _blurred(patch: Grey, samples: float) -> Grey:
    """Blur a patch whose samples lie closer than the canvas's pixels, *samples* to a pixel."""
    half = int(samples // 2)
    if half < 1:
        return patch
    padded = np.pad(patch, half, mode="edge")
    sums = np.cumsum(np.cumsum(np.pad(padded, ((1, 0), (1, 0))), axis=0), axis=1)
    side = 2 * half + 1
    boxes = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return np.asarray(boxes / side**2, np.float32)


def averaged(pieces: Pieces) -> Grey:
    """Average what patches say of each pixel; 0 where none is."""
    size = pieces.shape[0] * pieces.shape[1]
    total = np.bincount(pieces.pixel, pieces.weight * pieces.value, size)
    weight = np.bincount(pieces.pixel, pieces.weight, size)
    return np.asarray(total / np.maximum(weight, 1e-9), np.float32).reshape(pieces.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """What whole-picture signals say: a small picture, and how wrong each pixel of it may be."""

    picture: Grey
    variance: NDArray[np.float64]


def solved(pieces: Pieces, backdrop: Backdrop | None = None) -> Grey:
    """Find the canvas that suits all patches best, whatever the brightness of each."""
    problem = _Problem(pieces, backdrop)
    canvas = np.zeros(pieces.shape[0] * pieces.shape[1])
    rest = problem.wanted()
    direction, power = rest.copy(), float(rest @ rest)
    for _ in range(STEPS):
        if power < 1e-9:
            break
        image = problem.apply(direction)
        step = power / float(direction @ image)
        canvas += step * direction
        rest -= step * image
        power, before = float(rest @ rest), power
        direction = rest + power / before * direction
    return canvas.reshape(pieces.shape).astype(np.float32)


class _Problem:
    """The normal equations, applied without ever being written out."""

    def __init__(self, pieces: Pieces, backdrop: Backdrop | None) -> None:
        self._pieces, self._backdrop = pieces, backdrop
        self._count = int(pieces.patch.max()) + 1 if len(pieces.patch) else 0
        self._weights = np.bincount(pieces.patch, pieces.weight, self._count)
        if backdrop is not None:
            self._factor = pieces.shape[1] // backdrop.picture.shape[1]

    def wanted(self) -> NDArray[np.float64]:
        wanted = self._gathered(self._pieces.value)
        if self._backdrop is not None:
            wanted = wanted + self._spread(self._backdrop.picture / self._backdrop.variance)
        return wanted

    def apply(self, canvas: NDArray[np.float64]) -> NDArray[np.float64]:
        picture = canvas.reshape(self._pieces.shape)
        found = self._gathered(canvas[self._pieces.pixel]) + FAINT * canvas
        found += SMOOTH * _roughness(picture).ravel()
        if self._backdrop is not None:
            small = reduced(picture.astype(np.float32), self._backdrop.picture.shape[1])
            found = found + self._spread(small / self._backdrop.variance)
        return np.asarray(found)

    def _gathered(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take from each patch's values their mean, weigh them and add them up by pixel."""
        pieces = self._pieces
        weighted = pieces.weight * values
        means = np.bincount(pieces.patch, weighted, self._count) / np.maximum(self._weights, 1e-12)
        rows = weighted - pieces.weight * means[pieces.patch]
        size = pieces.shape[0] * pieces.shape[1]
        return np.asarray(np.bincount(pieces.pixel, rows, size), np.float64)

    def _spread(self, small: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give each pixel of the canvas its share of the small pixel that it lies in."""
        large = small.repeat(self._factor, axis=0).repeat(self._factor, axis=1)
        return np.asarray(large.ravel() / self._factor**2)


def _roughness(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each pixel is above its neighbours, all four together."""
    padded = np.pad(picture, 1, mode="edge")
    around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    return np.asarray(4 * picture - around)
