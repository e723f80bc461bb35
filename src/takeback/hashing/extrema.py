"""Where a picture has something to hold on to: extrema of the determinant of the Hessian.

In each layer of the scale space the determinant of the second derivatives says how blob-like
every place is; a place that exceeds all its neighbours, also those in the layers above and
below, is a candidate, and a quadratic through its neighbours says exactly where it lies, how
large it is and how strong. ``docs/reference/signals.md`` specifies the numbers.

Source: Lindeberg, "Feature Detection with Automatic Scale Selection" (1998).
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.kernels import compiled
from takeback.hashing.scalespace import SIZES, ScaleSpace, octave_of

WEAKEST: Final = 0.5
"""Smallest strength of a candidate; before the quadratic is fitted, 0.6 of it is enough."""

BORDER: Final = 2
MOST_FITS: Final = 3
FARTHEST: Final = 0.6
"""How far from the middle of the neighbours the fitted extremum may lie, in steps."""

EDGE: Final = 121.0 / 10.0
"""Largest square of the trace of the second derivatives over their determinant: edges exceed it."""

LN2_3: Final = 0.231049060187
"""A third of the natural logarithm of 2."""


CANDIDATE: Final = np.dtype(
    [
        ("strength", np.float64),
        ("x", np.float64),
        ("y", np.float64),
        ("layer", np.float64),
        ("size", np.float64),
        ("octave", np.int64),
    ]
)
"""One candidate: place, layer and size as fitted, in pixels of its octave."""


def candidates(space: ScaleSpace) -> NDArray[np.void]:
    """Return all candidates, shape (n,), dtype ``CANDIDATE``."""
    found = [find(octave_of(space, octave), octave, SIZES) for octave in range(len(space.octaves))]
    table = np.concatenate([np.empty((0, 6)), *found])
    rows = np.empty(len(table), CANDIDATE)
    for column, name in enumerate(CANDIDATE.names or ()):
        rows[name] = table[:, column]
    return rows


@compiled
def respond(layer: NDArray[np.float32], size: float, response: NDArray[np.float32]) -> None:
    """Set *response* to the root of the determinant of second derivatives, times *size* squared."""
    height, width = layer.shape
    response[:] = 0.0
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            twice = 2.0 * layer[y, x]
            xx = np.float64(layer[y, x + 1]) + np.float64(layer[y, x - 1]) - twice
            yy = np.float64(layer[y + 1, x]) + np.float64(layer[y - 1, x]) - twice
            falling = np.float64(layer[y + 1, x + 1]) - np.float64(layer[y + 1, x - 1])
            rising = np.float64(layer[y - 1, x + 1]) - np.float64(layer[y - 1, x - 1])
            xy = 0.25 * (falling - rising)
            determinant = xx * yy - xy * xy
            response[y, x] = size * size * np.sqrt(max(0.0, determinant))


@compiled
def find(
    layers: NDArray[np.float32], octave: int, sizes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the candidates of one octave, shape (n, 6), columns as in ``CANDIDATE``."""
    responses = np.empty_like(layers)
    for i in range(layers.shape[0]):
        respond(layers[i], sizes[i], responses[i])
    found, count = np.empty((256, 6)), 0
    for i in range(1, layers.shape[0] - 1):
        for y in range(BORDER, layers.shape[1] - BORDER):
            for x in range(BORDER, layers.shape[2] - BORDER):
                if is_peak(responses, i, y, x) and refine(responses, (i, y, x), found[count]):
                    found[count, 4] = size_at(found[count, 3], sizes)
                    found[count, 5] = octave
                    count += 1
                    if count == found.shape[0]:
                        found = np.concatenate((found, np.empty_like(found)))
    return found[:count]


@compiled
def is_peak(responses: NDArray[np.float32], i: int, y: int, x: int) -> bool:
    """Tell whether a response is strong enough and above all its 26 neighbours."""
    value = responses[i, y, x]
    if value < 0.6 * WEAKEST or value <= responses[i, y, x - 1] or value <= responses[i, y, x + 1]:
        return False
    for z in range(i - 1, i + 2):
        for v in range(y - 1, y + 2):
            for u in range(x - 1, x + 2):
                if responses[z, v, u] >= value and not (z == i and v == y and u == x):
                    return False
    return True


