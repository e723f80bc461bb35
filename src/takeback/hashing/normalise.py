"""Where in an upload a registered picture may lie: query views, found by looking for frames.

A whole-picture signal ends with the frame: a border of two percent is another picture to it.
So an upload is looked at again without what people and apps put around a picture: flat
borders and letterboxes, bars with captions, a phone's user interface, blurred backgrounds,
other pictures beside it, and the black corners that a tilt leaves. The picture's own
straight lines give views too; they match nothing and cost a lookup each, so views are few.

Works on a small grey picture, so that its time is bounded whatever is uploaded. Knows no
files.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.place import EVERYWHERE
from takeback.hashing.seams import Grey, bar, framed, running_sums, seam_scores, tilted
from takeback.hashing.signal import Signal
from takeback.hashing.views import Box, Look, ViewSignals, hash_look

Frames = NDArray[np.float64]
"""As ``seams.framed`` gives them."""

QueryView = Literal["inverted", "trimmed", "uncaptioned", "panel", "levelled"]
"""As a negative; without flat borders; without bars that hold text or an app's controls;
between long straight seams; turned upright by the black corners of a tilt."""

MOST_VIEWS: Final = 16
"""Views of one upload, the whole and its negative included."""

MOST_SEAMS: Final = 24
"""Seams looked at in each direction."""

MOST_FAINT: Final = 16
"""Panels with one faint side that are considered; they come last."""

LEAST_SIDE: Final = 0.12
"""Shortest side of a view, as a share of the upload's."""

LEAST_PIXELS: Final = 64
"""Shortest side of a view in pixels of the small grey picture: PDQ samples 64 points."""

LEAST_STRENGTH: Final = 2.0
"""Mean strength of a seam along three sides of a panel, in levels."""

FLAT: Final = (12.0, 0.98)
"""A row is of a border when this share of it (second) is within so many levels (first)."""

BARRED: Final = (12.0, 0.5)
"""A row is of a bar with text when this share of it is as the bar's ground."""

STRIDE: Final = 12
"""Columns between which the end of a wedge is compared."""

STEEPEST: Final = 0.4
"""Slope of a wedge, at most; its other side is steeper."""

SAME_SLOPE: Final = 0.02
"""How far the slopes of the wedges may differ."""

TILTS: Final = (0.8, 20.0)
"""Degrees of tilt that are taken for one."""


def views(seen: Iterable[Look], dihedral: Sequence[Signal], quality: int) -> Iterator[ViewSignals]:
    """Yield the views to look up when the whole picture matches nothing, cheapest first.

    Args:
        seen: the ``looks`` at the upload.
        dihedral: the eight signals of the whole picture.
        quality: of the whole picture.
    """
    negative = tuple(signal.inverted() for signal in dihedral)
    yield ViewSignals(view="inverted", place=EVERYWHERE, quality=quality, dihedral=negative)
    yield from map(hash_look, seen)


def looks(grey: Grey) -> Iterator[Look]:
    """Yield the views that need pixels, cheapest first.

    Args:
        grey: shape (height, width), 0.0-255.0, longest side at most ``LONGEST_SIDE``.

    Yields:
        At most ``MOST_VIEWS - 2``, no two of one place.
    """
    yield from islice(_distinct(_candidates(grey)), MOST_VIEWS - 2)


def _candidates(grey: Grey) -> Iterator[Look]:
    for view, box in (("trimmed", trim(grey, *FLAT)), ("uncaptioned", uncaptioned(grey))):
        if box:
            yield Look.at(view, grey, box)
    yield from levelled(grey)
    for panel in panels(grey):
        yield Look.at("panel", grey, panel)


def _distinct(candidates: Iterator[Look]) -> Iterator[Look]:
    seen = [EVERYWHERE]
    for look in candidates:
        if look.view != "levelled":
            if min(look.grey.shape) < LEAST_PIXELS or any(map(look.place.near, seen)):
                continue
            seen.append(look.place)
        yield look


def trim(grey: Grey, tolerance: float, share: float) -> Box | None:
    """Take flat rows and columns off every side, until none is left.

    Args:
        grey: the picture.
        tolerance: levels that a row may vary by.
        share: how much of the row must be that flat.

    Returns:
        What is left, or None if that is too little to be a picture.
    """
    box = Box.of(grey)
    for _ in range(3):
        inner = _trim_once(grey, box, tolerance, share)
        if inner == box:
            break
        if not _lasting(inner, grey):
            return None
        box = inner
    return box


def _lasting(box: Box, grey: Grey) -> bool:
    """Whether enough of a picture is left to be one."""
    shares = ((box.right - box.left) / grey.shape[1], (box.bottom - box.top) / grey.shape[0])
    return bool(min(shares) >= LEAST_SIDE)


def _trim_once(grey: Grey, box: Box, tolerance: float, share: float) -> Box:
    cut = box.cut(grey)
    top, bottom = _ends(cut, tolerance, share)
    rows = cut[top : cut.shape[0] - bottom]
    if not rows.size:
        return Box(box.left, box.top, box.left, box.top)
    left, right = _ends(rows.T, tolerance, share)
    return Box(box.left + left, box.top + top, box.right - right, box.bottom - bottom)


