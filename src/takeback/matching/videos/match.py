"""What it takes for frames that agree to be a match, and the match as a value.

Pure: no bank and no index.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from takeback.matching.videos.runs import Run

INTRO: Final = 3500.0
"""Milliseconds. A shorter run is an intro or a title that others may share: it is a match only
where it is half of the upload or of the registered video."""

HALF: Final = 0.5
"""Share of a video that suffices however short it is."""

SURE: Final = 2.0
"""Least score of a match: fewer than one upload in a hundred matches a million strangers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoMatch:
    """A registered video of which an upload shows a part."""

    id: int
    """The entry's."""

    view: str
    """How the upload had to be looked at."""

    runs: tuple[Run, ...]
    """What agrees, surest first; more than one if parts were left out or put in another order."""

    @property
    def score(self) -> float:
        """How sure; see ``Evidence.score``. That of the surest run alone."""
        return self.runs[0].score

    @property
    def frames(self) -> int:
        """How many frames of the upload agree in the surest run."""
        return self.runs[0].frames

    @property
    def speed(self) -> float:
        """Seconds of the registered video in one of the upload."""
        return self.runs[0].line.speed

    @property
    def seconds(self) -> tuple[float, float]:
        """When in the upload the surest run begins and ends."""
        return self.runs[0].begin / 1000, self.runs[0].end / 1000

    @property
    def registered_seconds(self) -> tuple[float, float]:
        """When in the registered video it does."""
        begin, end = self.runs[0].registered
        return begin / 1000, end / 1000


def suffices(
    runs: Sequence[Run], duration: float, registered_duration: float, registered_frames: int
) -> bool:
    """Say whether runs in one registered video are a match.

    Either one run is longer than an intro and has two moments, or all of them together are half
    of what was uploaded or half of what is registered, by time or by its frames: a short video
    that moves fast has few frames, and shows each for a blink.

    Args:
        runs: what agrees.
        duration: of the upload in milliseconds.
        registered_duration: of the registered video.
        registered_frames: how many frames of it are registered in one view.
    """
    sure = [run for run in runs if run.score >= SURE]
    moments = max(2, HALF * registered_frames)
    if any(run.moments >= (2 if run.length >= INTRO else moments) for run in sure):
        return True
    theirs = sum(run.agreeing for run in sure)
    ours = sum(run.agreeing * run.line.speed for run in _of_different_parts(sure))
    return bool(sure) and (theirs >= HALF * duration or ours >= HALF * registered_duration)


def apart(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Return the surest runs of which no two explain the same part of the upload."""
    chosen: list[Run] = []
    for run in sorted(runs, key=lambda run: -run.score):
        if all(run.end <= other.begin or run.begin >= other.end for other in chosen):
            chosen.append(run)
    return tuple(chosen)


def _of_different_parts(runs: Sequence[Run]) -> list[Run]:
    """Return the runs of which no two are of the same part of the registered video."""
    chosen: list[Run] = []
    for run in runs:
        begin, end = run.registered
        others = [other.registered for other in chosen]
        if all(end <= other[0] or begin >= other[1] for other in others):
            chosen.append(run)
    return chosen


def best_of_each(matches: Iterable[VideoMatch]) -> list[VideoMatch]:
    """Return the surest match of each entry, surest first, then by id."""
    best: dict[int, VideoMatch] = {}
    for match in sorted(matches, key=lambda match: (-match.score, match.id)):
        best.setdefault(match.id, match)
    return list(best.values())