class Fit(NamedTuple):
    """A quadratic through a response and its neighbours: derivatives, and where it is highest."""

    x: float
    y: float
    layer: float
    rise: float
    """How far its highest value is above the response."""
    edge: bool
    """Whether it is so much steeper one way than across that it lies on an edge."""


@compiled
def fit(responses: NDArray[np.float32], i: int, y: int, x: int) -> Fit:
    """Fit by central differences; a fit without a highest point lies infinitely far away."""
    near = responses[i - 1 : i + 2, y - 1 : y + 2, x - 1 : x + 2].astype(np.float64)
    gx = 0.5 * (near[1, 1, 2] - near[1, 1, 0])
    gy = 0.5 * (near[1, 2, 1] - near[1, 0, 1])
    gz = 0.5 * (near[2, 1, 1] - near[0, 1, 1])
    twice = 2.0 * near[1, 1, 1]
    xx = near[1, 1, 2] + near[1, 1, 0] - twice
    yy = near[1, 2, 1] + near[1, 0, 1] - twice
    zz = near[2, 1, 1] + near[0, 1, 1] - twice
    xy = 0.25 * ((near[1, 2, 2] - near[1, 2, 0]) - (near[1, 0, 2] - near[1, 0, 0]))
    xz = 0.25 * ((near[2, 1, 2] - near[2, 1, 0]) - (near[0, 1, 2] - near[0, 1, 0]))
    yz = 0.25 * ((near[2, 2, 1] - near[2, 0, 1]) - (near[0, 2, 1] - near[0, 0, 1]))
    a, b, c = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    determinant = xx * a + xy * b + xz * c
    if determinant == 0.0:
        return Fit(np.inf, np.inf, np.inf, 0.0, True)
    d, e, f = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    ox = -(a * gx + b * gy + c * gz) / determinant
    oy = -(b * gx + d * gy + e * gz) / determinant
    oz = -(c * gx + e * gy + f * gz) / determinant
    rise = 0.5 * (gx * ox + gy * oy + gz * oz)
    trace = xx + yy
    return Fit(ox, oy, oz, rise, f <= 0.0 or trace * trace >= EDGE * f)


@compiled
def one_step(offset: float) -> int:
    """Return the step towards a fitted extremum that lies too far away: -1, 0 or 1."""
    if offset > FARTHEST:
        return 1
    return -1 if offset < -FARTHEST else 0


@compiled
def is_inside(responses: NDArray[np.float32], i: int, y: int, x: int) -> bool:
    """Tell whether a place has neighbours on all sides and keeps clear of the border."""
    layers, height, width = responses.shape
    clear = BORDER <= y < height - BORDER and BORDER <= x < width - BORDER
    return clear and bool(1 <= i < layers - 1)


@compiled
def refine(
    responses: NDArray[np.float32], place: tuple[int, int, int], row: NDArray[np.float64]
) -> bool:
    """Follow the fit to the extremum and write strength, x, y and layer; False to drop it."""
    i, y, x = place
    for _ in range(MOST_FITS):
        best = fit(responses, i, y, x)
        if not abs(best.x) < np.inf:
            return False
        along, down, up = one_step(best.x), one_step(best.y), one_step(best.layer)
        if along == 0 and down == 0 and up == 0:
            row[0] = responses[i, y, x] + best.rise
            row[1], row[2], row[3] = x + best.x, y + best.y, i + best.layer
            return bool(row[0] >= WEAKEST) and not best.edge
        i, y, x = i + up, y + down, x + along
        if not is_inside(responses, i, y, x):
            return False
    return False


@compiled
def size_at(layer: float, sizes: NDArray[np.float64]) -> float:
    """Return 1.4 · 2^(layer/3), by the nearest layer and a polynomial."""
    nearest = int(np.floor(layer + 0.5))
    t = (layer - nearest) * LN2_3
    power = 1.0 + t * (1.0 + t * (0.5 + t * (1.0 / 6.0 + t * (1.0 / 24.0 + t / 120.0))))
    return float(sizes[nearest] * power)
