"""What is purged, suspended, kept back or quarantined matches nobody, and for whom that is."""

import pytest
import sqlalchemy as sa

from takeback import db
from takeback.db import Database
from takeback.errors import NotFound
from takeback.hashing.arrays import signals_to_array
from takeback.ids import CaseId, EntryId, ItemId, new_id
from takeback.matching.model import ADULT, BANKS, BankSignal, Head
from takeback.matching.paging import Reader
from takeback.matching.service import Bank
from tests.conftest import FakeClock
from tests.matching.banking import (
    OTHER,
    PLATFORM,
    Follower,
    banked,
    make_bank,
    matches,
    register,
    signal,
    turned,
)


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
