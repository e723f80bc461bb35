"""The loops that make signals of crops, compiled by numba."""

from typing import Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from takeback.hashing.pdq import FREQUENCIES, SAMPLES
from takeback.matching.exact.kernels import popcount

Floats = NDArray[np.float32]
Wide = NDArray[np.float64]

PLAIN: Final = 0
LETTERBOX: Final = 1
SIDES: Final = 2
CAPTION: Final = 3
SCREEN: Final = 4

LEAST_QUALITY: Final = 50
LINE_ROWS: Final = 4
"""Sample rows that a line of a caption takes, the last of them empty."""


class Canvas(NamedTuple):
    """What crops are drawn from."""

    sums: Wide
    """The photograph's integral, shape (height + 1, width + 1)."""

    screens: Floats
    """Shape (n, 64, 64): the app screens' own samples."""

    places: Wide
    """Shape (n, 4): top, left, bottom, right of the picture in each screen, 0 to 1."""

    shares: Wide
    """Shape (5,): running sums of the shares of each kind of frame."""

    least_side: float


class Wanted(NamedTuple):
    """How crops are drawn and which are kept."""

    seed: int
    most_draws: int
    same: int
    """Crops so many bits apart or fewer are kept once."""


def _cosines() -> Floats:
    frequency = np.arange(1, FREQUENCIES + 1)[:, None]
    waves = np.cos(np.pi / (2 * SAMPLES) * frequency * (2 * np.arange(SAMPLES)[None, :] + 1))
    return np.asarray(waves * np.sqrt(2 / SAMPLES), np.float32)


COSINES: Final = _cosines()
"""Shape (16, 64)."""

COSINES_ACROSS: Final = np.ascontiguousarray(COSINES.T)

fast = numba.njit(nogil=True, cache=True, fastmath=True)


@fast
def clipped(begin: float, end: float) -> Wide:
    """Return the edges of the samples, from 0 to 1, no further out than *begin* and *end*."""
    edges = np.empty(SAMPLES + 1)
    for k in range(SAMPLES + 1):
        edges[k] = min(max(k / SAMPLES, begin), end)
    return edges


@fast
def corners(sums: Wide, y: float, xs: Wide, row: Wide) -> None:
    """Set *row* to the integral at height *y* and at every x."""
    above = min(int(y), sums.shape[0] - 2)
    down = y - above
    for j in range(xs.size):
        left = min(int(xs[j]), sums.shape[1] - 2)
        right = xs[j] - left
        top = sums[above, left] * (1 - right) + sums[above, left + 1] * right
        low = sums[above + 1, left] * (1 - right) + sums[above + 1, left + 1] * right
        row[j] = top * (1 - down) + low * down


@fast
def lay(sums: Wide, box: Wide, place: Wide, samples: Floats) -> None:
    """Lay the part *box* of a photograph over the samples, at *place*.

    Args:
        sums: the photograph's integral.
        box: top, left, bottom, right in pixels.
        place: top, left, bottom, right, 0 to 1.
        samples: shape (64, 64), changed where the place covers them.
    """
    down, across = clipped(place[0], place[2]), clipped(place[1], place[3])
    ys = box[0] + (down - place[0]) * ((box[2] - box[0]) / (place[2] - place[0]))
    xs = box[1] + (across - place[1]) * ((box[3] - box[1]) / (place[3] - place[1]))
    before, after = np.empty(SAMPLES + 1), np.empty(SAMPLES + 1)
    corners(sums, ys[0], xs, before)
    for k in range(SAMPLES):
        height = ys[k + 1] - ys[k]
        if height <= 0:
            continue
        corners(sums, ys[k + 1], xs, after)
        share = (down[k + 1] - down[k]) * SAMPLES
        for j in range(SAMPLES):
            width = xs[j + 1] - xs[j]
            if width > 0:
                sum_ = after[j + 1] - after[j] - before[j + 1] + before[j]
                covered = share * (across[j + 1] - across[j]) * SAMPLES
                mean = sum_ / (height * width)
                samples[k, j] = np.float32(covered * mean + (1 - covered) * samples[k, j])
        before, after = after, before


