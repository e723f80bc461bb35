"""The bank: one entry for each signal, alive while anybody holds it, and nobody can count."""

from datetime import timedelta

import pytest

from takeback.db import Database
from takeback.errors import QualityTooLow
from takeback.ids import CaseId, EntryId, ItemId, new_id
from takeback.matching.model import ADULT, NOT_SAID, UNDER_18
from takeback.matching.service import Bank
from tests.conftest import FakeClock
from tests.matching.banking import (
    Follower,
    banked,
    make_bank,
    matches,
    register,
    signal,
)


def test_a_registered_signal_is_fed_and_found(bank: Bank, follower: Follower) -> None:
    """Registering makes an entry that every reader and every look-up meets."""
    register(bank, 1)

    follower.catch_up()

    assert follower.signals == {signal(1).bits}
    assert matches(bank, 1) == 1


@pytest.mark.parametrize(("distance", "found"), [(0, 1), (31, 1), (32, 0)])
def test_a_match_ends_at_the_threshold(bank: Bank, distance: int, found: int) -> None:
    """31 bits are a match and 32 are none."""
    register(bank, 1)

    assert matches(bank, 1, distance) == found


def test_a_signal_of_low_quality_is_refused_and_nothing_is_written(bank: Bank) -> None:
    """One bad signal refuses the whole item."""
    with pytest.raises(QualityTooLow):
        bank.register(
            CaseId(new_id("case")),
            ItemId(new_id("item")),
            ADULT,
            [banked(1), banked(2, quality=49)],
            partners=False,
            vouched=False,
        )

    assert bank.counts().active == {ADULT: 0, UNDER_18: 0, NOT_SAID: 0}
    assert bank.head_seq() == 0


def test_two_cases_share_one_entry(bank: Bank, follower: Follower) -> None:
    """The second registration of a signal shows nothing new to anybody who reads the feed."""
    register(bank, 1)
    first = follower.catch_up()
    register(bank, 1)

    second = follower.catch_up()

    assert [len(first), len(second)] == [1, 0]
    assert bank.counts().active[ADULT] == 1


def test_a_second_registration_changes_neither_quality_nor_view(bank: Bank) -> None:
    """What is served of an entry never tells that somebody registered it again."""
    register(bank, 1)
    fresh = Follower(bank)
    before = fresh.catch_up()

    bank.register(
        CaseId(new_id("case")),
        ItemId(new_id("item")),
        ADULT,
        [banked(1, quality=51, view="mirror")],
        partners=False,
        vouched=False,
    )

    assert Follower(bank).catch_up() == before


@pytest.mark.parametrize("there_before", [False, True])
def test_registering_moves_the_head_whether_or_not_the_entry_was_there(
    bank: Bank, there_before: bool
) -> None:
    """A reporter who withdraws at once is told of the same platforms in either case."""
    if there_before:
        register(bank, 1)
    before = bank.head_seq()

    register(bank, 1)

    assert bank.head_seq() > before


def test_one_of_two_holders_withdraws_and_nothing_shows(bank: Bank, follower: Follower) -> None:
    """The other stays protected, and neither can tell."""
    mine = register(bank, 1)
    register(bank, 1)
    follower.catch_up()

    bank.withdraw(mine)

    assert follower.catch_up() == []
    assert matches(bank, 1) == 1


def test_the_vouched_holder_withdraws_and_nothing_shows(bank: Bank, follower: Follower) -> None:
    """Falling back to review would tell that somebody less known remains."""
    mine = register(bank, 1, vouched=True)
    register(bank, 1)
    follower.catch_up()

    bank.withdraw(mine)

    assert follower.catch_up() == []
    assert [change.vouched for change in follower.held.values()] == [True]


def test_the_last_holder_withdraws_and_the_entry_is_gone(bank: Bank, follower: Follower) -> None:
    """A tombstone reaches whoever was served the entry, and look-ups stop at once."""
    items = [register(bank, 1), register(bank, 1)]
    follower.catch_up()

    for item_id in items:
        bank.withdraw(item_id)

    assert [change.active for change in follower.catch_up()] == [False]
    assert matches(bank, 1) == 0


