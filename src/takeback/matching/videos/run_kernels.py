"""The loops that compare frames along a line, compiled by numba; none holds the interpreter lock.

``runs.py`` says what the numbers mean. *Theirs* is the upload's, *ours* the registered video's.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from takeback.matching.exact.kernels import compiled, popcount

SLOWEST: Final = 0.5
FASTEST: Final = 2.0
"""Speeds at which a copy may play."""

JITTER: Final = 700.0
"""Milliseconds by which a frame may miss its proposed time."""

DISTINCT: Final = 40
"""Frames nearer to each other than this are one moment."""

MOST_MOMENTS: Final = 32
"""Moments that are counted; more say nothing new."""

TIE: Final = 0.01
"""Votes that are no difference."""

FAR: Final = 256


@compiled
def elect_line(
    theirs: NDArray[np.float64], ours: NDArray[np.float64], jitter: float
) -> tuple[float, float]:
    """Let every pair of hits, and every single hit at speed one, propose a line.

    Returns:
        Speed and offset of the line near which most different frames of both videos lie; of
        equals the one whose speed is nearest to one.
    """
    orders = np.argsort(theirs), np.argsort(ours)
    best, best_speed, best_offset = 0.0, 1.0, ours[0] - theirs[0]
    for i in range(theirs.size):
        for j in range(i, theirs.size):
            passed = theirs[j] - theirs[i]
            speed = 1.0 if i == j else 0.0
            if abs(passed) > 2.0 * jitter:
                speed = (ours[j] - ours[i]) / passed
            if speed < SLOWEST or speed > FASTEST:
                continue
            offset = ours[i] - speed * theirs[i]
            votes = count_near(theirs, ours, orders, (speed, offset), jitter)
            ordinary = abs(np.log(speed)) < abs(np.log(best_speed))
            if votes > best + TIE or (votes > best - TIE and ordinary):
                best, best_speed, best_offset = votes, speed, offset
    return best_speed, best_offset


@compiled
def count_near(
    theirs: NDArray[np.float64],
    ours: NDArray[np.float64],
    orders: tuple[NDArray[np.int64], NDArray[np.int64]],
    line: tuple[float, float],
    jitter: float,
) -> float:
    """Count the different frames near a line, the nearer the more, of the video with fewer."""
    counts = np.zeros(2)
    for side in range(2):
        times = theirs if side == 0 else ours
        last, most = -np.inf, 0.0
        for k in orders[side]:
            if times[k] > last:
                counts[side] += most
                last, most = times[k], 0.0
            most = max(most, 1.0 - abs(line[0] * theirs[k] + line[1] - ours[k]) / jitter)
        counts[side] += most
    return float(min(counts[0], counts[1]))


@compiled
def compare_along(
    wanted: NDArray[np.float64],
    words: NDArray[np.uint64],
    our_times: NDArray[np.float64],
    our_words: NDArray[np.uint64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find for each frame the nearest of those that should be there.

    These are the registered frames shown just before and after its time, and all within
    ``JITTER`` of it.

    Args:
        wanted: shape (n,), times of the upload's frames in the registered video.
        words: shape (n, 4), their signals.
        our_times: shape (m,), of the registered frames.
        our_words: shape (m, 4).

    Returns:
        Distances in bits, and numbers of the registered frames.
    """
    distances, partners = np.full(wanted.size, FAR, np.int64), np.zeros(wanted.size, np.int64)
    for i in range(wanted.size):
        first = max(0, np.searchsorted(our_times, wanted[i] - JITTER) - 1)
        for j in range(first, our_times.size):
            bits = bits_between(words[i], our_words[j])
            if bits < distances[i]:
                distances[i], partners[i] = bits, j
            if our_times[j] > wanted[i] + JITTER:
                break
    return distances, partners


@compiled
def distinct(ours: NDArray[np.uint64], theirs: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Choose rows, the first first, that are no nearer than ``DISTINCT`` to any chosen before."""
    chosen = np.empty(MOST_MOMENTS, np.int64)
    count = 0
    for i in range(ours.shape[0]):
        new = True
        for c in range(count):
            earlier = chosen[c]
            apart = min(
                bits_between(ours[i], ours[earlier]), bits_between(theirs[i], theirs[earlier])
            )
            new = new and apart >= DISTINCT
        if new:
            chosen[count] = i
            count += 1
            if count == MOST_MOMENTS:
                break
    return chosen[:count]


@compiled
def bits_between(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> Any:  # noqa: ANN401
    """Count the bits in which two rows differ."""
    bits = 0
    for k in range(4):
        bits += popcount(a[k] ^ b[k])
    return bits
