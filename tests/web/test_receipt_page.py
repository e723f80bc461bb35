"""The receipt in words: every state that a receipt can have, in both languages, and no more."""

import re
from dataclasses import fields

import pytest
from msgspec.structs import replace

from takeback.cases.choices_text import KEYPOINTS_SENTENCE
from takeback.cases.wire import Receipt, ReceiptItem, Removal, WithdrawalStatus
from takeback.web.portal.front import open_front
from takeback.web.portal.marks import Marks
from takeback.web.portal.pages import open_pages
from takeback.web.portal.receipt_form import ReceiptPage
from takeback.web.portal.receipt_view import ItemView, arrange
from tests.conftest import NOON
from tests.web.conftest import Served

ITEM = ReceiptItem(
    item_id="item_1",
    state="protected",
    registered_on="2030-03-01",
    signals=8,
    keypoints=False,
    removals=[],
)
RECEIPT = Receipt(
    case_id="case_1",
    status="open",
    kind="shared",
    language="en",
    opened_on="2030-03-01",
    compared=True,
    ends_on=None,
    locked=False,
    partners=False,
    keypoints=False,
    keypoints_end_on=None,
    withdrawal_takes_effect_on=None,
    items=[ITEM],
    withdrawals=[],
)
TAKEN_BACK = WithdrawalStatus(
    item_id="item_1",
    on="2030-03-04",
    confirmed=["Example Pictures"],
    waiting=["Example Films"],
    can_not_confirm=["Example Partner"],
    undo_until="2030-03-11",
    keypoints=False,
)
KEYPOINTS_GONE = replace(TAKEN_BACK, keypoints=True, waiting=[], can_not_confirm=[])


@pytest.fixture(scope="module")
def shown(served: Served) -> ReceiptPage:
    """The page of a hub."""
    pages = open_pages(served.hub.settings, demo=True)
    pages.know(open_front(served.hub, list(pages.words), demo=True).facts)
    return ReceiptPage(served.hub, pages, Marks(bytes(32), served.hub.now))


def words(shown: ReceiptPage, receipt: Receipt, language: str = "en") -> str:
    """Return what the page says of a receipt."""
    html = str(shown.show(language, action="read", answer=receipt).content)
    body = html.split('id="title" tabindex="-1">', 1)[1].split('<div id="notices"', 1)[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"</?time[^>]*>", "", body)))


def with_item(**changes: object) -> Receipt:
    """Return the receipt with its one item changed."""
    return replace(RECEIPT, items=[replace(ITEM, **changes)])


STATES = {
    "protected": (RECEIPT, "It is protected until you take it back."),
    "no platform that can take it": (
        replace(RECEIPT, compared=False),
        "It is kept, and counts from the day a platform joins that can take it.",
    ),
    "one signal": (with_item(signals=1), "One signal was made from it."),
    "keypoints": (with_item(keypoints=True), "Extra signals (keypoints) are among them."),
    "ends": (
        replace(RECEIPT, ends_on="2031-01-01"),
        "It is protected until January 1, 2031, or until you take it back.",
    ),
    "noted": (with_item(state="recorded", signals=0), "Noted on March 1, 2030."),
    "nothing to compare": (
        with_item(state="recorded", signals=0),
        "Nothing is compared just now.",
    ),
    "recorded": (with_item(state="recorded", signals=0), "There are no signals"),
    "waiting": (with_item(state="waiting"), "They don’t see the picture."),
    "suspended": (with_item(state="suspended"), "had to be restored from a backup"),
    "withdrawing item": (
        with_item(state="withdrawing", takes_effect_on="2030-03-08"),
        "It is taken back on March 8, 2030.",
    ),
    "withdrawn item": (
        replace(with_item(state="withdrawn"), withdrawals=[TAKEN_BACK]),
        "You can undo this until March 11, 2030.",
    ),
    "confirmed": (
        replace(with_item(state="withdrawn"), withdrawals=[TAKEN_BACK]),
        "Confirmed that they stopped: Example Pictures",
    ),
    "not confirmed yet": (
        replace(with_item(state="withdrawn"), withdrawals=[TAKEN_BACK]),
        "Told, but not confirmed yet: Example Films",
    ),
    "can not confirm": (
        replace(with_item(state="withdrawn"), withdrawals=[TAKEN_BACK]),
        "Can’t confirm, and may go on: Example Partner",
    ),
    "keypoints taken back": (
        replace(RECEIPT, withdrawals=[KEYPOINTS_GONE]),
        "Its extra signals (keypoints) were taken back on March 4, 2030, for good.",
    ),
    "removal": (
        with_item(removals=[Removal("Example Pictures", "2030-03-03")]),
        "Example Pictures confirmed it and removed it on March 3, 2030.",
    ),
    "closed": (replace(RECEIPT, status="closed"), "The support centre has closed your case."),
    "withdrawing": (
        replace(
            with_item(state="withdrawing"),
            status="withdrawing",
            withdrawal_takes_effect_on="2030-03-08",
        ),
        "That takes effect on March 8, 2030.",
    ),
    "withdrawn": (
        replace(with_item(state="withdrawn"), status="withdrawn", withdrawals=[TAKEN_BACK]),
        "You can undo this until March 11, 2030. Then all of it is erased for good.",
    ),
    "withdrawn without signals": (
        replace(RECEIPT, status="withdrawn", items=[]),
        "You took everything back. Nothing of it is compared any more.",
    ),
    "keypoints end": (
        replace(RECEIPT, keypoints_end_on="2030-03-08"),
        "The extra signals (keypoints) end on March 8, 2030.",
    ),
    "locked": (replace(RECEIPT, locked=True), "it waits 72 hours"),
    "partners": (replace(RECEIPT, partners=True), "Partners’ programs may go on all the same"),
    "a threat alone": (replace(RECEIPT, items=[]), "Your case is open. You need do nothing."),
}
"""A receipt in each state, and what the page must say of it."""


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_said(shown: ReceiptPage, state: str) -> None:
    """In a sentence that names the day where there is one."""
    receipt, sentence = STATES[state]

    assert sentence in words(shown, receipt)


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_said_in_korean(shown: ReceiptPage, state: str) -> None:
    """No English sentence is left, and every sentence ends politely."""
    korean = words(shown, STATES[state][0], "ko")

    names = ("Example Pictures", "Example Films", "Example Partner", "PIN", "case_1")
    for known in (KEYPOINTS_SENTENCE["ko"], *names):
        korean = korean.replace(known, "")
    assert re.findall(r"[A-Za-z]{3,}", korean) == []
    assert "습니다" not in korean


