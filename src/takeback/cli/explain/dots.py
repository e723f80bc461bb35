"""Keypoints on a sheet: where they are, how large, which way they face."""

from collections.abc import Sequence

import numpy as np

from takeback.cli.explain.ink import Point, Sheet
from takeback.hashing.keypoint_signals import KeypointSignals, KeypointView
from takeback.hashing.place import Place
from takeback.matching.keypoints.voting import STEP, measures


def draw_keypoints(sheet: Sheet, signals: KeypointSignals, part: Place) -> None:
    """Draw each keypoint as a circle of its size, with a line in its direction.

    Args:
        sheet: shows the whole picture.
        signals: in the plain view.
        part: of the picture, which was described.
    """
    scale = (part.right - part.left) * sheet.width / (signals.width * STEP)
    points = keypoint_points(sheet, signals, part)
    for point, (ln_size, radians) in zip(points, measures(signals)[:, 2:], strict=True):
        sheet.circle(point, scale * float(np.exp(ln_size)), float(radians))


def keypoint_points(
    sheet: Sheet,
    signals: KeypointSignals,
    part: Place,
    view: KeypointView = KeypointView.PLAIN,
) -> Sequence[Point]:
    """Return the middle of each keypoint in pixels of *sheet*, which shows the whole picture."""
    x, y = measures(signals)[:, :2].T
    across, down = x / (signals.width * STEP), y / (signals.height * STEP)
    if view.mirrored:
        across = 1 - across
    xs = part.left + across * (part.right - part.left)
    ys = part.top + down * (part.bottom - part.top)
    return [sheet.at(float(a), float(b)) for a, b in zip(xs, ys, strict=True)]
