"""The bank: one entry for each signal, alive while anybody holds it, and nobody can count."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from takeback import db
from takeback.db import Database
from takeback.errors import NotFound, QualityTooLow
from takeback.hashing.arrays import signals_to_array
from takeback.ids import CaseId, EntryId, ItemId, new_id
from takeback.matching.model import ADULT, BANKS, NOT_SAID, UNDER_18, BankSignal, Head
from takeback.matching.paging import Reader
from takeback.matching.service import Bank
from tests.conftest import FakeClock
from tests.matching.banking import (
    OTHER,
    PLATFORM,
    Follower,
    banked,
    make_bank,
    register,
    signal,
    turned,
)


@pytest.fixture
def bank(database: Database, clock: FakeClock) -> Bank:
    """An empty bank, on each of the two databases in turn."""
    return make_bank(database, clock)


@pytest.fixture
def follower(bank: Bank) -> Follower:
    """A platform's matcher that may see every bank."""
    return Follower(bank)


def matches(bank: Bank, number: int, distance: int = 0, banks: frozenset[str] = BANKS) -> int:
    """Look a copy of the signal up that is *distance* bits away; return how many were found."""
    query = signals_to_array([turned(signal(number), distance)])
    [found] = bank.search(query, Reader(PLATFORM, banks), 10)
    return len(found.near)


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


def test_purging_erases_the_signal_and_leaves_a_tombstone(
    bank: Bank, follower: Follower, database: Database
) -> None:
    """No table holds the signal any more; a reader that was away still learns that it is gone."""
    item_id = register(bank, 1)
    follower.catch_up()
    assert signal_is_in(database)
    bank.withdraw(item_id)

    bank.purge(item_id)

    assert not signal_is_in(database)
    assert [change.active for change in follower.catch_up()] == [False]


def test_purging_without_a_withdrawal_ends_the_entry_too(bank: Bank, follower: Follower) -> None:
    """At her end date nothing is withdrawn first."""
    item_id = register(bank, 1)
    follower.catch_up()

    bank.purge(item_id)

    assert follower.catch_up()[0].active is False
    assert matches(bank, 1) == 0


def test_purging_one_of_two_holders_keeps_the_entry(bank: Bank, follower: Follower) -> None:
    """The signal stays as long as anybody holds it, and nothing shows."""
    mine = register(bank, 1)
    register(bank, 1)
    follower.catch_up()

    bank.purge(mine)

    assert follower.catch_up() == []
    assert matches(bank, 1) == 1


def test_a_purged_signal_that_is_registered_again_gets_a_new_number(bank: Bank) -> None:
    """Nothing links the new registration to the one that was purged."""
    follower = Follower(bank)
    first = register(bank, 1)
    follower.catch_up()
    [old] = follower.held
    bank.purge(first)
    register(bank, 1)

    follower.catch_up()

    assert list(follower.held) != [old]
    assert len(follower.held) == 1


def test_purging_what_was_never_shown_leaves_no_row(database: Database, clock: FakeClock) -> None:
    """A waiting registration that is purged was never there."""
    bank = make_bank(database, clock, unvouched_pictures_per_day=0)
    item_id = register(bank, 1)

    bank.purge(item_id)

    with database.reading():
        entries = db.metadata.tables["entries"]
        assert database.execute(sa.select(sa.func.count()).select_from(entries)).scalar() == 0


def test_a_suspended_bank_matches_nothing_until_somebody_decides(
    bank: Bank, follower: Follower
) -> None:
    """A restore without a journal can't know what was withdrawn since the backup."""
    items = [register(bank, 1), register(bank, 2)]
    follower.catch_up()

    bank.suspend_all()
    follower.catch_up()
    suspended = follower.signals
    bank.resume(items[:1])
    follower.catch_up()

    assert suspended == set()
    assert follower.signals == {signal(1).bits}
    assert bank.counts().suspended == 1


def test_a_new_epoch_is_never_an_old_one(bank: Bank) -> None:
    """Restoring the same backup twice gives two epochs."""
    epochs = {bank.head().epoch, bank.new_epoch(), bank.new_epoch()}

    assert len(epochs) == 3
    assert bank.head() in {Head(0, epoch) for epoch in epochs}


