"""What crosses between a matcher and the platform's own programs, as types.

The hub's wire documents with the hub's name added, because a matcher may know several.
``docs/reference/matcher-api.md`` shows each with an example.
"""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from takeback.errors import MalformedBody
from takeback.exchange import wire
from takeback.exchange.wire import MAX_LOOKUP, MAX_REPORTS, SignalText

HubName = Annotated[str, Meta(min_length=1, max_length=100, description="name of a hub")]


class MatchRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Signals to compare with every bank."""

    signals: Annotated[list[SignalText], Meta(min_length=1, max_length=MAX_LOOKUP)]
    limit: Annotated[int, Meta(ge=1, le=100)] = 10
    """Most matches answered for one signal, nearest first."""


class HubMatch(wire.Match, frozen=True):
    """One entry within the threshold. A distance, not a verdict."""

    hub: str
    """Whose entry it is; a response or opinion about it goes there."""


class MatchResult(Struct, frozen=True):
    """The matches of one signal or of one picture, nearest first."""

    matches: list[HubMatch]
    more: bool
    """Whether entries beyond the limit match too."""

    quality: int | UnsetType = UNSET
    """Of a picture; below 50 it is not looked up, because chance would decide."""

    looked_up: bool = True

    upload_view: str | UnsetType = UNSET
    """Of a picture that matched: ``whole``, or what had to be looked through to see it."""

    upload_place: list[float] | UnsetType = UNSET
    """Where in the upload that is: left, top, right and bottom, in shares of its sides."""


class MatchAnswer(Struct, frozen=True):
    """One result for each signal in the order asked, or one for the picture."""

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
