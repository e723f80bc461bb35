"""How much of a registered picture an upload shows, of what it should show if it were there.

Votes say that some places moved together. They do so too when two different pictures lie
under one sticker, in one app's interface or behind one watermark. So every keypoint of the
registered picture is asked: should it be visible where the votes put it, and is something
like it there? And the votes: are they in one spot, or all over what is visible, and are they
of things that the registered picture shows only once?

Pure: no index.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.matching.keypoints.voting import STEP, Agreement, fit, measures

LIKE: Final = 90
"""Distance, in bits, within which a keypoint that lies where it should is taken for the same.
Far beyond what an index may ask for: of unrelated ones, where they lie by chance, 1 in 3,000."""

TWIN: Final = 70
"""Distance within which two keypoints of one picture show the same thing twice."""

LEAST_SIZE: Final = 3.2
"""Size, in 1/512 of the look's longest side, from which a keypoint should be visible there."""

MARGIN: Final = 0.01
"""Keypoints nearer than this to the upload's border need not be visible."""

AWAY: Final = (10.0, 0.5)
"""How far a keypoint may lie from where it should: so much, and so many of its own sizes."""

LN_SCALE: Final = 0.55
TURN: Final = 0.45
"""How far its size's logarithm and its direction may be off."""

FEWEST: Final = 24
"""Where fewer are registered, a share is of so many all the same: a sticker may have half of a
flat picture's few."""

SPOT: Final = 0.2
"""Radius of a spot, in square roots of the visible area: a sticker on an eighth of it."""

GRID: Final = 24
"""Points along each side at which the registered picture is asked whether it is visible."""

Flags = NDArray[np.bool_]
Points = NDArray[np.complex128]
Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Support:
    """What speaks for an agreement besides its votes. Twins are left out of all numbers."""

    votes: int
    """Registered keypoints that voted."""

    twin_votes: int
    """Those left out of that."""

    there: int
    """Registered keypoints that should be visible, and something like them is."""

    share: float
    """How many of those that should be visible are, 0 to 1."""

    spots: int
    """Spots of the registered picture, ``SPOT`` in radius, that hold all of those but one."""

    extent: float
    """Farthest distance of two of those, the one left out that makes it largest. This and the
    radius are in square roots of the area of the registered picture that the upload shows."""

    distance: float
    """Median distance, in bits, of the pairs that voted."""


def support(
    agreement: Agreement, registered: KeypointSignals, looked_up: KeypointSignals
) -> Support:
    """Ask every registered keypoint.

    Args:
        agreement: with its place in the whole upload.
        registered: all keypoints of the registered picture.
        looked_up: all keypoints of the look and view in which it was found.
    """
    ours, theirs = measures(registered), measures(looked_up)
    pairs = agreement.pairs
    turn, shift = fit(ours[pairs[:, 0]], theirs[pairs[:, 1]])
    voted = np.zeros(len(ours), np.bool_)
    voted[pairs[:, 0]] = True
    single = _single(registered)
    placed = _placed(ours, turn, shift)
    due = single & _inside(agreement, registered, ours) & _visible(placed)
    there = due & (voted | _alike(placed, theirs, registered, looked_up))
    unit = math.sqrt(max(1.0, _visible_area(agreement, registered)))
    points = ours[there, 0] + 1j * ours[there, 1]
    return Support(
        votes=int((voted & single).sum()),
        twin_votes=int((voted & ~single).sum()),
        there=int(there.sum()),
        share=float(there.sum() / max(1, due.sum(), FEWEST if single.sum() < FEWEST else 0)),
        spots=_spots(points, SPOT * unit),
        extent=_extent(points) / unit,
        distance=float(np.median(_distances(registered.bits, looked_up.bits, pairs))),
    )


def _placed(ours: NDArray[np.float64], turn: complex, shift: complex) -> NDArray[np.float64]:
    """Return where keypoints should be in the look: x, y, logarithm of the size, direction."""
    points = turn * (ours[:, 0] + 1j * ours[:, 1]) + shift
    sizes = ours[:, 2] + math.log(abs(turn))
    directions = ours[:, 3] + float(np.angle(turn))
    return np.stack((points.real, points.imag, sizes, directions), axis=1)


