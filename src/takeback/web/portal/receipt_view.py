"""A receipt arranged for reading: each item with its own withdrawal, and what can be done now.

Adds nothing to what the receipt says; numbers stand for ids, which nobody can remember.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from babel.dates import format_date
from markupsafe import Markup

from takeback.cases.wire import Receipt, ReceiptItem, WithdrawalStatus
from takeback.web.portal.language import Words

ENDING: Final = ("withdrawing", "withdrawn")
COMPARED: Final = ("protected", "withdrawing")


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item, and the withdrawals that concern it."""

    number: int
    """Its place in the case, from one: what she calls it."""

    item: ReceiptItem
    taken_back: WithdrawalStatus | None
    """Its withdrawal, where one was recorded: an item without signals has none."""

    keypoints_taken_back: WithdrawalStatus | None
    can_withdraw: bool
    can_undo: bool
    """Whether a withdrawal of this item alone can still be undone."""


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A receipt as the page shows it."""

    receipt: Receipt
    items: list[ItemView]
    running: bool
    """Whether the case is neither withdrawn nor about to be."""

    compared: bool
    """Whether platforms compare uploads with any of it."""

    suspended: bool
    """Whether an item waits to be resumed after a restore."""

    undo_until: str | None
    """Last day on which a withdrawal of the whole case can be undone, where an item tells it."""


def arrange(receipt: Receipt, today: date) -> ReceiptView:
    """Arrange *receipt* as it stands *today*."""
    running = receipt.status not in ENDING
    items = [
        _item(number, item, receipt, today, running=running)
        for number, item in enumerate(receipt.items, 1)
    ]
    days = [one.taken_back.undo_until for one in items if one.taken_back]
    return ReceiptView(
        receipt=receipt,
        items=items,
        running=running,
        compared=any(item.state in COMPARED and item.signals for item in receipt.items),
        suspended=any(item.state == "suspended" for item in receipt.items),
        undo_until=max(days, default=None),
    )


def _item(
    number: int, item: ReceiptItem, receipt: Receipt, today: date, *, running: bool
) -> ItemView:
    own = [one for one in receipt.withdrawals if one.item_id == item.item_id]
    taken_back = _last(own, keypoints=False)
    late = taken_back is not None and taken_back.undo_until < today.isoformat()
    ending = item.state in ENDING
    return ItemView(
        number=number,
        item=item,
        taken_back=taken_back,
        keypoints_taken_back=_last(own, keypoints=True),
        can_withdraw=running and not ending,
        can_undo=running and ending and not late,
    )


def _last(withdrawals: list[WithdrawalStatus], *, keypoints: bool) -> WithdrawalStatus | None:
    of_kind = [one for one in withdrawals if one.keypoints is keypoints]
    return of_kind[-1] if of_kind else None


def day_in(words: Words, text: str) -> Markup:
    """Write a day as people do in the language, for no translation service to read."""
    written = format_date(date.fromisoformat(text), "long", locale=words.code.replace("-", "_"))
    return Markup('<time datetime="{}" translate="no">{}</time>').format(text, written)
