"""Banks, entries and holds as values: when an entry is active, vouched, quarantined, shared.

An *entry* is one signal in one bank; a *hold* is one item's claim on it. An entry lives while
any hold on it is active, and what the world sees of it is a pure function of its holds and of
what it was before, so that nobody can count the holds from outside. No SQL and no clock here.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate
from typing import Final

from takeback.errors import QualityTooLow
from takeback.hashing.signal import MINIMUM_QUALITY
from takeback.hashing.signal_types import SignalType, key_of
from takeback.ids import CaseId, EntryId, ItemId, PlatformId

ADULT: Final = "adult"
UNDER_18: Final = "under_18"
NOT_SAID: Final = "not_said"

BANKS: Final = frozenset({ADULT, UNDER_18, NOT_SAID})
"""The three banks. No entry is ever in two, and no search or feed mixes them unasked."""

PAGE_BYTES: Final = 4_000_000
"""Bytes of one page of the feed, unless a single record is larger."""

RECORD_BYTES: Final = 250
"""Bytes of a record in the feed beside its signal, at most."""

PICTURE_SIGNALS: Final = 16
PICTURE_BYTES: Final = 4_096
"""Signals, and bytes of signals, that count as one picture."""


class State(StrEnum):
    """How an entry stands in the feed."""

    WAITING = "waiting"
    """Never shown to anybody: its only holds wait for a caseworker's word."""
    ACTIVE = "active"
    GONE = "gone"
    """Shown once and now withdrawn, ended, suspended or quarantined; nobody can tell which."""


class Shared(StrEnum):
    """How an entry stands towards partners whose programs may ignore a withdrawal."""

    NEVER = "never"
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class BankSignal:
    """A signal to register, with what its device said of it."""

    content: bytes
    """32 bytes of a PDQ signal, 16 of an MD5 digest, or what was packed."""

    quality: int = 0
    """0-100 for PDQ; signals of other types are not told by it."""

    view: str = "whole"
    type: SignalType = SignalType.PDQ

    @property
    def key(self) -> bytes:
        """What stands for the signal: itself, or the digest of what was packed."""
        return key_of(self.type, self.content)

    @property
    def payload(self) -> bytes | None:
        """What was packed; None where the key says it all."""
        return self.content if self.type.packed else None


def record_bytes(content: int) -> int:
    """Return the most bytes that a record with so many bytes of content takes in the feed."""
    return RECORD_BYTES + content * 2


def pictures(signals: Sequence[BankSignal]) -> int:
    """Return as how many pictures signals count: one, or more for what no picture has.

    A picture has up to a dozen signals and 4 kB; a long video, or a flood, has more.
    """
    size = sum(len(each.content) for each in signals)
    return max(math.ceil(len(signals) / PICTURE_SIGNALS), math.ceil(size / PICTURE_BYTES))


def check_quality(signals: Sequence[BankSignal]) -> None:
    """Refuse signals that chance could match.

    Raises:
        QualityTooLow: the quality of one is below ``MINIMUM_QUALITY``.
    """
    pictures = [each.quality for each in signals if each.type is SignalType.PDQ]
    lowest = min(pictures, default=MINIMUM_QUALITY)
    if lowest < MINIMUM_QUALITY:
        raise QualityTooLow(lowest, MINIMUM_QUALITY)


@dataclass(frozen=True, slots=True)
class Held:
    """The active holds on one entry, summed up."""

    active: bool = False
    vouched: bool = False
    partners: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What the world sees of an entry."""

    state: State = State.WAITING
    vouched: bool = False
    quarantined: bool = False
    """Everywhere, until a person decides. One platform's own quarantine is no part of this."""
    shared: Shared = Shared.NEVER

    def settle(self, held: Held) -> "Standing":
        """Return how the entry stands now that its active holds are *held*.

        A vouched entry stays vouched while it lives: falling back to unvouched would tell
        that the vouched holder left and somebody else remains.
        """
        vouched = held.active and (self.vouched or held.vouched)
        quarantined = self.quarantined and not vouched
        return Standing(
            state=_state(self.state, held.active and not quarantined),
            vouched=vouched,
            quarantined=quarantined,
            shared=_shared(self.shared, held.partners and not quarantined),
        )

    def quarantine(self) -> "Standing":
        """Return this standing, quarantined everywhere; a vouched entry never is."""
        return self if self.vouched else replace(self, quarantined=True)

    def lift(self) -> "Standing":
        """Return this standing without the quarantine."""
        return replace(self, quarantined=False)

    def moves_feed(self, before: "Standing") -> bool:
        """Whether a reader of the feed has something new to read since *before*."""
        return self._seen() != before._seen()

    def moves_shared(self, before: "Standing") -> bool:
        """Whether a partner has something new to read since *before*."""
        return self._seen_by_partners() != before._seen_by_partners()

    def _seen(self) -> tuple[State, bool]:
        return self.state, self.vouched and self.state is State.ACTIVE

    def _seen_by_partners(self) -> tuple[Shared, bool]:
        return self.shared, self.vouched and self.shared is Shared.ACTIVE


