"""The receipt as lines a person reads. It shows what the hub sent and nothing more."""

from collections.abc import Iterator
from functools import partial

from takeback.cases.wire import Receipt, ReceiptItem, WithdrawalStatus
from takeback.cli.case.sentences import sentence

Say = partial[str]
"""Fills in a sentence of one language, by its name."""


def receipt_lines(receipt: Receipt) -> list[str]:
    """Return the whole receipt in the case's language, line by line, the honest limit last."""
    say = partial(sentence, receipt.language)
    return [
        *_head(receipt, say),
        *(line for item in receipt.items for line in _item(item, say)),
        *(line for withdrawal in receipt.withdrawals for line in _withdrawal(withdrawal, say)),
        say("limit.what"),
        say("limit.instead"),
    ]


def _head(receipt: Receipt, say: Say) -> Iterator[str]:
    status = say(f"status.{receipt.status}")
    yield say("case", case_id=receipt.case_id, status=status, day=receipt.opened_on)
    if not receipt.compared and any(item.state == "protected" for item in receipt.items):
        yield say("not_compared")
    if receipt.ends_on:
        yield say("ends", day=receipt.ends_on)
    for name, chosen in (
        ("locked", receipt.locked),
        ("partners", receipt.partners),
        ("keypoints", receipt.keypoints),
    ):
        if chosen:
            yield say(name)
    if receipt.keypoints_end_on:
        yield say("keypoints.end", day=receipt.keypoints_end_on)
    if receipt.withdrawal_takes_effect_on:
        yield say("takes_effect", day=receipt.withdrawal_takes_effect_on)


def _item(item: ReceiptItem, say: Say) -> Iterator[str]:
    signals = say("signals.1") if item.signals == 1 else say("signals", count=item.signals)
    if item.keypoints:
        signals += say("signals.keypoints")
    state = say(f"state.{item.state}")
    yield say("item", item_id=item.item_id, state=state, day=item.registered_on, signals=signals)
    for removal in item.removals:
        yield say("removal", platform=removal.platform, day=removal.day)


def _withdrawal(withdrawal: WithdrawalStatus, say: Say) -> Iterator[str]:
    what = "withdrawal.keypoints" if withdrawal.keypoints else "withdrawal"
    until = withdrawal.undo_until
    yield say(what, item_id=withdrawal.item_id, day=withdrawal.on, until=until)
    for name, platforms in (
        ("confirmed", withdrawal.confirmed),
        ("not_yet", withdrawal.waiting),
        ("can_not", withdrawal.can_not_confirm),
    ):
        if platforms:
            yield say(name, names=", ".join(platforms))
