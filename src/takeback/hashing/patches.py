"""What a keypoint's surroundings look like: a turned and scaled patch, as 256 signs.

The patch is sampled from the 512-pixel picture, upright in the keypoint's own direction and
as large as its size says, and transformed with a two-dimensional cosine transform; of the
16 x 16 lowest frequencies without the constant ones one bit each is kept, as in PDQ.

Mirroring or inverting a picture only changes signs of the coefficients, so its other views
cost no second transform. ``docs/reference/signals.md`` specifies the numbers.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.kernels import compiled
from takeback.hashing.scalespace import halve

SIDE: Final = 32
"""Samples along each side of a patch."""

STEP: Final = 0.3
"""From one sample to the next, in sizes of the keypoint; half a patch is 4.8 sizes wide."""

LEVELS: Final = 5
"""The picture and how often it is halved: large patches are sampled from a smaller one."""

COARSEST: Final = 0.7
"""How near to one pixel the samples of a level may lie."""

FREQUENCIES: Final = 16

_QUARTER: Final = (
    *(1.0, 0.998795456, 0.995184727, 0.98917651, 0.98078528, 0.970031253, 0.956940336),
    *(0.941544065, 0.923879533, 0.903989293, 0.881921264, 0.85772861, 0.831469612),
    *(0.803207531, 0.773010453, 0.740951125, 0.707106781, 0.671558955, 0.634393284),
    *(0.595699304, 0.555570233, 0.514102744, 0.471396737, 0.427555093, 0.382683432),
    *(0.336889853, 0.290284677, 0.24298018, 0.195090322, 0.146730474, 0.09801714),
    *(0.049067674, 0.0),
)
"""Cosines of 0, 1 … 32 times π/64."""


def _cosines() -> NDArray[np.float64]:
    half = [*_QUARTER, *(-value for value in _QUARTER[-2::-1])]
    circle = np.array([*half, *half[-2:0:-1]])
    place, frequency = np.meshgrid(np.arange(SIDE), np.arange(1, FREQUENCIES + 1), indexing="ij")
    return np.asarray(circle[(2 * place + 1) * frequency % circle.size])


COSINES: Final = _cosines()
"""Shape (32, 16): of every sample, for every frequency from 1."""

BIT_ORDER: Final = np.argsort(
    np.add.outer(np.arange(FREQUENCIES), np.arange(FREQUENCIES)).ravel(), kind="stable"
)
"""Low frequencies first, so that the first half of the bits is a coarser signal by itself."""

_ODD: Final = np.array([-1.0, 1.0] * (FREQUENCIES // 2), np.float32)
"""What mirroring along an axis does to its frequencies, of which the first is 1."""

MIRRORED: Final = np.repeat(_ODD, FREQUENCIES)
"""Shape (256,): what mirroring does to the coefficients, downwards then across."""

INVERTED: Final = -np.outer(_ODD, _ODD).ravel()
"""What exchanging light and dark does: it also turns the keypoint around."""

Levels = tuple[
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
]


def coefficients(picture: NDArray[np.float32], chosen: NDArray[np.void]) -> NDArray[np.float32]:
    """Transform the patch of every keypoint.

    Args:
        picture: shape (height, width), no side below 16.
        chosen: keypoints of ``ranking.KEYPOINT``.

    Returns:
        Shape (n, 256): frequencies 1 to 16, downwards then across.
    """
    found = np.empty((len(chosen), FREQUENCIES * FREQUENCIES), np.float32)
    if len(chosen):
        columns = ("x", "y", "size", "cosine", "sine")
        places = np.array([chosen[name] for name in columns]).T.copy()
        describe(_levels(picture), places, COSINES, found)
    return found


def bits_of(found: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Cut each row of coefficients at its median, the mean of the two middle ones.

    Returns:
        Shape (n, 32), in ``BIT_ORDER``, from the most significant bit of the first byte.
    """
    middle = found.shape[1] // 2
    halves = np.partition(found, (middle - 1, middle), axis=1)[:, middle - 1 : middle + 1]
    median = halves.astype(np.float64).sum(axis=1, keepdims=True) / 2
    ones = np.ascontiguousarray((found > median)[:, BIT_ORDER])
    return np.packbits(ones, axis=1)


def _levels(picture: NDArray[np.float32]) -> Levels:
    levels = [picture]
    for _ in range(LEVELS - 1):
        above = levels[-1]
        below = np.empty((above.shape[0] // 2, above.shape[1] // 2), np.float32)
        halve(above, below)
        levels.append(below)
    return (levels[0], levels[1], levels[2], levels[3], levels[4])


@compiled
def describe(
    levels: Levels,
    places: NDArray[np.float64],
    cosines: NDArray[np.float64],
    found: NDArray[np.float32],
) -> None:
    """Write the coefficients of each keypoint: x, y, size, cosine and sine."""
    patch = np.empty((SIDE, SIDE), np.float32)
    for i in range(places.shape[0]):
        level, power = 0, 1.0
        while level < LEVELS - 1 and COARSEST * (STEP * places[i, 2]) >= 2.0 * power:
            level += 1
            power *= 2.0
        sample(levels[level], power, places[i], patch)
        transform(patch, cosines, found[i])


@compiled
def sample(
    picture: NDArray[np.float32],
    power: float,
    place: NDArray[np.float64],
    patch: NDArray[np.float32],
) -> None:
    """Sample a patch between the pixels of a picture halved to 1/*power*; outside, the border's."""
    x, y, size, cosine, sine = place
    step = STEP * size
    right, bottom = float(picture.shape[1] - 1), float(picture.shape[0] - 1)
    for j in range(SIDE):
        down = (j + 0.5 - SIDE // 2) * step
        for i in range(SIDE):
            across = (i + 0.5 - SIDE // 2) * step
            u = (x + (across * cosine - down * sine) + 0.5) / power - 0.5
            v = (y + (across * sine + down * cosine) + 0.5) / power - 0.5
            u, v = min(max(u, 0.0), right), min(max(v, 0.0), bottom)
            left, top = int(u), int(v)
            after, below = min(left + 1, int(right)), min(top + 1, int(bottom))
            upper = between(picture[top, left], picture[top, after], u - left)
            lower = between(picture[below, left], picture[below, after], u - left)
            patch[j, i] = between(upper, lower, v - top)


@compiled
def between(first: float, second: float, share: float) -> float:
    """Return the value that lies *share* of the way from the first to the second."""
    return np.float64(first) + share * (np.float64(second) - np.float64(first))


@compiled
def transform(
    patch: NDArray[np.float32], cosines: NDArray[np.float64], found: NDArray[np.float32]
) -> None:
    """Write the lowest frequencies: sums along rows first, then down columns."""
    row, total = np.empty(FREQUENCIES), np.zeros((FREQUENCIES, FREQUENCIES))
    for j in range(SIDE):
        row[:] = 0.0
        for i in range(SIDE):
            for k in range(FREQUENCIES):
                row[k] += patch[j, i] * cosines[i, k]
        for m in range(FREQUENCIES):
            for k in range(FREQUENCIES):
                total[m, k] += cosines[j, m] * row[k]
    for m in range(FREQUENCIES):
        for k in range(FREQUENCIES):
            found[FREQUENCIES * m + k] = total[m, k]
