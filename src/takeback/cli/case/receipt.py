"""The receipt as lines a person reads. It shows what the hub sent and nothing more."""

from collections.abc import Iterator

from takeback.cases.wire import Receipt, ReceiptItem, WithdrawalStatus

HONEST_LIMIT = (
    "What this can't reach: encrypted rooms, disappearing messages and darknet sites.",
    "There, notices to the operator and a police report are what there is.",
)
"""Shown on every receipt."""

STATES = {
    "recorded": "recorded without a signal",
    "protected": "protected",
    "waiting": "waiting for a caseworker's word",
    "suspended": "not matched until you run `takeback case resume`",
    "withdrawing": "will be withdrawn",
    "withdrawn": "withdrawn",
}


def receipt_lines(receipt: Receipt) -> list[str]:
    """Return the whole receipt, line by line."""
    return [
        *_head(receipt),
        *(line for item in receipt.items for line in _item(item)),
        *(line for withdrawal in receipt.withdrawals for line in _withdrawal(withdrawal)),
        *HONEST_LIMIT,
    ]


def _head(receipt: Receipt) -> Iterator[str]:
    yield f"case {receipt.case_id}: {receipt.status}, opened on {receipt.opened_on}"
    if receipt.ends_on:
        yield f"  ends on {receipt.ends_on}; everything in it is purged then"
    if receipt.locked:
        yield "  locked: a withdrawal waits 72 hours"
    if receipt.partners:
        yield "  shared with partners that may not honour a withdrawal"
    if receipt.keypoints:
        yield "  keypoint signals are registered too"
    if receipt.keypoints_end_on:
        yield f"  keypoint signals end on {receipt.keypoints_end_on}"
    if receipt.withdrawal_takes_effect_on:
        yield f"  the withdrawal takes effect on {receipt.withdrawal_takes_effect_on}"


def _item(item: ReceiptItem) -> Iterator[str]:
    signals = "1 signal" if item.signals == 1 else f"{item.signals} signals"
    if item.keypoints:
        signals += ", keypoints among them"
    yield f"{item.item_id}: {STATES[item.state]}, registered on {item.registered_on}, {signals}"
    for removal in item.removals:
        yield f"  {removal.platform} confirmed it and removed it on {removal.day}"


def _withdrawal(withdrawal: WithdrawalStatus) -> Iterator[str]:
    if withdrawal.keypoints:
        yield f"{withdrawal.item_id}: keypoint signals withdrawn on {withdrawal.on}, for good"
    else:
        until = withdrawal.undo_until
        yield f"{withdrawal.item_id}: withdrawn on {withdrawal.on}, undo until {until}"
    if withdrawal.confirmed:
        yield f"  confirmed by {', '.join(withdrawal.confirmed)}"
    if withdrawal.waiting:
        yield f"  not confirmed yet by {', '.join(withdrawal.waiting)}"
    if withdrawal.can_not_confirm:
        yield f"  can't confirm: {', '.join(withdrawal.can_not_confirm)}"