def test_a_withdrawal_is_numbered_after_what_it_took_away(bank: Bank, follower: Follower) -> None:
    """Whoever has read up to a withdrawal's number holds nothing of it any more."""
    item_id = register(bank, 1, 2, 3)
    follower.catch_up()

    number = bank.withdraw(item_id)

    assert all(change.seq < number for change in follower.catch_up())
    assert follower.after == number


def test_a_reader_who_was_never_served_an_entry_is_never_told_of_its_end(bank: Bank) -> None:
    """No tombstone for what one never had."""
    bank.withdraw(register(bank, 1))

    assert Follower(bank).catch_up() == []


def test_a_withdrawal_can_be_undone(bank: Bank, follower: Follower) -> None:
    """The entry comes back under its number."""
    item_id = register(bank, 1)
    follower.catch_up()
    [before] = follower.held

    bank.withdraw(item_id)
    follower.catch_up()
    bank.reinstate(item_id)
    follower.catch_up()

    assert list(follower.held) == [before]
    assert matches(bank, 1) == 1


def test_the_banks_are_apart(bank: Bank) -> None:
    """The same signal in two banks is two entries, and a reader of one sees one."""
    register(bank, 1, to=ADULT)
    register(bank, 1, to=UNDER_18)
    adults_only = Follower(bank, banks=frozenset({ADULT}))

    adults_only.catch_up()

    assert [change.bank for change in adults_only.held.values()] == [ADULT]
    assert matches(bank, 1) == 2
    assert matches(bank, 1, banks=frozenset({ADULT})) == 1


def test_beyond_the_days_number_a_registration_waits(database: Database, clock: FakeClock) -> None:
    """An anonymous flood stops at the cap and begins anew the next day (UTC)."""
    bank = make_bank(database, clock, unvouched_pictures_per_day=2)
    register(bank, 1)
    register(bank, 2)

    waiting = register(bank, 3)
    clock.advance(timedelta(days=1))
    register(bank, 4)

    assert [matches(bank, number) for number in (1, 2, 3, 4)] == [1, 1, 0, 1]
    assert bank.counts().waiting == 1
    assert bank.holders(EntryId(0)) == []
    bank.vouch([waiting])
    assert matches(bank, 3) == 1


def test_the_answer_at_the_cap_is_the_same_for_a_signal_that_is_there(
    database: Database, clock: FakeClock
) -> None:
    """Or the cap could be used to ask whether somebody registered a picture."""
    bank = make_bank(database, clock, unvouched_pictures_per_day=1)
    register(bank, 1)

    answers = [
        bank.register(
            CaseId(new_id("case")),
            ItemId(new_id("item")),
            ADULT,
            [banked(number)],
            partners=False,
            vouched=False,
        )
        for number in (1, 2)
    ]

    assert answers == [False, False]


def test_a_waiting_registration_that_is_undone_waits_again(
    database: Database, clock: FakeClock
) -> None:
    """Withdrawing and undoing is no way round the cap."""
    bank = make_bank(database, clock, unvouched_pictures_per_day=0)
    item_id = register(bank, 1)

    bank.withdraw(item_id)
    bank.reinstate(item_id)

    assert matches(bank, 1) == 0
    assert Follower(bank).catch_up() == []


def test_a_vouched_registration_needs_no_place_under_the_cap(
    database: Database, clock: FakeClock
) -> None:
    """A caseworker's word is what the cap waits for."""
    bank = make_bank(database, clock, unvouched_pictures_per_day=0)

    register(bank, 1, vouched=True)

    assert matches(bank, 1) == 1


def test_vouching_shows_as_vouched(bank: Bank, follower: Follower) -> None:
    """From a request to review to a request to remove."""
    item_id = register(bank, 1)
    follower.catch_up()

    bank.vouch([item_id])

    assert [change.vouched for change in follower.catch_up()] == [True]
