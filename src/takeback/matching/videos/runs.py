"""Runs: frames of an upload that follow each other as those of a registered video do.

One frame that looks like another is chance, or a title that thousands share. A run is many:
they agree on one speed and one offset, so that registered time = speed · upload time + offset.
Single near frames propose speed and offset; then every frame of the upload is compared with
the one that should be there, at a looser distance, because now there is one place to look.

A still shown for a minute is one *moment* and no more, however many frames it has. The score
counts moments, and only those that look different from each other.

Pure: no bank and no index.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from takeback.matching.videos.run_kernels import (
    FAR,
    FASTEST,
    JITTER,
    SLOWEST,
    compare_along,
    distinct,
    elect_line,
)

ORDINARY: Final = 0.03
"""A measured speed this near to one is one; frames are too far apart in time to tell."""

LOOSE: Final = 60
"""Largest distance, in bits, of two frames that agree once speed and offset are proposed."""

LONGEST_GAP: Final = 3000.0
"""Milliseconds of disagreement that end a run. Where no registered frame is near in time there
is nothing to disagree with."""

LONGEST_SHOWN: Final = 1000.0
"""Milliseconds for which a frame certainly speaks: frames without detail may come after it."""

MOST_HITS: Final = 160
"""Near frames that propose, nearest first."""

STRANGERS: Final = 6.0
"""Decimal logarithm of the number of unrelated frames that scores are told for, a million."""

SHARE_OF_FURTHER: Final = 0.5
"""What further moments count, because frames of one scene are alike."""


class Line(NamedTuple):
    """How upload time becomes registered time, in milliseconds."""

    speed: float
    offset: float

    def at(self, time: float) -> float:
        """Return the registered time at an upload's time."""
        return self.speed * time + self.offset


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """The frames of one video in one view."""

    times: NDArray[np.float64]
    """Shape (n,): milliseconds, ascending."""

    words: NDArray[np.uint64]
    """Shape (n, 4): signals as they lie in memory."""

    duration: float
    """Milliseconds."""

    @classmethod
    def of(cls, times: NDArray[np.uint32], bits: NDArray[np.uint8], duration: int) -> "Strip":
        """Return a strip with memory of its own."""
        words = np.array(bits, order="C").view(np.uint64).reshape(-1, 4)
        return cls(times.astype(np.float64), words, float(duration))

    def lasting(self) -> NDArray[np.float64]:
        """Return for how many milliseconds each frame is shown, until the next or the end."""
        return np.diff(self.times, append=max(self.duration, self.times[-1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Frames of an upload that agree with a registered video."""

    line: Line
    begin: float
    """Milliseconds of the upload at which the first agreeing frame is shown."""

    end: float
    """Milliseconds of the upload until which the last agreeing frame is shown."""

    frames: int
    """How many frames of the upload agree."""

    moments: int
    """How many of them look different from each other, in both videos."""

    distance: int | None
    """Of the nearest two frames, in bits; None if keypoints agree."""

    votes: int | None = None
    """Places that agree in the frame where most do; None if whole frames agree."""

    score: float
    """As ``Evidence.score``."""

    agreeing: float
    """Milliseconds for which agreeing frames of the upload are shown."""

    @property
    def registered(self) -> tuple[float, float]:
        """Milliseconds of the registered video at which the first and last agreeing frame are."""
        return self.line.at(self.begin), self.line.at(self.end)

    @property
    def length(self) -> float:
        """Milliseconds from the first to the last agreeing frame, in the video where it is less."""
        return (self.end - self.begin) * min(1.0, self.line.speed)


def chance(distance: int) -> float:
    """Return the decimal logarithm of the chance that two unrelated frames are that near.

    A straight line through what was measured: 1 in 1,000 within 90 bits in a bank full of
    common frames, and, set higher than anything seen, 1 in 10¹⁰ within 31. Plain pictures are
    far rarer near than this line says.
    """
    return -3.0 - (90 - distance) * (7.0 / 59.0)


def propose(theirs: NDArray[np.float64], ours: NDArray[np.float64], jitter: float = JITTER) -> Line:
    """Return the speed and offset on which most near frames agree.

    Args:
        theirs: shape (n,), times of the upload's frames, nearest first, n at least 1.
        ours: shape (n,), times of the registered frames they are near to.
        jitter: milliseconds by which a frame may miss its time.
    """
    theirs, ours = theirs[:MOST_HITS], ours[:MOST_HITS]
    line = Line(*elect_line(theirs, ours, jitter))
    agreeing = np.abs(line.speed * theirs + line.offset - ours) <= jitter
    return _fitted(theirs[agreeing], ours[agreeing], line, jitter)


def _fitted(
    theirs: NDArray[np.float64], ours: NDArray[np.float64], line: Line, jitter: float
) -> Line:
    """Return the line with least squares; nearly ordinary speed is ordinary speed."""
    spread = theirs - theirs.mean()
    if np.ptp(theirs) >= 3 * jitter and len(np.unique(ours)) > 2:
        speed = float(spread @ ours / (spread @ spread))
        if SLOWEST <= speed <= FASTEST:
            line = Line(1.0 if abs(speed - 1.0) <= ORDINARY else speed, 0.0)
    return Line(line.speed, float(ours.mean() - line.speed * theirs.mean()))


def follow(upload: Strip, registered: Strip, line: Line) -> list[Run]:
    """Compare every frame of the upload with the one that should be there.

    Returns:
        Runs of frames that agree, in the order of the upload.
    """
    wanted = line.speed * upload.times + line.offset
    distances, partners = compare_along(wanted, upload.words, registered.times, registered.words)
    distances[(wanted < -JITTER) | (wanted > registered.duration + JITTER)] = FAR
    agreeing = np.flatnonzero(distances <= LOOSE)
    if not agreeing.size:
        return []
    known = _near_in_time(wanted, registered.times)
    parts = np.split(agreeing, np.flatnonzero(_gaps(upload, agreeing, known) > LONGEST_GAP) + 1)
    return [_run(upload, line, part, registered.words[partners], distances) for part in parts]


def _near_in_time(wanted: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the times at which there is a registered frame; others showed too little."""
    after = np.searchsorted(times, wanted)
    before = np.abs(wanted - times[np.maximum(after - 1, 0)])
    behind = np.abs(wanted - times[np.minimum(after, len(times) - 1)])
    return np.asarray(np.minimum(before, behind) <= LONGEST_SHOWN)


def _gaps(
    upload: Strip, agreeing: NDArray[np.intp], known: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return for how long frames between two agreeing ones are shown that do not agree."""
    wrong = np.where(known, upload.lasting(), 0.0)
    wrong[agreeing] = 0.0
    return np.asarray(np.diff(wrong.cumsum()[agreeing]))


def _run(
    upload: Strip,
    line: Line,
    part: NDArray[np.intp],
    partners: NDArray[np.uint64],
    distances: NDArray[np.int64],
) -> Run:
    order = part[np.argsort(distances[part], kind="stable")]
    moments = distances[order][distinct(upload.words[order], partners[order])]
    return Run(
        line=line,
        begin=float(upload.times[part[0]]),
        end=float(upload.times[part[-1]] + min(LONGEST_SHOWN, upload.lasting()[part[-1]])),
        frames=len(part),
        moments=len(moments),
        distance=int(moments[0]),
        score=score(moments.tolist(), 2 * len(upload.times)),
        agreeing=float(upload.lasting()[part].sum()),
    )


def lone_run(
    time: float, sure: float, *, distance: int | None = None, votes: int | None = None
) -> Run:
    """Return the run of one picture that is, or holds, the frame at that registered time."""
    return Run(
        line=Line(1.0, float(time)),
        begin=0.0,
        end=0.0,
        frames=1,
        moments=1,
        distance=distance,
        votes=votes,
        score=sure,
        agreeing=0.0,
    )


def score(moments: Sequence[int], tried: int) -> float:
    """Return how sure a run is; see ``Evidence.score``.

    The first moment counts in full; every signal of the upload was tried for it. Each further
    one was tried in about three places.

    Args:
        moments: distances in bits, nearest first.
        tried: signals of the upload that were looked up.
    """
    first = -chance(moments[0]) - STRANGERS - math.log10(tried)
    further = (-chance(bits) - math.log10(3) for bits in moments[1:])
    return first + SHARE_OF_FURTHER * sum(further)


def warm_up() -> None:
    """Compile the loops, or load them from the cache, before the first request."""
    strip = Strip.of(np.arange(3, dtype=np.uint32), np.zeros((3, 32), np.uint8), 3)
    follow(strip, strip, propose(strip.times, strip.times))
