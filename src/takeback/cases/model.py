"""What a case is and how it moves: values and two tables. No clock, no storage.

``docs/reference/case-status.md`` is held to ``NEXT`` and ``ITEM_NEXT`` by a test, so the
diagram in the docs and the checks in the code can't disagree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from takeback.errors import IllegalTransition, OnHold
from takeback.ids import CaseId, ItemId, PlatformId, WithdrawalId


class CaseStatus(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"
    PURGED = "purged"


class ItemStatus(StrEnum):
    """Where one item stands."""

    ACTIVE = "active"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"
    PURGED = "purged"


NEXT: Final[Mapping[CaseStatus, frozenset[CaseStatus]]] = {
    CaseStatus.OPEN: frozenset(
        {CaseStatus.CLOSED, CaseStatus.WITHDRAWING, CaseStatus.WITHDRAWN, CaseStatus.PURGED}
    ),
    CaseStatus.CLOSED: frozenset(
        {CaseStatus.OPEN, CaseStatus.WITHDRAWING, CaseStatus.WITHDRAWN, CaseStatus.PURGED}
    ),
    CaseStatus.WITHDRAWING: frozenset(
        {CaseStatus.OPEN, CaseStatus.CLOSED, CaseStatus.WITHDRAWN, CaseStatus.PURGED}
    ),
    CaseStatus.WITHDRAWN: frozenset({CaseStatus.OPEN, CaseStatus.CLOSED, CaseStatus.PURGED}),
    CaseStatus.PURGED: frozenset(),
}
"""The whole workflow of a case. A purged case has no row; nothing leads out of it."""

ITEM_NEXT: Final[Mapping[ItemStatus, frozenset[ItemStatus]]] = {
    ItemStatus.ACTIVE: frozenset({ItemStatus.WITHDRAWING, ItemStatus.WITHDRAWN}),
    ItemStatus.WITHDRAWING: frozenset({ItemStatus.ACTIVE, ItemStatus.WITHDRAWN}),
    ItemStatus.WITHDRAWN: frozenset({ItemStatus.ACTIVE, ItemStatus.PURGED}),
    ItemStatus.PURGED: frozenset(),
}
"""The whole workflow of an item."""

RUNNING: Final = frozenset({CaseStatus.OPEN, CaseStatus.CLOSED})
"""Statuses in which signals are active and the reporter may change the case."""

HOLD_REASONS: Final = ("court_order", "police_request", "preservation_order", "other")
"""Why a hold may be placed; the audit log keeps the word."""

PURGE: Final = "case.purge"
ITEM_PURGE: Final = "item.purge"
RETENTION: Final = "case.retention"
EFFECT: Final = "withdrawal.effect"
ITEM_EFFECT: Final = "item.withdrawal.effect"
KEYPOINTS: Final = "keypoints.effect"
CASE_DUES: Final = (EFFECT, KEYPOINTS, PURGE, RETENTION)
ITEM_DUES: Final = (ITEM_EFFECT, ITEM_PURGE)


def midnight(day: date) -> datetime:
    """Return the instant at which *day* begins, in UTC."""
    return datetime.combine(day, time.min, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the reporter decides."""

    partners: bool
    keypoints: bool
    lock: bool
    ends_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One person's request about one or more pictures, or about none yet."""

    id: CaseId
    kind: str
    age_band: str
    language: str
    authority: str
    opened_on: date
    status: CaseStatus = CaseStatus.OPEN
    before: CaseStatus = CaseStatus.OPEN
    """What the case was before it was withdrawn; an undo goes back to it."""
    held: bool = False
    hold_reason: str = ""
    partners: bool = False
    partners_since: date | None = None
    """First day on which partners could get the signals, even if they no longer may."""
    keypoints: bool = False
    """Whether keypoint signals may be added."""
    keypoints_end: datetime | None = None
    """When those that are there are withdrawn and erased, after she chose to have none."""
    keypoints_kept: bool = False
    """They are withdrawn, and a hold forbids to erase them."""
    lock: bool = False
    unlocks_at: datetime | None = None
    """When a lock that she turned off stops holding; a finder of the code can't hurry it."""
    ends_on: date | None = None
    closed_on: date | None = None
    erased: bool = False
    """Retention has erased texts and locators; signals, code and receipt are untouched."""
    effect_at: datetime | None = None
    """When a delayed withdrawal takes effect."""
    undo_until: datetime | None = None

    @property
    def bank(self) -> str:
        """The bank that the signals belong in: each age band has its own."""
        return self.age_band

    def to(self, status: CaseStatus) -> "Case":
        """Return this case moved to *status*.

        Raises:
            OnHold: *status* is ``PURGED`` and the case is held.
            IllegalTransition: the workflow has no such step.
        """
        if status is CaseStatus.PURGED and self.held:
            raise OnHold("the case is on hold")
        if status not in NEXT[self.status]:
            raise IllegalTransition(f"a case that is {self.status} cannot become {status}")
        return replace(self, status=status)

    def require_running(self) -> None:
        """Refuse a change to a case that is withdrawn or about to be.

        Raises:
            IllegalTransition: the case is not open or closed.
        """
        if self.status not in RUNNING:
            raise IllegalTransition(f"the case is {self.status}; undo that first")

    def locked(self, now: datetime) -> bool:
        """Say whether a withdrawal asked for at *now* is delayed."""
        return self.lock and (self.unlocks_at is None or now < self.unlocks_at)

    def choosing(self, choices: Choices, now: datetime, lock_time: timedelta) -> "Case":
        """Return this case with new choices.

        A lock that is turned off goes on for *lock_time*: whoever found the code can't take
        it away and withdraw in one go. Nor can they end keypoint signals any sooner.

        Raises:
            OnHold: keypoint signals are chosen while a hold still keeps those of before.
        """
        if choices.keypoints and self.keypoints_kept:
            raise OnHold("keypoint signals can be chosen again when the hold is released")
        unlocking = self.locked(now) and not choices.lock
        since = self.partners_since or (now.date() if choices.partners else None)
        ends = self.keypoints_end
        if self.keypoints and not choices.keypoints:
            ends = now + lock_time if self.locked(now) else now
        return replace(
            self,
            partners=choices.partners,
            partners_since=since,
            keypoints=choices.keypoints,
            keypoints_end=None if choices.keypoints else ends,
            lock=choices.lock or unlocking,
            unlocks_at=(self.unlocks_at or now + lock_time) if unlocking else None,
            ends_on=choices.ends_on,
        )

    def withdrawing(self, effect_at: datetime) -> "Case":
        """Return this case with a withdrawal that takes effect at *effect_at*."""
        return replace(self.to(CaseStatus.WITHDRAWING), before=self.status, effect_at=effect_at)

    def withdrawn(self, undo_until: datetime) -> "Case":
        """Return this case withdrawn, which can be undone before *undo_until*."""
        moved = self.to(CaseStatus.WITHDRAWN)
        before = self.status if self.status in RUNNING else self.before
        return replace(moved, before=before, effect_at=None, undo_until=undo_until)

    def restored(self, now: datetime) -> "Case":
        """Return this case as it was before its withdrawal.

        Raises:
            IllegalTransition: it is not withdrawn, or the time for an undo is over.
        """
        if self.status in RUNNING or over(self.undo_until, now):
            raise IllegalTransition("there is no withdrawal that can still be undone")
        moved = self.to(self.before)
        return replace(moved, before=CaseStatus.OPEN, effect_at=None, undo_until=None)

    def dues(self, retention: timedelta) -> Mapping[str, datetime | None]:
        """Say when each kind of due work comes for this case; None is never.

        This is all there is to know about a case's timers: they are set again from here
        after every change, so releasing a hold brings back what the hold had stopped.
        """
        erased = None if self.closed_on is None or self.erased else self.closed_on
        return {
            EFFECT: self.effect_at,
            KEYPOINTS: None if self.held and self.keypoints_kept else self.keypoints_end,
            PURGE: self._ends_at(),
            RETENTION: None if erased is None or self.held else midnight(erased) + retention,
        }

    def _ends_at(self) -> datetime | None:
        """Return the instant of the purge; a hold leaves only the end date, which withdraws."""
        if self.held and self.status is CaseStatus.WITHDRAWN:
            return None
        end = None if self.ends_on is None else midnight(self.ends_on)
        ends = [at for at in (end, self.undo_until) if at is not None]
        return min(ends, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One picture of a case, known by its signals; or one that has only locators."""

    id: ItemId
    case_id: CaseId
    position: int
    added_on: date
    signals: int = 0
    keypoints: bool = False
    """Whether keypoint signals are among them, or a video's."""
    status: ItemStatus = ItemStatus.ACTIVE
    waiting: bool = False
    """Not active yet: the day's quota of unvouched entries was used up."""
    vouched: bool = False
    seq: int = 0
    """The first place in the feed that may hold something of this item; 0 while it was in none.
    Whoever was served as far as this may hold a part of it, and is asked to confirm."""
    with_case: bool = False
    """Withdrawn by the withdrawal of the whole case, so that its undo restores this item."""
    effect_at: datetime | None = None
    undo_until: datetime | None = None

    def to(self, status: ItemStatus) -> "Item":
        """Return this item moved to *status*.

        Raises:
            IllegalTransition: the workflow has no such step.
        """
        if status not in ITEM_NEXT[self.status]:
            raise IllegalTransition(f"an item that is {self.status} cannot become {status}")
        return replace(self, status=status)

    def withdrawing(self, effect_at: datetime) -> "Item":
        """Return this item with a withdrawal that takes effect at *effect_at*."""
        return replace(self.to(ItemStatus.WITHDRAWING), effect_at=effect_at)

    def withdrawn(self, undo_until: datetime, *, with_case: bool) -> "Item":
        """Return this item withdrawn, alone or together with its case."""
        moved = self.to(ItemStatus.WITHDRAWN)
        return replace(moved, with_case=with_case, effect_at=None, undo_until=undo_until)

    def restored(self, now: datetime) -> "Item":
        """Return this item as it was before its withdrawal.

        Raises:
            IllegalTransition: it is not withdrawn, or the time for an undo is over.
        """
        if self.status is ItemStatus.ACTIVE or over(self.undo_until, now):
            raise IllegalTransition("there is no withdrawal that can still be undone")
        moved = self.to(ItemStatus.ACTIVE)
        return replace(moved, with_case=False, effect_at=None, undo_until=None)

    def dues(self) -> Mapping[str, datetime | None]:
        """Say when each kind of due work comes for this item; None is never.

        An item that went with its case has none of its own: the case's timers cover it.
        """
        purge = None if self.with_case or self.status is ItemStatus.PURGED else self.undo_until
        return {ITEM_EFFECT: self.effect_at, ITEM_PURGE: purge}


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """One item's withdrawal as the feed tells it, and who confirmed it."""

    id: WithdrawalId
    case_id: CaseId
    item_id: ItemId
    bank: str
    seq: int
    on: date
    undone: bool = False
    keypoints: bool = False
    """Only of its keypoint signals."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What one platform, sent the signals, has said about a withdrawal."""

    withdrawal_id: WithdrawalId
    platform_id: PlatformId
    able: bool
    """Whether its programs have a way to confirm."""
    confirmed_on: date | None = None


@dataclass(frozen=True, slots=True)
class RemovalRecord:
    """A platform's confirmed removal, and the midnight from which the receipt shows it."""

    item_id: ItemId
    platform_id: PlatformId
    day: date
    release_at: datetime


@dataclass(frozen=True, slots=True)
class Marker:
    """A withdrawal's place in the feed."""

    withdrawal_id: WithdrawalId
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """What a caseworker sees of a case. No signal, and nothing that opens it."""

    case: Case
    items: tuple[Item, ...]
    text: str
    locators: tuple[str, ...]
    notes: tuple[str, ...]


def over(until: datetime | None, now: datetime) -> bool:
    """Say whether the time that ends at *until* is over."""
    return until is not None and now >= until
