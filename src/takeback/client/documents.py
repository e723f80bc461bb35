"""What a matcher answers and what is told to it, as types.

The same members as ``takeback.matcher.documents``, where each is explained at length, and
``docs/reference/matcher-api.md`` shows an example of each. Members that a newer matcher adds
are left out here, words that a newer matcher knows come through as they are.
"""

import secrets
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct, field

Corner = tuple[float, float]
"""x and y, in shares of the upload's width and height."""

Span = tuple[float, float]
"""Begin and end, in seconds."""


class Match(Struct, frozen=True, kw_only=True):
    """One registered picture or video that an upload shows. Evidence, not a verdict."""

    number: str
    """The hub's number of it; responses and opinions name it."""

    hub: str
    """Whose entry it is."""

    bank: str
    """``adult``, ``under_18`` or ``not_said``."""

    ask: str
    """``remove``: a caseworker vouched for it. ``review``: a person must look first."""

    view: str
    """Which form of the registered picture the entry is."""

    ground: str = "whole"
    """What matched: ``whole``, ``view``, ``keypoints``, ``video`` or ``file``."""

    score: float | None = None
    """How sure: 6 is one false match in a million uploads."""

    distance: int | None = None
    """Bits in which the two signals differ, 0 to 31."""

    votes: int | None = None
    """Places, or frames, that agree."""

    upload_view: str | None = None
    """How the upload was looked at."""

    place: tuple[Corner, Corner, Corner, Corner] | None = None
    """Where the registered picture's upper left, upper right, lower right and lower left
    corners lie in the upload."""

    seconds: Span | None = None
    """When in the uploaded video."""

    registered_seconds: Span | None = None
    """When in the registered video."""


class Result(Struct, frozen=True, kw_only=True):
    """The matches of one upload or one signal, vouched ones first, then surest."""

    matches: list[Match]
    more: bool = False
    """Whether entries beyond the limit match too."""

    quality: int | None = None
    """Of the upload, 0 to 100."""

    looked_up: bool = True
    """False where nothing in the upload has enough detail to be looked up."""

    complete: bool | None = None
    """Of a video: false if the file ends early or is damaged."""


class Answer(Struct, frozen=True, kw_only=True):
    """One result for an upload, or one for each signal in the order asked."""

    results: list[Result]
    missing: list[str] = field(default_factory=list)
    """Hubs whose bank was not compared. When this is not empty, no match means no match at the
    others only."""

    @property
    def matches(self) -> list[Match]:
        """Every match of every result, in order."""
        return [match for result in self.results for match in result.matches]

    def __iter__(self) -> Iterator[Result]:
        """Go through the results in order."""
        return iter(self.results)


class Response(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What you did about one match."""

    number: str
    response: Literal["seen", "under_review", "removed", "kept"]
    hub: str | None = None
    confirmed_by_person: bool = False
    """Whether a person of yours looked."""

    ground: Literal["intimate", "other"] | None = None
    """Needed with ``removed``."""

    reason: Literal["not_intimate", "consented", "newsworthy", "gone_already", "other"] | None = (
        None
    )
    """Needed with ``kept``."""

    id: str = field(default_factory=lambda: secrets.token_hex(16))
    """32 hexadecimal digits; the same id again changes nothing, so keep it if you may resend."""


class Opinion(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What you think of an entry, apart from what you did."""

    number: str
    opinion: Literal["positive", "negative", "investigate"]
    hub: str | None = None
    reason: Literal["not_intimate", "consented", "wrong_person", "test_signal", "other"] | None = (
        None
    )
    """Needed with ``negative``."""


class HubHealth(Struct, frozen=True, kw_only=True):
    """How following or asking one hub goes."""

    hub: str
    state: str
    fresh_seconds: float | None = None
    """Seconds since its bank was last known to be up to date."""


class Health(Struct, frozen=True, kw_only=True):
    """The matcher is alive; how it goes with each hub."""

    status: str
    version: str
    hubs: list[HubHealth]


class Accepted(Struct, frozen=True):
    """How many of what was told were new."""

    accepted: int


class Problem(Struct, frozen=True):
    """As much of a problem document (RFC 9457) as is used here."""

    type: str = ""
    detail: str = ""
    hint: str = ""
