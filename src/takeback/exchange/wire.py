"""What crosses between hub and platform: the bodies of our own partner API, as types.

Both ends import these, so they cannot disagree. ``docs/reference/api.md`` shows each with
an example. A *number* is how one platform knows one bank entry: 32 hexadecimal digits,
different at every platform, meaning nothing anywhere else.

What a hub reads is refused when it has a member that is not described; what a platform reads
is not, so that a newer hub never stops an older matcher. Entries of a ``type`` that a platform
does not know it leaves out; the cursor moves past them. A reader that learns a type must read
again from the start to get what it left out.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from takeback.hashing.signal_types import SignalType, from_text

SignalText = Annotated[
    str, Meta(pattern=r"\A[0-9a-f]{64}\Z", description="PDQ, 64 lower-case hexadecimal digits")
]
Number = Annotated[
    str, Meta(pattern=r"\A[0-9a-f]{32}\Z", description="this platform's own number of an entry")
]
BankName = Literal["adult", "under_18", "not_said"]
Ask = Literal["review", "remove"]
"""What the hub asks when the entry matches: *review* for an unvouched entry, else *remove*."""

MAX_LOOKUP = 10_000
MAX_REPORTS = 100
"""Reports are taken in one transaction, and everybody else's writes wait for it."""

MAX_PAGE = 5_000


class FeedEntry(Struct, frozen=True, omit_defaults=True):
    """The newest state of one entry. A later record for the same number replaces this one."""

    number: Number
    state: Literal["active", "gone"]
    signal: (
        Annotated[str, Meta(description="the signal, written as its `type` says")] | UnsetType
    ) = UNSET
    """Only when active. A gone entry (withdrawn, ended or quarantined) has no signal. Written
    as its type says: hexadecimal digits for ``pdq`` and ``md5``, base64url without padding
    for ``kp1`` and ``video1``."""
    quality: int = 0
    """0 to 100 for ``pdq``; 0 for every other type."""
    view: str = "whole"
    bank: BankName = "not_said"
    ask: Ask = "review"
    type: Annotated[
        str, Meta(description="`pdq`, `kp1`, `video1`, `md5`; a newer hub may have more")
    ] = "pdq"
    """A gone entry tells no type."""

    @property
    def content(self) -> bytes:
        """What the signal says, see ``takeback.hashing.signal_types``; only when active.

        Raises:
            MalformedSignal: it is not written as its type says.
        """
        return from_text(SignalType(self.type), self.signal or "")


class FeedWithdrawal(Struct, frozen=True):
    """A marker: all that was withdrawn up to here is in this page or an earlier one."""

    id: Number


class FeedPage(Struct, frozen=True):
    """One page of the feed. Asking with ``after=cursor`` says that this page is stored."""

    epoch: str
    cursor: str
    more: bool
    entries: list[FeedEntry]
    withdrawals: list[FeedWithdrawal]


class LookupRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Signals of uploads to compare with the bank. Never stored, never logged."""

    signals: Annotated[list[SignalText], Meta(min_length=1, max_length=MAX_LOOKUP)]
    limit: Annotated[int, Meta(ge=1, le=100)] = 10
    """Most matches answered for one signal, nearest first."""


class Match(Struct, frozen=True):
    """One entry within the threshold. A distance, not a verdict."""

    number: Number
    distance: int
    view: str
    bank: BankName
    ask: Ask


class LookupResult(Struct, frozen=True):
    """The matches of one looked-up signal, nearest first."""

    matches: list[Match]
    more: bool
    """Whether entries beyond the limit match too."""


class LookupAnswer(Struct, frozen=True):
    """One result for each signal, in the order asked."""

    results: list[LookupResult]


class Opinion(Struct, frozen=True, forbid_unknown_fields=True):
    """What a platform says of an entry."""

    number: Number
    opinion: Literal["positive", "negative", "investigate"]
    reason: (
        Literal["not_intimate", "consented", "wrong_person", "test_signal", "other"] | UnsetType
    ) = UNSET
    """Required with ``negative``."""


class OpinionsRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Opinions on several entries, taken together or not at all."""

    opinions: Annotated[list[Opinion], Meta(min_length=1, max_length=MAX_REPORTS)]


class Response(Struct, frozen=True, forbid_unknown_fields=True):
    """What a platform did about one match."""

    id: Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
    """The platform's own random id of this response; sending it again changes nothing."""
    number: Number
    response: Literal["seen", "under_review", "removed", "kept"]
    confirmed_by_person: bool = False
    ground: Literal["intimate", "other"] | UnsetType = UNSET
    """Required with ``removed``."""
    reason: (
        Literal["not_intimate", "consented", "newsworthy", "gone_already", "other"] | UnsetType
    ) = UNSET
    """Required with ``kept``."""


class ResponsesRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Several responses, taken together or not at all."""

    responses: Annotated[list[Response], Meta(min_length=1, max_length=MAX_REPORTS)]


class Accepted(Struct, frozen=True):
    """How many of the reports sent were new."""

    accepted: int