@fast
def quality(samples: Floats) -> int:
    """Measure detail as PDQ does, 0 to 100."""
    steps = 0
    for i in range(SAMPLES):
        for j in range(SAMPLES):
            if i:
                steps += abs(int((samples[i, j] - samples[i - 1, j]) * np.float32(100 / 255)))
            if j:
                steps += abs(int((samples[i, j] - samples[i, j - 1]) * np.float32(100 / 255)))
    return min(100, steps // 90)


@fast
def transformed(samples: Floats, flat: Floats) -> None:
    """Set *flat* to the 256 lowest frequencies of the samples."""
    half = np.zeros((FREQUENCIES, SAMPLES), np.float32)
    for f in range(FREQUENCIES):
        for i in range(SAMPLES):
            weight = COSINES[f, i]
            for j in range(SAMPLES):
                half[f, j] += weight * samples[i, j]
    flat[:] = 0
    for f in range(FREQUENCIES):
        for j in range(SAMPLES):
            weight = half[f, j]
            for g in range(FREQUENCIES):
                flat[f * FREQUENCIES + g] += weight * COSINES_ACROSS[j, g]


@fast
def cut(flat: Floats, signal: NDArray[np.uint8]) -> None:
    """Set *signal* to which frequencies are above their lower median, the last bit first."""
    middle = np.sort(flat)[flat.size // 2 - 1]
    for byte in range(32):
        value = 0
        for bit in range(8):
            value = value * 2 + (flat[255 - 8 * byte - bit] > middle)
        signal[byte] = value


@fast
def crop_signal(sums: Wide, box: Wide, signal: NDArray[np.uint8]) -> None:
    """Set *signal* to that of one plain crop."""
    samples = np.zeros((SAMPLES, SAMPLES), np.float32)
    flat = np.empty(256, np.float32)
    lay(sums, box, np.array([0.0, 0.0, 1.0, 1.0]), samples)
    transformed(samples, flat)
    cut(flat, signal)


@fast
def between(low: float, high: float) -> float:
    """Draw a number."""
    return low + (high - low) * np.random.random()


@fast
def write_caption(samples: Floats, top: int, bottom: int, ink: float) -> None:
    """Write lines of words of random length over sample rows *top* to *bottom*."""
    for line in range(top + 1, bottom - LINE_ROWS + 1, LINE_ROWS):
        column = 3
        last = SAMPLES - 3 - int(between(0, 20))
        while column < last:
            word = min(last, column + 2 + int(between(0, 7)))
            for row in range(line, line + LINE_ROWS - 1):
                for j in range(column, word):
                    samples[row, j] += np.float32((ink - samples[row, j]) * between(0.3, 0.7))
            column = word + 1


@fast
def frame(canvas: Canvas, samples: Floats, place: Wide) -> None:
    """Draw what lies around the next crop, and set *place* to where the crop goes."""
    kind = np.searchsorted(canvas.shares, np.random.random(), side="right")
    place[0], place[1], place[2], place[3] = 0.0, 0.0, 1.0, 1.0
    paper = 255.0 if np.random.random() < 0.5 else 0.0
    samples[:] = np.float32(paper)
    if kind == LETTERBOX:
        bar = between(0.05, 0.22)
        place[0], place[2] = bar, 1 - bar
    elif kind == SIDES:
        bar = between(0.05, 0.3)
        place[1], place[3] = bar, 1 - bar
    elif kind == CAPTION:
        rows = int(between(6, 19))
        if np.random.random() < 0.5:
            place[0] = rows / SAMPLES
            write_caption(samples, 0, rows, 255.0 - paper)
        else:
            place[2] = 1 - rows / SAMPLES
            write_caption(samples, SAMPLES - rows, SAMPLES, 255.0 - paper)
    elif kind == SCREEN:
        number = int(between(0, canvas.screens.shape[0]))
        samples[:] = canvas.screens[number]
        place[:] = canvas.places[number]


@fast
def draw_box(canvas: Canvas, box: Wide) -> None:
    """Draw which part of the photograph is cut out."""
    height, width = canvas.sums.shape[0] - 1.0, canvas.sums.shape[1] - 1.0
    tall, wide = between(canvas.least_side, 1.0), between(canvas.least_side, 1.0)
    top, left = between(0.0, 1.0 - tall), between(0.0, 1.0 - wide)
    box[0], box[1] = top * height, left * width
    box[2], box[3] = (top + tall) * height, (left + wide) * width


@fast
def is_near(words: NDArray[np.uint64], count: int, word: NDArray[np.uint64], within: int) -> bool:
    """Tell whether one of the first *count* rows lies within so many bits."""
    for row in range(count):
        apart = popcount(words[row, 0] ^ word[0]) + popcount(words[row, 1] ^ word[1])
        apart += popcount(words[row, 2] ^ word[2]) + popcount(words[row, 3] ^ word[3])
        if apart <= within:
            return True
    return False


@fast
def collect(
    canvas: Canvas, wanted: Wanted, kept: NDArray[np.uint8], near: NDArray[np.uint8]
) -> tuple[int, int, int, int]:
    """Draw crops until *kept* is full; return how many were kept, near, drawn and dull."""
    np.random.seed(wanted.seed)
    words = kept.view(np.uint64)
    signal = np.empty((1, 32), np.uint8)
    word = signal.view(np.uint64)[0]
    samples = np.empty((SAMPLES, SAMPLES), np.float32)
    flat, box, place = np.empty(256, np.float32), np.empty(4), np.empty(4)
    found = close = drawn = dull = 0
    while found < kept.shape[0] and drawn < wanted.most_draws:
        drawn += 1
        frame(canvas, samples, place)
        draw_box(canvas, box)
        lay(canvas.sums, box, place, samples)
        if quality(samples) < LEAST_QUALITY:
            dull += 1
            continue
        transformed(samples, flat)
        cut(flat, signal[0])
        if not is_near(words, found, word, wanted.same):
            kept[found] = signal[0]
            found += 1
        elif close < near.shape[0]:
            near[close] = signal[0]
            close += 1
    return found, close, drawn, dull
