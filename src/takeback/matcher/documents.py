"""What crosses between a matcher and the platform's own programs, as types.

The hub's wire documents with the hub's name added, because a matcher may know several.
``docs/reference/matcher-api.md`` shows each with an example.
"""

from typing import Annotated, Protocol, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from takeback.errors import MalformedBody
from takeback.exchange import wire
from takeback.exchange.wire import MAX_LOOKUP, MAX_REPORTS, SignalText
from takeback.hashing.signal import MATCH_DISTANCE
from takeback.matching.evidence import Evidence, Ground

T = TypeVar("T")

HubName = Annotated[str, Meta(min_length=1, max_length=100, description="name of a hub")]


class MatchRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Signals to compare with every bank."""

    signals: Annotated[list[SignalText], Meta(min_length=1, max_length=MAX_LOOKUP)]
    limit: Annotated[int, Meta(ge=1, le=100)] = 10
    """Most matches answered for one signal, surest first."""


class LookupRequest(MatchRequest, frozen=True, forbid_unknown_fields=True):
    """Signals to compare with every bank, each by itself and as it is."""

    radius: Annotated[int, Meta(ge=0, le=MATCH_DISTANCE)] = MATCH_DISTANCE
    """Largest distance of a match in bits."""


Shares = Annotated[list[float], Meta(min_length=2, max_length=2)]
"""A corner: x and y in shares of the upload's width and height."""

Seconds = Annotated[list[float], Meta(min_length=2, max_length=2)]
"""Begin and end, in seconds from the start of a video."""


class HubMatch(Struct, frozen=True):
    """One entry that matches, and why. Evidence, not a verdict."""

    number: wire.Number
    """The hub's number of the entry, this platform's alone."""

    ground: Ground
    """What matched."""

    score: float
    """How sure: minus the decimal logarithm of the number of such matches that chance would
    bring in one upload against a million unrelated pictures."""

    view: str
    """Which form of the registered picture the entry is."""

    bank: wire.BankName
    ask: wire.Ask
    hub: str
    """Whose entry it is; a response or opinion about it goes there."""

    distance: int | UnsetType = UNSET
    """Bits in which the two signals differ; for whole pictures and views."""

    votes: int | UnsetType = UNSET
    """Places of the registered picture, or frames of the registered video, that agree."""

    upload_view: str | UnsetType = UNSET
    """Of a picture or video: how it had to be looked at."""

    place: list[Shares] | UnsetType = UNSET
    """Where in the upload the upper left, upper right, lower right and lower left corners of
    what was registered lie; outside 0 to 1 where they were cut off."""

    seconds: Seconds | UnsetType = UNSET
    """When in the uploaded video the matching part begins and ends."""

    registered_seconds: Seconds | UnsetType = UNSET
    """When in the registered video that part begins and ends."""


class Known(Protocol):
    """What is known of an entry that matches, beside its signal."""

    @property
    def number(self) -> str:
        """The hub's number of it."""

    @property
    def view(self) -> str:
        """Which form of the registered picture it is."""

    @property
    def bank(self) -> wire.BankName:
        """Of which bank it is."""

    @property
    def ask(self) -> wire.Ask:
        """What the hub asks for."""


def hub_match(entry: Known, evidence: Evidence, hub: str) -> HubMatch:
    """Describe a match to the platform."""
    return HubMatch(
        number=entry.number,
        ground=evidence.ground,
        score=round(evidence.score, 1),
        view=entry.view,
        bank=entry.bank,
        ask=entry.ask,
        hub=hub,
        distance=_given(evidence.distance),
        votes=_given(evidence.votes),
        upload_view=evidence.upload_view,
        place=_given(evidence.place and [_rounded(corner, 3) for corner in evidence.place]),
        seconds=_given(evidence.seconds and _clock(evidence.seconds)),
        registered_seconds=_given(
            evidence.registered_seconds and _clock(evidence.registered_seconds)
        ),
    )


def _given(value: T | None) -> T | UnsetType:
    return UNSET if value is None else value


def _clock(span: tuple[float, float]) -> list[float]:
    """Round; a fitted line may begin a few milliseconds before the video does."""
    return [round(max(0.0, second), 2) for second in span]


def _rounded(numbers: tuple[float, float], digits: int) -> list[float]:
    """Round; adding zero turns −0.0, which reads like a fault, into 0.0."""
    return [round(number, digits) + 0.0 for number in numbers]


class MatchResult(Struct, frozen=True):
    """The matches of one signal, picture or video, vouched ones first, then surest."""

    matches: list[HubMatch]
    more: bool
    """Whether entries beyond the limit match too."""

    quality: int | UnsetType = UNSET
    """Of a picture, or of the best frame of a video."""

    looked_up: bool = True
    """False where nothing in the upload has enough detail: chance would decide."""

    complete: bool | UnsetType = UNSET
    """Of a video: false if the file ends early or is damaged; what could be read was compared."""


class MatchAnswer(Struct, frozen=True):
    """One result for each signal in the order asked, or one for the picture or video."""

    results: list[MatchResult]
    missing: list[str]
    """Hubs whose bank is not in this answer: not read yet, or not reached. When this is not
    empty, no match means no match at the others only."""


class HubResponse(wire.Response, frozen=True):
    """What the platform did about one match."""

    hub: HubName | UnsetType = UNSET
    """Name of the hub, as the match gave it; may be left out where there is only one."""


class HubResponsesRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Several responses, taken together or not at all."""

    responses: Annotated[list[HubResponse], Meta(min_length=1, max_length=MAX_REPORTS)]


class HubOpinion(wire.Opinion, frozen=True):
    """What the platform says of an entry."""

    hub: HubName | UnsetType = UNSET
    """Name of the hub, as the match gave it; may be left out where there is only one."""


class HubOpinionsRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Several opinions, taken together or not at all."""

    opinions: Annotated[list[HubOpinion], Meta(min_length=1, max_length=MAX_REPORTS)]


class HubHealth(Struct, frozen=True):
    """How following or asking one hub goes."""

    hub: str
    state: str
    fresh_seconds: float | None
    """Seconds since its bank was last known to be up to date; null if never."""


class Health(Struct, frozen=True):
    """The matcher is alive; how it goes with each hub."""

    status: str
    version: str
    hubs: list[HubHealth]


def check_response(response: wire.Response) -> None:
    """Refuse a response that the hub would refuse, while the caller still listens.

    Raises:
        MalformedBody: a removal without ground, or something kept without reason.
    """
    if response.response == "removed" and response.ground is UNSET:
        raise MalformedBody("ground is required with removed")
    if response.response == "kept" and response.reason is UNSET:
        raise MalformedBody("reason is required with kept")


def check_opinion(opinion: wire.Opinion) -> None:
    """Refuse an opinion that the hub would refuse, while the caller still listens.

    Raises:
        MalformedBody: a negative opinion without reason.
    """
    if opinion.opinion == "negative" and opinion.reason is UNSET:
        raise MalformedBody("reason is required with negative")


def for_hub(report: HubResponse | HubOpinion) -> bytes:
    """Return the JSON that goes to the hub: the same without the hub's name."""
    said = msgspec.structs.asdict(report)
    del said["hub"]
    kind = wire.Response if isinstance(report, HubResponse) else wire.Opinion
    return msgspec.json.encode(kind(**said))
