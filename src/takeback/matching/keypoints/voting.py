"""Which keypoints of an upload moved, grew and turned together, as those of a registered picture.

Single keypoint signals collide: two leaves look alike. Several that agree on one shift, scale
and rotation do not, unless one picture is in the other. Every pair of near signals proposes
how the registered picture would lie in the upload, every other pair agrees or does not, and
the proposal with most votes wins. A vote counts once for each place of the registered
picture and once for each keypoint of the upload, so that a repeated pattern can't vote twice.

Pure: no bank and no index. Candidates come from whoever searched for them.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.keypoint_signals import PLACES, TURNS, KeypointSignals, KeypointView
from takeback.hashing.place import EVERYWHERE, Place
from takeback.matching.exact.kernels import compiled, measure
from takeback.matching.keypoints.rows import frozen

NEAR: Final = 60
"""Largest distance, in bits, of two keypoint signals that may show the same place."""

VOTES_NEEDED: Final = 3
"""Fewest votes that are a match; see docs/decisions/0024 for what fewer would cost."""

MOST_PAIRS: Final = 400
"""Pairs that are voted on, nearest first; comparing each with each is bounded by this."""

SPAN: Final = 512.0
"""Length of the longest side in what follows."""

STEP: Final = SPAN / PLACES
SMALLEST_SIZE: Final = 2.75
CELL: Final = 12.0
"""Registered keypoints in the same square of this side vote once."""

SHIFT: Final = 16.0
"""How far from the proposed place a keypoint may lie, next to the proposing one …"""

SHIFT_GROWTH: Final = 0.3
"""… and how much further for each unit of distance from it: coarse sizes and turns add up."""

TURN: Final = 0.5
"""How far two turns may differ, in radians."""

LN_SCALE: Final = 0.6
"""How far the logarithms of two scales may differ."""

ARM: Final = 4.8
"""Half a patch, in sizes: when the picture's place is fitted, each keypoint counts as two
points, its middle and one so far in the direction it faces."""

Corner = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """A registered picture, or part of it, found in an upload."""

    votes: int
    """The score: how many places of the registered picture agree. Never below ``VOTES_NEEDED``;
    at most the number of its keypoints. It says how sure, not how much of the picture is there."""

    view: KeypointView
    """How the upload had to be looked at."""

    place: tuple[Corner, Corner, Corner, Corner]
    """Where the registered picture's upper left, upper right, lower right and lower left corners
    lie in the upload, x and y in parts of its width and height. Corners that were cut off lie
    outside 0-1. Accurate to about 1/64 of the upload's longest side."""

    scale: float
    """Its longest side there, in parts of the upload's longest side."""

    pairs: NDArray[np.int64]
    """Shape (n, 2): numbers of the registered and looked-up keypoints that agree."""


def near_pairs(
    registered: KeypointSignals, looked_up: KeypointSignals, near: int = NEAR
) -> NDArray[np.int64]:
    """Compare every keypoint signal of one picture with every one of another.

    Returns:
        Shape (n, 2): the pairs within *near* bits, numbers in *registered* and *looked_up*,
        nearest first.
    """
    found = compare_all(frozen(_words(registered)), frozen(_words(looked_up)), near)
    return found[np.argsort(found[:, 0], kind="stable"), 1:].astype(np.int64)


def vote(
    registered: KeypointSignals,
    looked_up: KeypointSignals,
    pairs: NDArray[np.int64],
    view: KeypointView = KeypointView.PLAIN,
    needed: int = VOTES_NEEDED,
) -> Agreement | None:
    """Find the largest group of pairs that agree.

    Args:
        registered: of the bank's picture.
        looked_up: of the upload, in one view.
        pairs: shape (n, 2), nearest first; more than ``MOST_PAIRS`` are not looked at.
        view: the view of *looked_up*.
        needed: fewest votes.

    Returns:
        The agreement, or None if fewer than *needed* places agree.
    """
    if len(pairs) < needed:
        return None
    pairs = pairs[:MOST_PAIRS]
    ours = measures(registered)[pairs[:, 0]]
    theirs = measures(looked_up)[pairs[:, 1]]
    agreeing = np.zeros(len(pairs), np.bool_)
    votes = elect(ours, theirs, pairs, agreeing)
    if votes < needed:
        return None
    turn, shift = fit(ours[agreeing], theirs[agreeing])
    place = _corners(registered, looked_up, (turn, shift), view)
    return Agreement(votes, view, place, abs(turn), pairs[agreeing])


def within(place: Place, agreement: Agreement, looked_up: KeypointSignals) -> Agreement:
    """Say where an agreement lies in the whole upload, of which only *place* was looked at.

    Args:
        place: the part that was described.
        agreement: found in that part.
        looked_up: the keypoints of that part.
    """
    if place == EVERYWHERE:
        return agreement
    width, height = place.right - place.left, place.bottom - place.top
    corners = [(place.left + x * width, place.top + y * height) for x, y in agreement.place]
    longest = max(looked_up.width / width, looked_up.height / height)
    return replace(
        agreement,
        place=(corners[0], corners[1], corners[2], corners[3]),
        scale=agreement.scale * PLACES / longest,
    )


def measures(signals: KeypointSignals) -> NDArray[np.float64]:
    """Return what coarse places stand for.

    Returns:
        Shape (n, 4): x and y in 1/512 of the longest side, the natural logarithm of the size,
        the direction in radians.
    """
    x, y, size, turn = signals.places.T.astype(np.float64)
    ln_size = math.log(SMALLEST_SIZE) + (size + 0.5) * (math.log(2) / 2)
    return np.stack(
        ((x + 0.5) * STEP, (y + 0.5) * STEP, ln_size, turn * (math.tau / TURNS)), axis=1
    )


