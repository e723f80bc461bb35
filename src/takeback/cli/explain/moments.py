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
from takeback.hashing.video_signals import VideoSignals
from takeback.matching.evidence import Evidence

ROWS: Final = 4
WIDTH: Final = 480

Span = tuple[float, float]


def explain_moments(upload: Side, registered: Side, found: Evidence | None) -> Image.Image:
    """Draw moments of both.

    Raises:
        NotAPicture: one of them is a picture that can't be decoded.
        NotAVideo: one of them is a video that can't be decoded.
    """
    times = (
        _moments(upload, found.seconds if found else None),
        _moments(registered, found.registered_seconds if found else None),
    )
    rows = zip(_sheets(upload, times[0]), _sheets(registered, times[1]), strict=False)
    sheets = [sheet for row in rows for sheet in row]
    spread = in_rows(sheets or [Sheet.blank(WIDTH, WIDTH // 2)], 2)
    words = (*_sides(upload, registered, times), *_verdict(found), PRIVATE)
    return spread.with_words(words)


def _moments(side: Side, span: Span | None) -> list[int]:
    """Return the times of frames, in milliseconds, spread over a part of a video."""
    if not isinstance(side.signals, VideoSignals) or not len(side.signals):
        return []
    begin, end = span or (0.0, side.signals.duration / 1000)
    wanted = begin + (np.arange(ROWS) + 0.5) / ROWS * (end - begin)
    times = side.signals.times.astype(np.int64)
    return [int(times[np.abs(times - 1000 * second).argmin()]) for second in wanted]


def _sheets(side: Side, moments: Sequence[int]) -> list[Sheet]:
    """Return what is seen at each moment; a picture shows the same at any."""
    if not isinstance(side.signals, VideoSignals):
        return [Sheet.of(small_picture(side.source, WIDTH))] * ROWS
    frames = frames_at(side.source, sorted(set(moments)))
    return [_frame(frames[moment]) for moment in moments if moment in frames]


def _frame(image: Image.Image) -> Sheet:
    scale = WIDTH / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return Sheet.of(image.resize(size, Image.Resampling.LANCZOS))


def _sides(
    upload: Side, registered: Side, times: tuple[Sequence[int], Sequence[int]]
) -> Iterator[str]:
    yield f"Left: {upload.name}, as an upload{_seconds(times[0])}."
    yield f"Right: {registered.name}, as it would be registered{_seconds(times[1])}."


def _seconds(times: Sequence[int]) -> str:
    listed = ", ".join(f"{time / 1000:.1f}" for time in times)
    return f", at second {listed}" if listed else ""


def _verdict(found: Evidence | None) -> Iterator[str]:
    if found is None:
        yield "No match: too little of the one agrees with the other."
        return
    yield f"Match by {reason(found)}."
    yield " ".join(circumstances(found))
