"""The receipt: what the reporter may know, and nothing that would make it a tracker.

It is built from what she did herself, and from removals that a platform confirmed as an
intimate picture, once their midnight has come. It never sees a match, an opinion, a
quarantine or another case, so it can't show one. ``docs/explanation/the-receipt.md``.
"""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from takeback.cases.model import (
    Case,
    CaseStatus,
    Confirmation,
    Item,
    ItemStatus,
    RemovalRecord,
    Withdrawal,
    midnight,
)
from takeback.cases.wire import Receipt, ReceiptItem, Removal, WithdrawalStatus
from takeback.ids import ItemId, PlatformId

EARLIEST: Final = timedelta(days=1)
LATEST: Final = timedelta(days=3)
FORMER: Final = "a platform that has left"

Draw = Callable[[Sequence[datetime]], datetime]
"""Chooses one of several instants."""

ItemState = Literal["recorded", "protected", "waiting", "suspended", "withdrawing", "withdrawn"]


def draw_release(removed_at: datetime, draw: Draw = secrets.choice) -> datetime:
    """Draw the midnight (UTC), one to three days after a removal, from which it may be shown."""
    first = midnight((removed_at + EARLIEST).date())
    midnights = [first + timedelta(days=days) for days in range(4)]
    allowed = [
        night for night in midnights if removed_at + EARLIEST <= night <= removed_at + LATEST
    ]
    return draw(allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a receipt is made of."""

    case: Case
    items: Sequence[Item]
    removals: Sequence[RemovalRecord]
    """Only those whose midnight has come."""
    withdrawals: Sequence[Withdrawal]
    confirmations: Sequence[Confirmation]
    names: Mapping[PlatformId, str]
    compared: bool
    """Whether any platform may see the case's bank."""
    suspended: Collection[ItemId]
    """Items that a restore without a journal suspended."""
    now: datetime


def write(facts: Facts) -> Receipt:
    """Write the receipt."""
    case = facts.case
    return Receipt(
        case_id=case.id,
        status=case.status.value,  # type: ignore[arg-type]  # a purged case has no receipt
        kind=case.kind,  # type: ignore[arg-type]  # stored as it came from this very type
        language=case.language,  # type: ignore[arg-type]
        opened_on=case.opened_on.isoformat(),
        compared=facts.compared,
        ends_on=_day(case.ends_on),
        locked=case.locked(facts.now),
        partners=case.partners,
        keypoints=case.keypoints,
        keypoints_end_on=None if case.keypoints_kept else _day_of(case.keypoints_end),
        withdrawal_takes_effect_on=_day_of(case.effect_at),
        items=[_item(facts, item) for item in facts.items],
        withdrawals=[_withdrawal(facts, withdrawal) for withdrawal in facts.withdrawals],
    )


def _item(facts: Facts, item: Item) -> ReceiptItem:
    return ReceiptItem(
        item_id=item.id,
        state=_state(facts, item),
        registered_on=item.added_on.isoformat(),
        signals=item.signals,
        keypoints=item.keypoints and not facts.case.keypoints_kept,
        removals=[
            Removal(facts.names.get(removal.platform_id, FORMER), removal.day.isoformat())
            for removal in facts.removals
            if removal.item_id == item.id
        ],
        takes_effect_on=_day_of(item.effect_at),
    )


def _state(facts: Facts, item: Item) -> ItemState:
    if item.status in (ItemStatus.WITHDRAWN, ItemStatus.PURGED):
        return "withdrawn"
    if CaseStatus.WITHDRAWING is facts.case.status or item.status is ItemStatus.WITHDRAWING:
        return "withdrawing"
    if not item.signals:
        return "recorded"
    if item.id in facts.suspended:
        return "suspended"
    return "waiting" if item.waiting else "protected"


def _withdrawal(facts: Facts, withdrawal: Withdrawal) -> WithdrawalStatus:
    told = [one for one in facts.confirmations if one.withdrawal_id == withdrawal.id]
    ends = {} if withdrawal.keypoints else {item.id: item.undo_until for item in facts.items}
    return WithdrawalStatus(
        item_id=withdrawal.item_id,
        on=withdrawal.on.isoformat(),
        confirmed=_names(facts, [one for one in told if one.confirmed_on]),
        waiting=_names(facts, [one for one in told if one.able and not one.confirmed_on]),
        can_not_confirm=_names(facts, [one for one in told if not one.able]),
        undo_until=_day_of(ends.get(withdrawal.item_id)) or withdrawal.on.isoformat(),
        keypoints=withdrawal.keypoints,
    )


def _names(facts: Facts, told: Sequence[Confirmation]) -> list[str]:
    return sorted(facts.names.get(one.platform_id, FORMER) for one in told)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day_of(instant: datetime | None) -> str | None:
    return None if instant is None else instant.date().isoformat()