@pytest.mark.parametrize("state", STATES)
def test_the_honest_limit_is_on_every_receipt(shown: ReceiptPage, state: str) -> None:
    """Whatever happened, what this can't reach is said."""
    assert "encrypted rooms, disappearing messages and darknet sites" in words(
        shown, STATES[state][0]
    )


def test_a_receipt_with_nothing_to_tell_reads_like_any_other(shown: ReceiptPage) -> None:
    """A stalker's ordinary photo: only what she did herself, and no word that hints at more."""
    page = words(shown, RECEIPT)

    assert not re.search(r"match|seen by|review|quarantin|doubt|uploaded by", page)


def test_nothing_is_said_of_platforms_where_nothing_is_compared(shown: ReceiptPage) -> None:
    """A threat or an account alone: no promise that can't be kept."""
    for receipt in (replace(RECEIPT, items=[]), with_item(state="recorded", signals=0)):
        page = words(shown, receipt)

        assert "Platforms that take part" not in page
        assert "Comparing stops at once" not in page


@pytest.mark.parametrize("state", STATES)
def test_a_translating_browser_gets_no_day_and_no_name(shown: ReceiptPage, state: str) -> None:
    """What is about her stands apart from the words of the page, and is not to be translated."""
    html = str(shown.show("en", action="read", answer=STATES[state][0]).content)

    translated = re.sub(r'<(\w+)[^>]* translate="no"[^>]*>[^<]*</\1>', "", html)
    told = re.sub(r"<[^>]+>", "", translated)
    assert re.findall(r"case_1|item_1|Example \w+|\w+ \d{1,2}, 20\d\d", told) == []


def test_what_can_be_done_follows_the_state() -> None:
    """Nothing is offered that the hub would refuse."""

    def offers(receipt: Receipt) -> tuple[bool, bool]:
        (one,) = arrange(receipt, NOON.date()).items
        return one.can_withdraw, one.can_undo

    withdrawn = replace(with_item(state="withdrawn"), withdrawals=[TAKEN_BACK])
    late = replace(TAKEN_BACK, undo_until="2030-03-04")

    assert offers(RECEIPT) == (True, False)
    assert offers(with_item(state="withdrawing", takes_effect_on="2030-03-08")) == (False, True)
    assert offers(withdrawn) == (False, True)
    assert offers(replace(withdrawn, withdrawals=[late])) == (False, False)
    assert offers(replace(withdrawn, status="withdrawn")) == (False, False)


def test_the_last_withdrawal_counts() -> None:
    """Taken back, undone and taken back again: one line, the newest."""
    older = replace(TAKEN_BACK, on="2030-03-02")
    receipt = replace(with_item(state="withdrawn"), withdrawals=[older, TAKEN_BACK])

    (one,) = arrange(receipt, NOON.date()).items

    assert one.taken_back == TAKEN_BACK
    assert one.keypoints_taken_back is None


def test_an_item_is_shown_by_its_number_and_nothing_else_that_is_hers(shown: ReceiptPage) -> None:
    """The view holds the receipt's own words, so it can't show more."""
    assert {field.name for field in fields(ItemView)} == {
        "number",
        "item",
        "taken_back",
        "keypoints_taken_back",
        "can_withdraw",
        "can_undo",
    }
    assert "item_1" not in words(shown, RECEIPT)