def _visible(placed: NDArray[np.float64]) -> Flags:
    return np.asarray(placed[:, 2] >= math.log(LEAST_SIZE))


def _alike(
    placed: NDArray[np.float64],
    theirs: NDArray[np.float64],
    registered: KeypointSignals,
    looked_up: KeypointSignals,
) -> Flags:
    """Tell of which keypoints something like them lies where they should."""
    away, grown, turned = (placed[:, None, :] - theirs[None, :, :]).transpose(2, 0, 1)[[0, 2, 3]]
    down = placed[:, None, 1] - theirs[None, :, 1]
    reach = AWAY[0] + AWAY[1] * np.exp(placed[:, 2:3])
    turned = np.abs((turned + math.pi) % math.tau - math.pi)
    near = (np.hypot(away, down) < reach) & (np.abs(grown) < LN_SCALE) & (turned < TURN)
    pairs = np.argwhere(near)
    alike = np.zeros(len(placed), np.bool_)
    alike[pairs[_distances(registered.bits, looked_up.bits, pairs) <= LIKE, 0]] = True
    return alike


def _distances(
    ours: NDArray[np.uint8], theirs: NDArray[np.uint8], pairs: NDArray[np.int64]
) -> NDArray[np.int64]:
    differing = ours[pairs[:, 0]] ^ theirs[pairs[:, 1]]
    return np.asarray(np.bitwise_count(differing).sum(axis=1, dtype=np.int64))


def _single(registered: KeypointSignals) -> Flags:
    """Tell which keypoints have no twin in the same picture."""
    count = len(registered)
    pairs = np.argwhere(np.triu(np.ones((count, count), np.bool_), 1))
    twins = pairs[_distances(registered.bits, registered.bits, pairs) <= TWIN]
    single = np.ones(count, np.bool_)
    single[twins.ravel()] = False
    return single


def _in_upload(agreement: Agreement, across: Shares, down: Shares) -> Points:
    """Return where points of the registered picture, in shares of its sides, are in the upload."""
    upper_left, upper_right, _, lower_left = (complex(*corner) for corner in agreement.place)
    return upper_left + across * (upper_right - upper_left) + down * (lower_left - upper_left)


def _shown(points: Points, margin: float) -> Flags:
    low, high = margin, 1 - margin
    across, down = points.real, points.imag
    return np.asarray((across > low) & (across < high) & (down > low) & (down < high))


def _inside(agreement: Agreement, registered: KeypointSignals, ours: NDArray[np.float64]) -> Flags:
    across, down = ours[:, 0] / (registered.width * STEP), ours[:, 1] / (registered.height * STEP)
    return _shown(_in_upload(agreement, across, down), MARGIN)


def _visible_area(agreement: Agreement, registered: KeypointSignals) -> float:
    """Return the area of the registered picture that the upload shows, in 1/512 of its side."""
    steps = (np.arange(GRID) + 0.5) / GRID
    across, down = np.meshgrid(steps, steps)
    share = _shown(_in_upload(agreement, across, down), 0.0).mean()
    return float(share * registered.width * registered.height * STEP * STEP)


def _spots(points: Points, radius: float) -> int:
    """Count the discs that cover all points but one, each put where it covers most."""
    near = np.abs(points[:, None] - points[None, :]) < radius
    left = np.ones(len(points), np.bool_)
    spots = 0
    while left.sum() > 1:
        left &= ~near[(near & left).sum(axis=1).argmax()]
        spots += 1
    return spots


def _extent(points: Points) -> float:
    """Return the distance of the two that lie farthest apart, without the one that matters most."""
    if len(points) < 3:
        return 0.0
    apart = np.abs(points[:, None] - points[None, :])
    left_out = np.unravel_index(apart.argmax(), apart.shape)
    return float(min(np.delete(np.delete(apart, i, 0), i, 1).max() for i in left_out))
