"""The receipt in words."""

import re
from string import Formatter
from typing import get_args, get_type_hints

import msgspec
from msgspec.structs import replace

from takeback.cases.wire import Receipt, ReceiptItem, Removal, WithdrawalStatus
from takeback.cli.case.receipt import receipt_lines
from takeback.cli.case.sentences import ENGLISH, KOREAN, SENTENCES

ITEM = ReceiptItem(
    item_id="item_0000000000000000",
    state="protected",
    registered_on="2030-03-05",
    signals=1,
    keypoints=False,
    removals=[Removal("Photo Site", "2030-03-07")],
)
RECEIPT = Receipt(
    case_id="case_0000000000000000",
    status="withdrawing",
    kind="shared",
    language="en",
    opened_on="2030-03-05",
    compared=True,
    ends_on="2031-01-01",
    locked=True,
    partners=True,
    keypoints=True,
    keypoints_end_on="2030-03-12",
    withdrawal_takes_effect_on="2030-03-11",
    items=[ITEM],
    withdrawals=[
        WithdrawalStatus(
            item_id=ITEM.item_id,
            on="2030-03-08",
            confirmed=["Photo Site"],
            waiting=["Video Site"],
            can_not_confirm=["Partner"],
            undo_until="2030-03-15",
            keypoints=False,
        ),
        WithdrawalStatus(
            item_id=ITEM.item_id,
            on="2030-03-09",
            confirmed=[],
            waiting=["Video Site"],
            can_not_confirm=[],
            undo_until="2030-03-09",
            keypoints=True,
        ),
    ],
)


def test_where_nobody_can_compare_yet_it_says_so() -> None:
    """Protected is what it will be, and the line above says from when."""
    lines = receipt_lines(replace(RECEIPT, compared=False))

    assert "no platform takes part yet" in lines[1]
    withdrawn = [replace(ITEM, state="withdrawn")]
    for other in (RECEIPT, replace(RECEIPT, compared=False, items=withdrawn)):
        assert "no platform takes part yet" not in "\n".join(receipt_lines(other))


def test_every_state_has_its_words() -> None:
    """What the hub can say of a case and of an item can be printed, in both languages."""
    for words in SENTENCES.values():
        said = {name.partition(".")[2] for name in words if name.startswith("state.")}
        assert said == set(get_args(get_type_hints(ReceiptItem)["state"]))
        said = {name.partition(".")[2] for name in words if name.startswith("status.")}
        assert said == set(get_args(get_type_hints(Receipt)["status"]))


def test_both_languages_say_the_same() -> None:
    """The same sentences, with the same facts in them; the day an undo ends is nowhere missing."""
    for name, english in ENGLISH.items():
        assert facts(KOREAN[name]) == facts(english), name
    assert set(KOREAN) == set(ENGLISH)


def facts(text: str) -> set[str]:
    """Return the names of what is filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_a_korean_case_has_a_korean_receipt() -> None:
    """Line for line as many as the English one, and no English sentence among them."""
    lines = receipt_lines(msgspec.structs.replace(RECEIPT, language="ko"))

    assert len(lines) == len(receipt_lines(RECEIPT))
    assert all(re.search("[가-힣]", line) for line in lines)
    assert "보호 중" in "\n".join(lines)


def test_everything_on_the_receipt_is_said() -> None:
    """Choices, removals, who confirmed and who did not, and the honest limit at the end."""
    assert receipt_lines(RECEIPT) == [
        "case case_0000000000000000: withdrawing, opened on 2030-03-05",
        "  ends on 2031-01-01; everything in it is purged then",
        "  locked: a withdrawal waits 72 hours",
        "  shared with partners that may not honour a withdrawal",
        "  you said yes to keypoint signals",
        "  keypoint signals end on 2030-03-12",
        "  the withdrawal takes effect on 2030-03-11",
        "item_0000000000000000: protected, registered on 2030-03-05, 1 signal",
        "  Photo Site confirmed it and removed it on 2030-03-07",
        "item_0000000000000000: withdrawn on 2030-03-08, undo until 2030-03-15",
        "  confirmed by Photo Site",
        "  not confirmed yet by Video Site",
        "  can't confirm: Partner",
        "item_0000000000000000: keypoint signals withdrawn on 2030-03-09, for good",
        "  not confirmed yet by Video Site",
        "What this can't reach: encrypted rooms, disappearing messages and darknet sites.",
        "There, notices to the operator and a police report are what there is.",
    ]