def test_an_entry_kept_back_from_one_platform_is_gone_there_only(bank: Bank) -> None:
    """One platform's opinion changes nothing for another, and can be taken back."""
    register(bank, 1)
    here, there = Follower(bank, PLATFORM), Follower(bank, OTHER)
    here.catch_up()
    there.catch_up()
    [entry_id] = here.held

    bank.quarantine(entry_id, PLATFORM, "not_intimate", f"platform:{PLATFORM}")
    gone = [change.active for change in here.catch_up()]
    elsewhere = there.catch_up()
    found = matches(bank, 1)
    bank.lift(entry_id, PLATFORM, f"platform:{PLATFORM}")

    assert gone == [False]
    assert elsewhere == []
    assert found == 0
    assert [change.active for change in here.catch_up()] == [True]
    assert matches(bank, 1) == 1


def test_quarantined_everywhere_is_gone_everywhere_until_a_person_lifts_it(
    bank: Bank, follower: Follower
) -> None:
    """A poisoned signal stops for all, and stands in the queue."""
    register(bank, 1)
    follower.catch_up()
    [entry_id] = follower.held

    placed = bank.quarantine(entry_id, None, "not_intimate", "worker")
    follower.catch_up()
    held, queue = dict(follower.held), bank.quarantined()
    bank.lift(entry_id, None, "worker")
    follower.catch_up()

    assert placed
    assert held == {}
    assert [(each.entry_id, each.platform_id) for each in queue] == [(entry_id, None)]
    assert list(follower.held) == [entry_id]
    assert bank.quarantined() == []


def test_a_vouched_entry_is_never_quarantined_everywhere(bank: Bank, follower: Follower) -> None:
    """A caseworker's word outweighs any number of opinions."""
    register(bank, 1, vouched=True)
    follower.catch_up()
    [entry_id] = follower.held

    placed = bank.quarantine(entry_id, None, "not_intimate", "worker")

    assert not placed
    assert follower.catch_up() == []
    assert bank.quarantined() == []


def test_a_vouch_lifts_the_quarantine_everywhere(bank: Bank, follower: Follower) -> None:
    """And takes it from the queue."""
    item_id = register(bank, 1)
    follower.catch_up()
    [entry_id] = follower.held
    bank.quarantine(entry_id, None, "not_intimate", "worker")

    bank.vouch([item_id])

    follower.catch_up()
    assert list(follower.held) == [entry_id]
    assert bank.quarantined() == []


def test_lifting_what_is_not_in_force_is_refused(bank: Bank, follower: Follower) -> None:
    """As is keeping back an entry that nobody was ever shown."""
    register(bank, 1)
    follower.catch_up()
    [entry_id] = follower.held

    with pytest.raises(NotFound):
        bank.lift(entry_id, None, "worker")
    with pytest.raises(NotFound):
        bank.quarantine(EntryId(1), None, "not_intimate", "worker")


def test_what_is_kept_back_makes_room_for_the_next_nearest(bank: Bank) -> None:
    """A limit counts what the platform may see."""
    follower = Follower(bank)
    register(bank, 1)
    follower.catch_up()
    [nearest] = follower.held
    for bits in (1, 2):
        bank.register(
            CaseId(new_id("case")),
            ItemId(new_id("item")),
            ADULT,
            [BankSignal(turned(signal(1), bits).bits, 90)],
            partners=False,
            vouched=False,
        )
    bank.quarantine(nearest, PLATFORM, "not_intimate", f"platform:{PLATFORM}")

    [found] = bank.search(signals_to_array([signal(1)]), Reader(PLATFORM, BANKS), 1)

    assert [near.distance for near in found.near] == [1]
    assert found.more


def test_only_active_holds_are_holders(bank: Bank, follower: Follower) -> None:
    """A removal is recorded for those who hold the entry now, and for no submission."""
    stays, leaves = register(bank, 1), register(bank, 1)
    bank.submit(OTHER, ADULT, [banked(1)])
    follower.catch_up()
    [entry_id] = follower.held

    bank.withdraw(leaves)

    assert [holder.item_id for holder in bank.holders(entry_id)] == [stays]


def test_a_second_process_stops_matching_at_once(
    bank: Bank, database: Database, clock: FakeClock
) -> None:
    """Every process brings its index up to date before each look-up."""
    item_id = register(bank, 1)
    elsewhere = make_bank(database, clock)
    before = matches(elsewhere, 1)

    bank.withdraw(item_id)

    assert [before, matches(elsewhere, 1)] == [1, 0]


def signal_is_in(database: Database) -> bool:
    """Whether the first made-up signal is in any column of any table, raw or as text."""
    raw = signal(1).bits
    wanted = {raw, raw.hex(), raw.hex().upper()}
    with database.reading():
        return any(
            wanted.intersection(row)
            for table in db.metadata.tables.values()
            for row in database.execute(table.select())
        )
