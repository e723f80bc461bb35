"""What crosses the exchange, as values: records on their way out, reports on their way in."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from takeback.accounts.model import Canary
from takeback.errors import MalformedBody
from takeback.exchange.wire import Opinion, Response
from takeback.hashing.signal_types import SignalType
from takeback.ids import EntryId, PlatformId, WithdrawalId
from takeback.matching.model import ADULT, Holder


class Channel(StrEnum):
    """How a platform was served signals."""

    FEED = "feed"
    """Our own feed, whose readers confirm withdrawals."""
    PARTNER = "partner"
    """The StopNCII API, whose clients can't."""


class Marker(Protocol):
    """A withdrawal and its place in the feed."""

    @property
    def withdrawal_id(self) -> WithdrawalId:
        """Which withdrawal."""

    @property
    def seq(self) -> int:
        """Its place: everything it took away is before."""


class Withdrawals(Protocol):
    """Withdrawals, as far as the feed speaks of them."""

    def withdrawal_markers(
        self, after_seq: int, to_seq: int, banks: Collection[str]
    ) -> Sequence[Marker]:
        """Return the markers after one place up to another, in order."""

    def confirm_withdrawal(self, withdrawal_id: WithdrawalId, platform_id: PlatformId) -> object:
        """Note that a platform stopped; raise ``NotFound`` if there is no such withdrawal."""


class Removals(Protocol):
    """Where a confirmed removal of an intimate picture is noted for those who hold it."""

    def record_removal(
        self, holders: Iterable[Holder], platform_id: PlatformId, at: datetime
    ) -> object:
        """Note the removal for each holder."""


class Reporters(Withdrawals, Removals, Protocol):
    """All that the exchange needs from cases."""


@dataclass(frozen=True, slots=True)
class CanaryPlace:
    """Where a canary stands in what one platform receives."""

    canary_id: int
    platform_id: PlatformId
    seq: int
    at: int
    gone: bool = False
    """That platform said it is no intimate picture, so it is kept back like any entry."""


def canary_entry(canary_id: int) -> EntryId:
    """Return the entry that stands for a canary: no entry of the bank has a negative id."""
    return EntryId(-canary_id)


def canary_id(entry_id: EntryId) -> int | None:
    """Return which canary an entry stands for, or None for an entry of the bank."""
    return -entry_id if entry_id < 0 else None


@dataclass(frozen=True, slots=True)
class Disguise:
    """How a canary shows itself: as an ordinary entry."""

    canary: Canary

    bank: str = ADULT

    @property
    def entry_id(self) -> EntryId:
        """The entry it pretends to be."""
        return canary_entry(self.canary.id)

    @property
    def type(self) -> SignalType:
        """The type of its signal."""
        return SignalType(self.canary.type)

    @property
    def view(self) -> str:
        """The view that it pretends to be of."""
        return self.canary.view

    @property
    def vouched(self) -> bool:
        """Whether it looks vouched: half of the pictures do, and all canaries of one alike."""
        return self.canary.vouched


@dataclass(frozen=True, slots=True)
class Report:
    """A platform's standing opinion on an entry."""

    entry_id: EntryId
    opinion: str
    reason: str
    settled: bool = False
    """A person has decided since; it counts towards no quarantine any more."""

    @property
    def said(self) -> tuple[str, str]:
        """What the platform said, whatever became of it."""
        return self.opinion, self.reason

    @property
    def not_intimate(self) -> bool:
        """Whether it keeps the entry back from the platform that said it."""
        return self.opinion == "negative" and self.reason == NOT_INTIMATE


NOT_INTIMATE: Final = "not_intimate"


def checked_opinion(opinion: Opinion, place: int) -> None:
    """Refuse a negative opinion without a reason.

    Raises:
        MalformedBody: names the place.
    """
    if opinion.opinion == "negative" and not opinion.reason:
        raise MalformedBody(f"opinions[{place}].reason is required with a negative opinion")


def checked_response(response: Response, place: int) -> None:
    """Refuse a removal without a ground, and a picture kept without a reason.

    Raises:
        MalformedBody: names the place.
    """
    if response.response == "removed" and not response.ground:
        raise MalformedBody(f"responses[{place}].ground is required with a removal")
    if response.response == "kept" and not response.reason:
        raise MalformedBody(f"responses[{place}].reason is required with a picture kept")


def reaches_receipts(response: Response) -> bool:
    """Whether the reporter may learn of it: a person confirmed an intimate picture and acted.

    Anything less would make the receipt a way to track an ordinary photograph.
    """
    return (
        response.response == "removed"
        and response.confirmed_by_person
        and response.ground == "intimate"
    )