def _state(was: State, visible: bool) -> State:
    if visible:
        return State.ACTIVE
    return State.WAITING if was is State.WAITING else State.GONE


def _shared(was: Shared, visible: bool) -> Shared:
    if visible:
        return Shared.ACTIVE
    return Shared.NEVER if was is Shared.NEVER else Shared.WITHDRAWN


@dataclass(frozen=True, slots=True)
class Head:
    """Where the bank's history stands."""

    seq: int = 0
    """Number of the newest change, whether or not anybody can see it."""
    epoch: str = ""
    """Changes when the history was rewritten; compared, never ordered."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A place in the bank's history."""

    seq: int
    at: int
    """Seconds since 1970, never less than that of an earlier *seq*."""


@dataclass(frozen=True, slots=True)
class Change:
    """The newest state of one entry, as one platform may see it."""

    entry_id: EntryId
    seq: int
    active: bool
    bank: str
    content: bytes | None
    """What the signal says; None where the entry was purged. Never passed on unless *active*."""
    quality: int
    view: str
    vouched: bool
    type: SignalType = SignalType.PDQ

    @property
    def size(self) -> int:
        """Bytes that a record of this change takes in the feed, at most."""
        return record_bytes(len(self.content or b""))


@dataclass(frozen=True, slots=True)
class Changes:
    """One page of changes, oldest first."""

    entries: Sequence[Change]
    to_seq: int
    """Every change up to here is in this page or an earlier one."""
    more: bool

    def cut(self, limit: int) -> "Changes":
        """Return as much of the page as *limit* records and ``PAGE_BYTES`` allow, at least one."""
        totals = accumulate(change.size for change in self.entries)
        room = sum(total <= PAGE_BYTES for total in totals)
        count = min(limit, max(1, room))
        if len(self.entries) <= count:
            return self
        kept = self.entries[:count]
        return Changes(kept, kept[-1].seq, more=True)


@dataclass(frozen=True, slots=True)
class SharedRecord:
    """The newest state of one entry, as a partner may see it. The signal is still there."""

    entry_id: EntryId
    seq: int
    at: int
    """Seconds since 1970, never less than that of an earlier *seq*."""
    active: bool
    content: bytes
    vouched: bool
    type: SignalType = SignalType.PDQ


@dataclass(frozen=True, slots=True)
class Near:
    """An active entry near a looked-up signal. A distance, not a verdict."""

    entry_id: EntryId
    distance: int
    bank: str
    view: str
    vouched: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What one looked-up signal is near to, nearest first."""

    near: Sequence[Near] = ()
    more: bool = False
    """Whether entries beyond the limit are near too."""


@dataclass(frozen=True, slots=True)
class Holder:
    """An item that holds an entry. Never leaves the hub."""

    case_id: CaseId
    item_id: ItemId


@dataclass(frozen=True, slots=True)
class Quarantine:
    """An entry kept back, and from whom; a caseworker's queue is made of these."""

    entry_id: EntryId
    platform_id: PlatformId | None
    """None: from everybody."""
    reason: str
    since: int
    """Seconds since 1970."""
    bank: str
    vouched: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """The state of the banks in numbers, for staff."""

    active: Mapping[str, int]
    """Active entries in each bank."""
    waiting: int
    """Holds that wait for a vouch."""
    suspended: int
    """Holds suspended by a restore."""
    quarantined: int
    """Entries quarantined everywhere."""
