"""What an upload matches: entries with the evidence for each, surest first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from takeback.matching.evidence import Evidence, Ground
from takeback.matching.videos.match import VideoMatch


class Entry(Protocol):
    """What is known of an entry beside its signal."""

    @property
    def view(self) -> str:
        """Which form of the picture was registered."""

    @property
    def vouched(self) -> bool:
        """Whether somebody gave their word for it."""


Held = TypeVar("Held", bound=Entry)
Known = TypeVar("Known", bound=Entry, covariant=True)


class Register(Protocol[Known]):
    """Knows what entries are."""

    def held(self, ids: Sequence[int], /) -> Mapping[int, Known]:
        """Return what is known of the entries; one that is gone is left out."""

    def vouched(self, ids: Sequence[int], /) -> Sequence[int]:
        """Return those that are vouched for, of many."""


@dataclass(frozen=True, slots=True)
class Found(Generic[Held]):
    """What one upload matches."""

    matches: tuple[tuple[Held, Evidence], ...] = ()
    """Vouched ones first, then surest first."""

    more: bool = False
    """Whether there are others."""

    @property
    def vouched(self) -> bool:
        """Whether somebody gave their word for one of them."""
        return bool(self.matches) and self.matches[0][0].vouched

    def cut(self, limit: int) -> "Found[Held]":
        """Return the surest."""
        if len(self.matches) <= limit:
            return self
        return Found(self.matches[:limit], more=True)


def known(register: Register[Held], judged: Mapping[int, Evidence | None]) -> Found[Held]:
    """Return what suffices, with what is known of each entry."""
    return found_of(register.held(list(judged)) if judged else {}, judged)


def found_of(
    held: Mapping[int, Held], judged: Mapping[int, Evidence | None], *, more: bool = False
) -> Found[Held]:
    """Leave out what does not suffice, and what was withdrawn meanwhile.

    Vouched entries come first, then the surest: whoever registers copies of what goes around,
    without anybody's word, can't push a vouched one out of the answer.
    """
    sure = [(entry, evidence) for entry, evidence in judged.items() if evidence and entry in held]
    sure.sort(key=lambda pair: (not held[pair[0]].vouched, -pair[1].score, pair[0]))
    return Found(tuple((held[entry], evidence) for entry, evidence in sure), more)


def first_of(stages: Iterable[Found[Held]]) -> Found[Held]:
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