def _ends(grey: Grey, tolerance: float, share: float) -> tuple[int, int]:
    """Count the rows of a bar at the top and at the bottom."""
    return _bar(grey, tolerance, share), _bar(grey[::-1], tolerance, share)


def _bar(grey: Grey, tolerance: float, share: float) -> int:
    """Count the rows of a bar at the top, which must begin with a flat row."""
    edge = np.ascontiguousarray(grey[:1])
    shade = float(np.median(edge))
    if not bar(edge, shade, *FLAT):
        return 0
    return bar(np.ascontiguousarray(grey), shade, tolerance, share)


def uncaptioned(grey: Grey) -> Box | None:
    """Take bars off that hold text, or an app's controls, and the flat border inside.

    Returns:
        What is left, all of it where there are no bars; None if that is too little to be a
        picture.
    """
    box = trim(grey, *BARRED)
    inner = trim(box.cut(grey), *FLAT) if box else None
    if not box or not inner:
        return None
    return Box(
        box.left + inner.left,
        box.top + inner.top,
        box.left + inner.right,
        box.top + inner.bottom,
    )


def panels(grey: Grey) -> Sequence[Box]:
    """Return rectangles between seams, the most clearly framed first."""
    across = np.ascontiguousarray(grey.T)
    rows, columns = _seams(grey), _seams(across)
    least = (
        max(LEAST_PIXELS, round(LEAST_SIDE * grey.shape[0])),
        max(LEAST_PIXELS, round(LEAST_SIDE * grey.shape[1])),
        LEAST_STRENGTH,
    )
    found = framed(rows, running_sums(grey, rows), columns, running_sums(across, columns), least)
    clear = found[:, 4] >= LEAST_STRENGTH
    inside = ~clear & (_sides(found, grey) >= 3)
    ranked = (*_ranked(found[clear], 4, grey), *_ranked(found[inside], 5, grey)[:MOST_FAINT])
    return [Box(*(int(side) for side in row[:4])) for row in ranked]


def _ranked(found: Frames, strength: int, grey: Grey) -> Frames:
    """Put strong seams first, on many sides, around much of the picture."""
    left, top, right, bottom = found.T[:4]
    area = (right - left) * (bottom - top) / grey.size
    worth = found[:, strength] * np.sqrt(_sides(found, grey)) * np.power(area, 0.25)
    return found[np.argsort(-worth, kind="stable")[: 4 * MOST_VIEWS]]


def _sides(found: Frames, grey: Grey) -> Frames:
    """Count the sides of each frame that are not the picture's own."""
    edge = np.array([0, 0, grey.shape[1], grey.shape[0]])
    return np.asarray((found[:, :4] != edge).sum(axis=1), dtype=np.float64)


def _seams(grey: Grey) -> NDArray[np.int64]:
    """Return the rows of the strongest seams, ascending, between first and last row."""
    scores = seam_scores(grey)
    reach = 4
    rows = [0, grey.shape[0]]
    for row in np.argsort(-scores, kind="stable"):
        if len(rows) == MOST_SEAMS + 2 or scores[row] <= 0:
            break
        if all(abs(row - other) > reach for other in rows):
            rows.append(int(row))
    return np.array(sorted(rows), np.int64)


def levelled(grey: Grey) -> Iterator[Look]:
    """Yield the picture turned upright, if a tilt left black corners that say how far."""
    slopes = [slope for side in range(4) if (slope := _wedge(np.rot90(grey, side))) is not None]
    if not slopes or np.ptp(slopes) > SAME_SLOPE:
        return
    slope = float(np.median(slopes))
    if TILTS[0] <= abs(np.degrees(np.arctan(slope))) <= TILTS[1]:
        cosine = 1 / np.hypot(1, slope)
        yield Look("levelled", EVERYWHERE, tilted(grey, slope * cosine, cosine))


def _wedge(grey: Grey) -> float | None:
    """Return the slope of the line below which a black wedge at the top ends, if there is one."""
    if (grey[:3] <= FLAT[0]).all(axis=0).sum() < 3 * STRIDE:
        return None
    black = np.ascontiguousarray(grey) <= FLAT[0]
    depth = np.where(black.all(axis=0), 0, np.argmin(black, axis=0))
    ahead = depth[STRIDE:]
    here = depth[:-STRIDE]
    gentle = (np.minimum(here, ahead) >= 3) & (np.abs(ahead - here) <= STEEPEST * STRIDE)
    columns = np.flatnonzero(gentle)
    if columns.size < 3 * STRIDE or np.ptp(depth[columns]) < 3:
        return None
    slope, start = np.polyfit(columns, depth[columns], 1)
    off = np.abs(depth[columns] - (slope * columns + start))
    return float(slope) if np.median(off) <= 1.0 else None


def warm_up() -> None:
    """Compile every loop that finds views, or load it from disk."""
    grey = np.zeros((96, 96), np.float32)
    list(panels(grey))
    tilted(grey, 0.0, 1.0)
    uncaptioned(grey)
