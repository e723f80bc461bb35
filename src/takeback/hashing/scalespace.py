"""A picture at every scale: blurred step by step, and halved octave by octave.

Arithmetic is in double precision, in the order written, and every picture kept is in single
precision; only + - × ÷ and the square root occur. The numbers are those of
``docs/reference/signals.md``, which specifies all of this for other implementations.

Source: Lindeberg, "Feature Detection with Automatic Scale Selection" (1998).
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.kernels import compiled

FIRST_KERNEL: Final = np.array([0.305208452, 0.227829452, 0.094765399, 0.021964248, 0.002836675])
"""Half a Gaussian, middle first: from an assumed blur of 0.5 pixels to 1.4."""

STEP_KERNELS: Final = (
    np.array([0.371809896, 0.240830486, 0.065445986, 0.007461662, 0.000356919]),
    np.array([0.295110909, 0.22447539, 0.098791402, 0.025155706, 0.003706131, 0.000315916]),
    np.array(
        [0.234247638, 0.197163037, 0.117564535, 0.049662401, 0.014862082, 0.003150882, 0.000473244]
    ),
    np.array(
        [
            *(0.185980603, 0.166845801, 0.120464247, 0.069999722),
            *(0.03273631, 0.012321353, 0.00373235, 0.000909916),
        ]
    ),
)
"""From each layer to the next, a third of an octave further."""

SIZES: Final = np.array([1.4, 1.76388947, 2.222361473, 2.8, 3.52777894])
"""The blur of each layer, in pixels of its octave."""

LAYERS: Final = SIZES.size
DOUBLED: Final = 3
"""The layer with twice the blur of the first, halved for the next octave."""

OCTAVES: Final = 7
SMALLEST_SIDE: Final = 16
"""No octave has a side below this."""


class ScaleSpace(NamedTuple):
    """All layers of all octaves of one picture, one after the other in memory."""

    pixels: NDArray[np.float32]
    """Octave after octave, in each layer after layer, in each row after row."""

    octaves: NDArray[np.int64]
    """Shape (n, 3): where the octave starts in ``pixels``, its height and its width."""


def scale_space(picture: NDArray[np.float32]) -> ScaleSpace:
    """Blur and halve a picture of shape (height, width)."""
    octaves = _octaves(*picture.shape)
    space = ScaleSpace(np.empty(_end(octaves), np.float32), octaves)
    if len(octaves):
        fill(picture, FIRST_KERNEL, STEP_KERNELS, space)
    return space


def _octaves(height: int, width: int) -> NDArray[np.int64]:
    octaves: list[tuple[int, int, int]] = []
    start = 0
    while min(height, width) >= SMALLEST_SIDE and len(octaves) < OCTAVES:
        octaves.append((start, height, width))
        start += LAYERS * height * width
        height, width = height // 2, width // 2
    return np.array(octaves, np.int64).reshape(-1, 3)


def _end(octaves: NDArray[np.int64]) -> int:
    return int(octaves[-1, 0] + LAYERS * octaves[-1, 1] * octaves[-1, 2]) if len(octaves) else 0


@compiled
def octave_of(space: ScaleSpace, octave: int) -> NDArray[np.float32]:
    """Return the layers of one octave, shape (5, height, width), sharing their memory."""
    start, height, width = space.octaves[octave]
    end = start + LAYERS * height * width
    return space.pixels[start:end].reshape((LAYERS, height, width))


@compiled
def fill(
    picture: NDArray[np.float32],
    first: NDArray[np.float64],
    steps: tuple[NDArray[np.float64], ...],
    space: ScaleSpace,
) -> None:
    """Compute every layer of every octave."""
    for octave in range(space.octaves.shape[0]):
        layers = octave_of(space, octave)
        if octave == 0:
            blur(picture, first, layers[0])
        else:
            halve(octave_of(space, octave - 1)[DOUBLED], layers[0])
        blur(layers[0], steps[0], layers[1])
        blur(layers[1], steps[1], layers[2])
        blur(layers[2], steps[2], layers[3])
        blur(layers[3], steps[3], layers[4])


@compiled
def mirrored(place: int, size: int) -> int:
    """Return which pixel stands for one beyond the border: … b a | a b …."""
    if place < 0:
        return -1 - place
    return place if place < size else 2 * size - 1 - place


@compiled
def blur(
    source: NDArray[np.float32], kernel: NDArray[np.float64], target: NDArray[np.float32]
) -> None:
    """Blur rows, then columns; the middle first, then each pair of neighbours outwards."""
    half = np.empty(source.shape, np.float32)
    sums = np.empty(source.shape[1])
    blur_rows(source, kernel, sums, half)
    blur_columns(half, kernel, sums, target)


@compiled
def blur_rows(
    source: NDArray[np.float32],
    kernel: NDArray[np.float64],
    sums: NDArray[np.float64],
    target: NDArray[np.float32],
) -> None:
    """Blur along every row; *sums* holds one of them."""
    width, reach = sums.size, kernel.size - 1
    row = np.empty(width + 2 * reach)
    for y in range(source.shape[0]):
        for x in range(-reach, width + reach):
            row[x + reach] = source[y, mirrored(x, width)]
        for x in range(width):
            sums[x] = kernel[0] * row[x + reach]
        for k in range(1, kernel.size):
            for x in range(width):
                sums[x] += kernel[k] * (row[x + reach - k] + row[x + reach + k])
        for x in range(width):
            target[y, x] = sums[x]


@compiled
def blur_columns(
    source: NDArray[np.float32],
    kernel: NDArray[np.float64],
    sums: NDArray[np.float64],
    target: NDArray[np.float32],
) -> None:
    """Blur along every column, a row of them at a time."""
    height, width = source.shape
    for y in range(height):
        for x in range(width):
            sums[x] = kernel[0] * source[y, x]
        for k in range(1, kernel.size):
            above, below = source[mirrored(y - k, height)], source[mirrored(y + k, height)]
            for x in range(width):
                sums[x] += kernel[k] * (np.float64(above[x]) + np.float64(below[x]))
        for x in range(width):
            target[y, x] = sums[x]


@compiled
def halve(source: NDArray[np.float32], target: NDArray[np.float32]) -> None:
    """Set *target* to the means of 2 x 2 pixels; an odd last row or column is left out."""
    for y in range(target.shape[0]):
        for x in range(target.shape[1]):
            upper = np.float64(source[2 * y, 2 * x]) + np.float64(source[2 * y, 2 * x + 1])
            lower = np.float64(source[2 * y + 1, 2 * x]) + np.float64(source[2 * y + 1, 2 * x + 1])
            target[y, x] = 0.25 * (upper + lower)
