"""What an upload matches: entries with the evidence for each, surest first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from takeback.matcher.state import Held, State
from takeback.matching.evidence import Evidence, Ground
from takeback.matching.video_match import VideoMatch


@dataclass(slots=True)
class Found:
    """What one upload matches."""

    matches: list[tuple[Held, Evidence]] = field(default_factory=list)
    """Surest first."""

    more: bool = False
    """Whether there are others."""

    def cut(self, limit: int) -> "Found":
        """Return the surest."""
        return Found(self.matches[:limit], self.more or len(self.matches) > limit)


def known(state: State, judged: Mapping[int, Evidence | None]) -> Found:
    """Return what suffices, with what the state file knows of each entry."""
    return found_of(state.held(list(judged)) if judged else {}, judged)


def found_of(
    held: Mapping[int, Held], judged: Mapping[int, Evidence | None], *, more: bool = False
) -> Found:
    """Leave out what does not suffice, and what was withdrawn meanwhile; surest first."""
    sure = [(entry, evidence) for entry, evidence in judged.items() if evidence and entry in held]
    sure.sort(key=lambda pair: (-pair[1].score, pair[0]))
    return Found([(held[entry], evidence) for entry, evidence in sure], more)


def first_of(stages: Iterable[Found]) -> Found:
    """Return the first that matches; the rest is not even looked at."""
    return next((found for found in stages if found.matches), Found())


def of_run(match: VideoMatch) -> Evidence:
    """Return the evidence of the surest run of frames."""
    return Evidence(
        ground=Ground.VIDEO,
        score=match.score,
        place=None,
        upload_view=match.view,
        votes=match.frames,
        seconds=match.seconds,
        registered_seconds=match.registered_seconds,
    )
