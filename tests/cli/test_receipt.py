"""The receipt in words."""

from typing import get_args, get_type_hints

from takeback.cases.wire import Receipt, ReceiptItem, Removal, WithdrawalStatus
from takeback.cli.case.receipt import HONEST_LIMIT, STATES, receipt_lines

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


def test_every_state_has_its_words() -> None:
    """What the hub can say of an item can be printed."""
    assert set(STATES) == set(get_args(get_type_hints(ReceiptItem)["state"]))


def test_everything_on_the_receipt_is_said() -> None:
    """Choices, removals, who confirmed and who did not, and the honest limit at the end."""
    assert receipt_lines(RECEIPT) == [
        "case case_0000000000000000: withdrawing, opened on 2030-03-05",
        "  ends on 2031-01-01; everything in it is purged then",
        "  locked: a withdrawal waits 72 hours",
        "  shared with partners that may not honour a withdrawal",
        "  keypoint signals are registered too",
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
        *HONEST_LIMIT,
    ]
