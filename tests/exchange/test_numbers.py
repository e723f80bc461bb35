"""Opaque numbers: found again by the hub, the platform's own, and meaningless to others."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeback.errors import EpochChanged, MalformedCursor, NotFound
from takeback.exchange.numbers import CursorUse, Numbers
from takeback.hubkeys import HubKeys
from takeback.ids import EntryId, PlatformId, WithdrawalId, new_id

HERE = Numbers(HubKeys(bytes(32)), PlatformId("platform_" + "0" * 16))
THERE = Numbers(HubKeys(bytes(32)), PlatformId("platform_" + "1" * 16))
EPOCH = HERE.epoch("", 0)
CURSOR_USES: tuple[CursorUse, ...] = ("cursor", "page")

entry_ids = st.integers(min_value=-(2**31), max_value=2**53).map(EntryId)
seqs = st.integers(min_value=0, max_value=2**47)


@given(entry_ids)
def test_a_number_leads_back_to_its_entry(entry_id: EntryId) -> None:
    """No table is needed to find the entry again."""
    [number] = HERE.of_entries([entry_id])

    assert HERE.entry(number) == entry_id


@given(seqs)
def test_a_cursor_leads_back_to_its_place(seq: int) -> None:
    """A reader goes on exactly where it stopped."""
    assert HERE.place(EPOCH, HERE.cursor(EPOCH, seq)) == seq


@pytest.mark.parametrize("use", CURSOR_USES)
def test_two_cursors_of_one_place_have_nothing_in_common(use: CursorUse) -> None:
    """Or a platform would see its place move when a bank that it may not see changes."""
    cursors = [int(HERE.cursor(EPOCH, 5, use), 16) for _ in range(100)]
    apart = [(a ^ b).bit_count() for a, b in itertools.pairwise(cursors)]

    assert 150 < sum(apart) / len(apart) < 170
    assert min(apart) > 100


def test_a_cursor_that_was_changed_anywhere_is_refused() -> None:
    """In its nonce, its place or its tag."""
    cursor = bytes.fromhex(HERE.cursor(EPOCH, 5))

    for at in range(len(cursor)):
        changed = bytearray(cursor)
        changed[at] ^= 1
        with pytest.raises(MalformedCursor):
            HERE.place(EPOCH, changed.hex())


def test_entry_numbers_and_markers_stay_the_same() -> None:
    """A platform knows an entry again, and confirms a withdrawal twice."""
    withdrawal_id = WithdrawalId(new_id("withdrawal"))

    assert HERE.of_entries([EntryId(7)]) == HERE.of_entries([EntryId(7)])
    assert HERE.marker(withdrawal_id) == HERE.marker(withdrawal_id)


def test_a_marker_leads_back_to_its_withdrawal() -> None:
    """Whatever the id."""
    withdrawals = [WithdrawalId(new_id("withdrawal")) for _ in range(50)]

    assert [HERE.withdrawal(HERE.marker(each)) for each in withdrawals] == withdrawals


def test_two_platforms_share_no_number() -> None:
    """What one platform calls an entry means nothing at another."""
    ids = [EntryId(each) for each in range(100)]

    assert not set(HERE.of_entries(ids)) & set(THERE.of_entries(ids))


def test_numbers_tell_neither_order_nor_count() -> None:
    """Neighbours have nothing in common: about half of their bits differ."""
    numbers = [int(each, 16) for each in HERE.of_entries([EntryId(n) for n in range(200)])]
    apart = [(a ^ b).bit_count() for a, b in itertools.pairwise(numbers)]

    assert 58 < sum(apart) / len(apart) < 70
    assert min(apart) > 30


@pytest.mark.parametrize("text", ["", "xyz", "0" * 32, "0" * 31, "A" * 32, "00 " * 16, "é" * 32])
def test_what_this_hub_did_not_make_is_refused(text: str) -> None:
    """Garbled numbers, cursors and markers are typed errors."""
    with pytest.raises(NotFound):
        HERE.entry(text)
    with pytest.raises(NotFound):
        HERE.withdrawal(text)
    for cursor in (text, (text * 80)[:80], HERE.cursor(EPOCH, 5).upper()):
        with pytest.raises(MalformedCursor):
            HERE.place(EPOCH, cursor)


def test_what_another_platform_was_given_is_refused() -> None:
    """A foreign cursor is malformed and a foreign number is not found."""
    [number] = THERE.of_entries([EntryId(7)])

    with pytest.raises(NotFound):
        HERE.entry(number)
    with pytest.raises(MalformedCursor):
        HERE.place(EPOCH, THERE.cursor(THERE.epoch("", 0), 5))


def test_a_number_is_no_cursor_and_a_cursor_no_page_token() -> None:
    """Each use has a key of its own."""
    with pytest.raises(MalformedCursor):
        HERE.place(EPOCH, HERE.of_entries([EntryId(7)])[0])
    with pytest.raises(MalformedCursor):
        HERE.place(EPOCH, HERE.cursor(EPOCH, 7), "page")


@pytest.mark.parametrize(("bank_epoch", "platform_epoch"), [("0f", 0), ("", 1)])
def test_a_cursor_of_another_epoch_says_so(bank_epoch: str, platform_epoch: int) -> None:
    """Whether the bank's history or the platform's marks changed."""
    old = HERE.cursor(EPOCH, 5)

    with pytest.raises(EpochChanged):
        HERE.place(HERE.epoch(bank_epoch, platform_epoch), old)
