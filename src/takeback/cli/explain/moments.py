"""The page of ``takeback match --against`` where a video is involved: moments side by side.

Each row shows the upload on the left and what is registered on the right, at moments that
correspond if the two match; a picture is the same in every row.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from PIL import Image

from takeback.cli.explain.ink import Sheet
from takeback.cli.explain.page import in_rows
from takeback.cli.explain.pixels import small_picture
from takeback.cli.explain.reasons import circumstances, reason
from takeback.cli.explain.sides import Side
from takeback.cli.explain.strip import frames_at
from takeback.cli.explain.words import PRIVATE
from takeback.cli.sources import Signals
from takeback.hashing.video_signals import VideoSignals
from takeback.matching.evidence import Evidence

ROWS: Final = 4
WIDTH: Final = 480
CANDIDATES: Final = 9
"""Frames of an upload that are compared with one registered frame, to show the most alike."""

Span = tuple[float, float]


def explain_moments(upload: Side, registered: Side, found: Evidence | None) -> Image.Image:
    """Draw moments of both.

    Raises:
        NotAPicture: one of them is a picture that can't be decoded.
        NotAVideo: one of them is a video that can't be decoded.
    """
    moments = _moments(upload, registered, found)
    times = [ours for ours, _ in moments], [theirs for _, theirs in moments]
    rows = zip(_sheets(upload, times[0]), _sheets(registered, times[1]), strict=False)
    sheets = [sheet for row in rows for sheet in row]
    spread = in_rows(sheets, 2)
    words = (*_sides(upload, registered, times), *_outcome(found), PRIVATE)
    return spread.with_words(words)


def _moments(upload: Side, registered: Side, found: Evidence | None) -> list[tuple[int, int]]:
    """Return corresponding times of both, in milliseconds; a picture's are all zero.

    Of a video that matches a picture, only the first and last moment are known to show it.
    """
    ours, theirs = upload.signals, registered.signals
    span = _span(ours, found.seconds if found else None)
    other = _span(theirs, found.registered_seconds if found else None)
    if isinstance(ours, VideoSignals) and isinstance(theirs, VideoSignals):
        shares = (np.arange(ROWS) + 0.5) / ROWS
        chosen = [_nearest(theirs, _at(other, share)) for share in shares]
        pairs = [(_alike(ours, theirs, row, span, other), row) for row in chosen]
        return sorted({(int(ours.times[a]), int(theirs.times[b])) for a, b in pairs})
    ends = {(_time(ours, _at(span, share)), _time(theirs, _at(other, share))) for share in (0, 1)}
    return sorted(ends)


def _span(signals: Signals, known: Span | None) -> Span:
    """Return the seconds of a video that are looked at: those that match, or all."""
    if not isinstance(signals, VideoSignals):
        return 0.0, 0.0
    return known or (0.0, signals.duration / 1000)


def _at(span: Span, share: float) -> float:
    return 1000 * (span[0] + share * (span[1] - span[0]))


def _time(signals: Signals, moment: float) -> int:
    """Return the time of the frame that is nearest to a moment; 0 for a picture."""
    if not isinstance(signals, VideoSignals) or not len(signals):
        return 0
    return int(signals.times[_nearest(signals, moment)])


def _nearest(video: VideoSignals, moment: float) -> int:
    return int(np.abs(video.times.astype(np.int64) - moment).argmin())


def _alike(ours: VideoSignals, theirs: VideoSignals, row: int, span: Span, other: Span) -> int:
    """Return the frame of the upload, near the corresponding moment, that is most like one."""
    length = other[1] - other[0]
    share = (int(theirs.times[row]) / 1000 - other[0]) / length if length else 0.5
    away = np.abs(ours.times.astype(np.int64) - _at(span, share))
    rows = np.argsort(away, kind="stable")[:CANDIDATES]
    differing = (bits[rows] ^ theirs.bits[row] for bits in ours.views.values())
    distances = [np.unpackbits(bits, axis=1).sum(axis=1) for bits in differing]
    return int(rows[np.min(distances, axis=0).argmin()])


def _sheets(side: Side, moments: Sequence[int]) -> list[Sheet]:
    """Return what is seen at each moment; a picture shows the same at any."""
    if not isinstance(side.signals, VideoSignals):
        return [Sheet.of(small_picture(side.source, WIDTH))] * len(moments)
    frames = frames_at(side.source, sorted(set(moments)))
    return [_frame(frames[moment]) for moment in moments if moment in frames]


def _frame(image: Image.Image) -> Sheet:
    scale = WIDTH / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return Sheet.of(image.resize(size, Image.Resampling.LANCZOS))


def _sides(
    upload: Side, registered: Side, times: tuple[Sequence[int], Sequence[int]]
) -> Iterator[str]:
    yield f"Left: {upload.name}, as an upload{_seconds(upload, times[0])}."
    yield f"Right: {registered.name}, as it would be registered{_seconds(registered, times[1])}."


def _seconds(side: Side, times: Sequence[int]) -> str:
    if not isinstance(side.signals, VideoSignals):
        return ""
    listed = ", ".join(f"{time / 1000:.1f}" for time in times)
    return f", at second {listed}" if listed else ""


def _outcome(found: Evidence | None) -> Iterator[str]:
    if found is None:
        yield "No match: too little of the one agrees with the other."
        return
    yield f"Match by {reason(found)}."
    yield " ".join(circumstances(found))