def _words(signals: KeypointSignals) -> NDArray[np.uint64]:
    return np.ascontiguousarray(signals.bits).view(np.uint64).reshape(-1, 4)


def _points(rows: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Return each keypoint as two points of the complex plane."""
    middle = rows[:, 0] + 1j * rows[:, 1]
    arm = ARM * np.exp(rows[:, 2] + 1j * rows[:, 3])
    return np.concatenate((middle, middle + arm))


def fit(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> tuple[complex, complex]:
    """Return the turn-and-scale and the shift that take our points nearest to theirs."""
    source, target = _points(ours), _points(theirs)
    from_middle, to_middle = source - source.mean(), target - target.mean()
    turn = complex(np.vdot(from_middle, to_middle) / np.vdot(from_middle, from_middle).real)
    return turn, complex(target.mean() - turn * source.mean())


def _corners(
    registered: KeypointSignals,
    looked_up: KeypointSignals,
    fitted: tuple[complex, complex],
    view: KeypointView,
) -> tuple[Corner, Corner, Corner, Corner]:
    turn, shift = fitted
    right, bottom = registered.width * STEP, registered.height * STEP
    width, height = looked_up.width * STEP, looked_up.height * STEP

    def corner(x: float, y: float) -> Corner:
        point = turn * complex(x, y) + shift
        across = point.real / width
        return (1.0 - across if view.mirrored else across), point.imag / height

    return corner(0, 0), corner(right, 0), corner(right, bottom), corner(0, bottom)


@compiled
def compare_all(
    ours: NDArray[np.uint64], theirs: NDArray[np.uint64], near: int
) -> NDArray[np.uint64]:
    """Return the pairs of rows within *near* bits as their distance and two row numbers.

    Rows of ours may be overwritten meanwhile: the second look may find fewer than the first, or
    more, and what the first made no room for is left out.
    """
    bits, passed = np.empty(theirs.shape[0], np.uint64), np.empty(ours.shape[0], np.int64)
    for i in range(ours.shape[0]):
        measure(theirs, ours[i], bits)
        passed[i] = np.sum(bits <= np.uint64(near))
    found, count = np.empty((passed.sum(), 3), np.uint64), 0
    for i in range(ours.shape[0]):
        if passed[i]:
            measure(theirs, ours[i], bits)
            for j in np.flatnonzero(bits <= np.uint64(near))[: found.shape[0] - count]:
                found[count, 0], found[count, 1], found[count, 2] = bits[j], i, j
                count += 1
    return found[:count]


@compiled
def elect(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    pairs: NDArray[np.int64],
    agreeing: NDArray[np.bool_],
) -> int:
    """Let every pair propose; mark who agrees with the best proposal and return its votes.

    Args:
        ours: shape (n, 4), ``measures`` of the registered keypoint of each pair.
        theirs: the same of the looked-up one.
        pairs: shape (n, 2), their numbers.
        agreeing: shape (n,), set.
    """
    most = 0
    now = np.empty_like(agreeing)
    for proposal in range(ours.shape[0]):
        agree(ours, theirs, proposal, now)
        if now.sum() > most:
            votes = min(distinct_places(ours, now), distinct_keypoints(pairs, now))
            if votes > most:
                most = votes
                for k in range(now.size):
                    agreeing[k] = now[k]
    return most


@compiled
def agree(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], proposal: int, now: NDArray[np.bool_]
) -> None:
    """Mark the pairs that agree with how one of them says the picture moved."""
    a, b = ours[proposal], theirs[proposal]
    ln_scale, turn = b[2] - a[2], b[3] - a[3]
    scale = np.exp(ln_scale)
    cosine, sine = scale * np.cos(turn), scale * np.sin(turn)
    for k in range(ours.shape[0]):
        x, y = ours[k, 0] - a[0], ours[k, 1] - a[1]
        across = b[0] + (x * cosine - y * sine) - theirs[k, 0]
        down = b[1] + (x * sine + y * cosine) - theirs[k, 1]
        error = np.sqrt(across * across + down * down)
        turned = abs(theirs[k, 3] - ours[k, 3] - turn) % math.tau
        now[k] = (
            error < SHIFT + SHIFT_GROWTH * scale * np.sqrt(x * x + y * y)
            and min(turned, math.tau - turned) <= TURN
            and abs(theirs[k, 2] - ours[k, 2] - ln_scale) <= LN_SCALE
        )


@compiled
def distinct_places(ours: NDArray[np.float64], now: NDArray[np.bool_]) -> int:
    """Count the squares of the registered picture in which marked keypoints lie."""
    cells = int(SPAN / CELL) + 1
    seen = np.zeros((cells, cells), np.bool_)
    for k in range(now.size):
        if now[k]:
            seen[int(ours[k, 1] / CELL), int(ours[k, 0] / CELL)] = True
    return int(seen.sum())


@compiled
def distinct_keypoints(pairs: NDArray[np.int64], now: NDArray[np.bool_]) -> int:
    """Count the looked-up keypoints that are marked."""
    seen = np.zeros(pairs[:, 1].max() + 1, np.bool_)
    for k in range(now.size):
        if now[k]:
            seen[pairs[k, 1]] = True
    return int(seen.sum())
