"""Excerpts at random places, edited in several ways, and whether they are found."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
from benchmarks.video.kept import kept
from benchmarks.video.sources import Source

from takeback.cli.demo.film import Edit, excerpt
from takeback.hashing.video_signals import VideoSignals
from takeback.matching.videos.index import VideoIndex
from takeback.matching.videos.match import VideoMatch

SECONDS: Final = 10.0
NEAR_SECONDS: Final = 1.5
"""A place that is told wrong by no more than this counts as right."""

EDITS: Final[Mapping[str, Edit]] = {
    "480p, CRF 35, black border of 10 %": Edit(border=0.1),
    "480p, CRF 35, mirrored": Edit(mirrored=True),
    "480p, CRF 35, cropped to 64 % of the area": Edit(crop=0.8),
    "240p, CRF 35": Edit(height=240),
    "480p, CRF 35, half again as fast": Edit(speed=1.5),
    "480p, CRF 35, cropped to 80 % of the area": Edit(crop=0.8**0.5),
}

SHARES: Final = (1.0, 0.5, 0.5, 0.125, 0.125, 0.5)
"""How many of the excerpts are made of each edit; encoding them takes nearly all the time."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One excerpt."""

    source: Source
    start: float
    edit: str


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one excerpt."""

    trial: Trial
    right: bool
    """The registered video was found."""

    placed: bool
    """… and where in it the excerpt begins."""

    wrong: int
    """Other registered videos that matched."""


def trials(sources: Sequence[Source], count: int) -> list[Trial]:
    """Return *count* excerpts of each edit, at random places of all videos long enough."""
    lengths = {source: _seconds(source.path) for source in sources}
    long = [source for source in sources if lengths[source] > SECONDS * 1.6]
    found = []
    for edit, share in zip(EDITS, SHARES, strict=True):
        rng = random.Random(edit)
        for number in range(round(count * share)):
            source = long[number % len(long)]
            last = lengths[source] - SECONDS * EDITS[edit].speed
            found.append(Trial(source, rng.uniform(0.0, last), edit))
    return found


def signals_of(trial: Trial, cache: Path) -> VideoSignals:
    """Return the signals of an excerpt, cutting it out if that was not done before."""
    number = list(EDITS).index(trial.edit)
    path = cache / f"{trial.source.name}-{trial.start:.3f}-{number}.mp4"
    if not path.exists():
        begun = path.with_suffix(".part.mp4")
        excerpt(trial.source.path, trial.start, SECONDS, begun, EDITS[trial.edit])
        begun.rename(path)
    return kept(path, "query")


def outcomes(
    chosen: Iterable[Trial], bank: VideoIndex, names: Sequence[str], cache: Path
) -> Iterator[Found]:
    """Look every excerpt up."""
    for trial in chosen:
        matches = bank.match_video(signals_of(trial, cache))
        own = [match for match in matches if names[match.id] == trial.source.name]
        speed = EDITS[trial.edit].speed
        placed = any(_is_placed(match, trial.start, speed) for match in own)
        yield Found(trial, bool(own), placed, len(matches) - len(own))


def _is_placed(match: VideoMatch, start: float, speed: float) -> bool:
    begin, _ = match.seconds
    ours, _ = match.registered_seconds
    return abs(ours - (start + begin * speed)) <= NEAR_SECONDS


def _seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        return (container.duration or 0) / av.time_base
