"""Withdrawal always works, at once or after the lock; undo restores exactly; purge is final."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from takeback import db
from takeback.cases.model import CaseStatus
from takeback.cases.wire import Choices
from takeback.db import Database
from takeback.errors import IllegalTransition, NotFound
from takeback.ids import CaseId, ItemId, PlatformId, WithdrawalId
from takeback.matching.model import Holder
from tests.cases.world import World, access, item


def test_a_withdrawn_case_holds_nothing_at_once(world: World) -> None:
    """No worker is needed for it."""
    opened = world.open(item("a"), item("b"), item(locators=["t.me/x"]))

    receipt = world.cases.withdraw(access(opened))

    assert world.bank.active() == set()
    assert receipt.status == "withdrawn"
    assert [one.state for one in receipt.items] == ["withdrawn"] * 3


def test_one_item_can_go_alone(world: World) -> None:
    """The others stay active, and the case is still open."""
    opened = world.open(item("a"), item("b"))
    first, second = world.item_id(opened, 0), world.item_id(opened, 1)

    receipt = world.cases.withdraw(access(opened), first)

    assert world.bank.active() == {second}
    assert receipt.status == "open"
    assert [one.state for one in receipt.items] == ["withdrawn", "protected"]


def test_withdrawing_twice_is_refused(quick: World) -> None:
    """The second withdrawal fails and records nothing."""
    opened = quick.open()
    quick.cases.withdraw(access(opened))
    before = (quick.audit.actions(), quick.journalled())

    with pytest.raises(IllegalTransition):
        quick.cases.withdraw(access(opened))

    assert (quick.audit.actions(), quick.journalled()) == before


def test_somebody_elses_item_is_not_found(quick: World) -> None:
    """An id from another case works no better than one that never was."""
    opened, other = quick.open(), quick.open()
    refusals = []

    for item_id in (quick.item_id(other), ItemId("item_0000000000000000")):
        with pytest.raises(NotFound) as refused:
            quick.cases.withdraw(access(opened), item_id)
        refusals.append(str(refused.value))

    assert refusals[0] == refusals[1]
    assert quick.item_id(other) in quick.bank.active()


def test_a_withdrawal_is_journalled_before_it_commits(quick: World) -> None:
    """A restored backup will find it there; one that can't be journalled does not happen."""
    opened = quick.open()
    quick.cases.journal.path.mkdir()

    with pytest.raises(IsADirectoryError):
        quick.cases.withdraw(access(opened))

    assert quick.case(opened).status is CaseStatus.OPEN
    quick.cases.journal.path.rmdir()
    quick.cases.lifecycle.bank.reinstate(quick.item_id(opened))
    quick.cases.withdraw(access(opened))
    assert quick.journalled() == ["case.withdrawn"]


def test_a_withdrawal_that_cannot_be_audited_does_not_happen(world: World) -> None:
    """Nothing that can't be recorded happens."""
    opened = world.open()
    world.audit.full = True

    with pytest.raises(OSError, match="disk full"):
        world.cases.withdraw(access(opened))

    assert world.case(opened).status is CaseStatus.OPEN
    assert world.journalled() == []


def test_undo_restores_exactly(world: World) -> None:
    """Receipt, holds and stored case are as if nothing had been; what went alone stays gone."""
    opened = world.open(item("a"), item("b"))
    world.cases.withdraw(access(opened), world.item_id(opened, 1))
    before = (world.receipt(opened), world.bank.active(), world.case(opened))
    world.cases.withdraw(access(opened))
    world.later(days=6, hours=23)

    world.cases.undo(access(opened))

    assert (world.receipt(opened), world.bank.active(), world.case(opened)) == before


def test_an_item_comes_back_alone(world: World) -> None:
    """Within seven days, with the same code."""
    opened = world.open(item("a"), item("b"))
    first = world.item_id(opened)
    before = world.receipt(opened)
    world.cases.withdraw(access(opened), first)

    after = world.cases.undo(access(opened), first)

    assert after == before
    assert first in world.bank.active()
    assert world.journalled() == ["item.withdrawn", "item.reinstated"]


def test_after_seven_days_nothing_comes_back(world: World) -> None:
    """The case is purged, and its code opens nothing."""
    opened = world.open()
    world.cases.withdraw(access(opened))
    world.later(days=7)

    with pytest.raises(NotFound):
        world.cases.undo(access(opened))
    assert world.bank.holds == {}
    assert world.audit.forgotten == [opened.case_id]
    assert world.journalled()[-1] == "case.purged"


def test_after_seven_days_an_undo_is_refused_even_if_no_worker_ran(quick: World) -> None:
    """The time is over whether or not the purge has been done."""
    opened = quick.open()
    quick.cases.withdraw(access(opened))
    quick.clock.advance(timedelta(days=7))

    with pytest.raises(IllegalTransition):
        quick.cases.undo(access(opened))


def test_a_purge_leaves_no_row_about_the_case(world: World) -> None:
    """Every table is looked through; a second case keeps all of its own."""
    opened = world.open(item("a", locators=["t.me/x"], note="n"))
    platform = world.platforms.add("Example Pictures", delivered=1_000)
    holder = Holder(CaseId(opened.case_id), world.item_id(opened))
    world.cases.record_removal([holder], platform, world.clock())
    other = world.open(item("b", locators=["t.me/y"], note="m"))
    kept = rows(world.db)
    before = len(kept)
    world.cases.withdraw(access(opened))
    assert len(rows(world.db)) > before

    world.later(days=7)

    left = rows(world.db)
    assert not [row for row in left if opened.case_id in row or "t.me/x" in row]
    assert [row for row in left if "t.me/y" in row]
    assert world.receipt(other).items[0].state == "protected"


def rows(database: Database) -> list[str]:
    """Return every row of every table that cases know, as text."""
    names = ("cases", "case_", "items", "withdrawal", "removals", "due")
    tables = [table for table in db.metadata.sorted_tables if table.name.startswith(names)]
    with database.reading():
        return [str(tuple(row)) for table in tables for row in database.execute(sa.select(table))]


def test_a_purged_sqlite_file_holds_no_text(quick: World, tmp_path: Path) -> None:
    """Neither the database nor its write-ahead log; the same search finds it before."""
    secret = "a-locator-that-is-like-no-other"
    opened = quick.open(item("a", locators=[secret]))
    assert found_in_files(tmp_path, secret)
    quick.cases.withdraw(access(opened))

    quick.later(days=7)

    assert not found_in_files(tmp_path, secret)
    assert not found_in_files(tmp_path, opened.case_id, besides="journal.jsonl")


def found_in_files(folder: Path, text: str, besides: str = "") -> bool:
    """Say whether any file under *folder* holds *text*."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != besides]
    return any(text.encode() in path.read_bytes() for path in files)


def test_an_item_that_went_alone_is_erased_after_seven_days(world: World) -> None:
    """Its signals, note and locators go; the receipt still says who has confirmed."""
    world.platforms.add("Example Pictures", delivered=1_000)
    opened = world.open(item("a", locators=["t.me/x"], note="n"), item("b"))
    first = world.item_id(opened)
    world.cases.withdraw(access(opened), first)

    world.later(days=7)

    assert first not in world.bank.holds
    assert not [row for row in rows(world.db) if "t.me/x" in row]
    assert world.receipt(opened).withdrawals[0].waiting == ["Example Pictures"]
    assert world.receipt(opened).items[0].state == "withdrawn"
    with pytest.raises(IllegalTransition):
        world.cases.undo(access(opened), first)


def test_the_lock_delays_a_withdrawal_by_72_hours(world: World) -> None:
    """Whoever found code and PIN can't hurry it, and she can stop it."""
    opened = world.open(choices=Choices(lock=True))

    receipt = world.cases.withdraw(access(opened))
    assert (receipt.status, receipt.withdrawal_takes_effect_on) == ("withdrawing", "2030-03-08")
    world.later(hours=71, minutes=59)
    assert len(world.bank.active()) == 1
    world.later(minutes=1)

    assert world.bank.active() == set()
    assert world.receipt(opened).status == "withdrawn"


def test_a_delayed_withdrawal_can_be_stopped(world: World) -> None:
    """Nothing had changed, so nothing has to be restored."""
    opened = world.open(choices=Choices(lock=True))
    before = world.receipt(opened)
    world.cases.withdraw(access(opened))

    world.cases.undo(access(opened))
    world.later(days=30)

    assert world.receipt(opened) == before
    assert len(world.bank.active()) == 1


def test_the_lock_delays_one_item_too(world: World) -> None:
    """The receipt says from which day; undo stops it."""
    opened = world.open(item("a"), item("b"), choices=Choices(lock=True))
    first = world.item_id(opened)

    [one, _] = world.cases.withdraw(access(opened), first).items
    assert (one.state, one.takes_effect_on) == ("withdrawing", "2030-03-08")
    world.later(days=3)

    assert world.receipt(opened).items[0].state == "withdrawn"
    assert len(world.bank.active()) == 1


def test_turning_the_lock_off_waits_as_long_as_the_lock(quick: World) -> None:
    """Otherwise a finder of the code would turn it off and withdraw in one go."""
    opened = quick.open(choices=Choices(lock=True))
    assert quick.cases.choose(access(opened), Choices(lock=False)).locked

    quick.later(hours=71)
    quick.cases.choose(access(opened), Choices(lock=False))
    assert quick.receipt(opened).locked
    quick.later(hours=1)

    assert not quick.receipt(opened).locked
    assert quick.cases.withdraw(access(opened)).status == "withdrawn"


def test_turning_the_lock_on_again_is_immediate(quick: World) -> None:
    """She found out in time."""
    opened = quick.open(choices=Choices(lock=True))
    quick.cases.choose(access(opened), Choices(lock=False))
    quick.cases.choose(access(opened), Choices(lock=True))

    quick.later(days=10)

    assert quick.cases.withdraw(access(opened)).status == "withdrawing"


def test_only_platforms_that_were_sent_the_signals_must_confirm(quick: World) -> None:
    """One that never read so far is not listed; one that did is, until it confirms."""
    told = quick.platforms.add("Told", delivered=1_000)
    quick.platforms.add("Far behind", delivered=0)
    opened = quick.open()
    [withdrawal] = quick.cases.withdraw(access(opened)).withdrawals
    assert (withdrawal.confirmed, withdrawal.waiting) == ([], ["Told"])

    [marker] = quick.cases.withdrawal_markers(0, 1_000, {"adult"})
    quick.cases.confirm_withdrawal(marker.withdrawal_id, told)
    quick.cases.confirm_withdrawal(marker.withdrawal_id, told)

    [withdrawal] = quick.receipt(opened).withdrawals
    assert (withdrawal.confirmed, withdrawal.waiting) == (["Told"], [])
    assert quick.audit.actions().count("withdrawal.confirmed") == 1


def test_partners_that_cannot_confirm_are_named_if_she_ever_allowed_them(quick: World) -> None:
    """Even when she has changed her mind since: they were sent her signals."""
    quick.platforms.add_partner("Partner", served_on=quick.clock().date())
    allowed = quick.open(choices=Choices(partners=True))
    never = quick.open()
    quick.cases.choose(access(allowed), Choices(partners=False))

    first = quick.cases.withdraw(access(allowed)).withdrawals[0]
    second = quick.cases.withdraw(access(never)).withdrawals[0]

    assert first.can_not_confirm == ["Partner"]
    assert second.can_not_confirm == []


def test_an_item_that_waited_was_sent_to_nobody(quick: World) -> None:
    """So nobody has to confirm it."""
    quick.platforms.add("Example Pictures", delivered=1_000)
    quick.bank.full = True
    opened = quick.open()
    assert quick.receipt(opened).items[0].state == "waiting"

    [withdrawal] = quick.cases.withdraw(access(opened)).withdrawals

    assert withdrawal.waiting == []


def test_markers_are_of_a_bank_and_a_stretch_of_the_feed(world: World) -> None:
    """In order; an undone withdrawal has none."""
    first, second, third = (world.open(item(name)) for name in "abc")
    for one in (first, second, third):
        world.cases.withdraw(access(one))
    world.cases.undo(access(second))

    markers = world.cases.withdrawal_markers(0, 1_000, {"adult"})

    assert len(markers) == 2
    assert markers[0].seq < markers[1].seq
    assert world.cases.withdrawal_markers(markers[0].seq, markers[1].seq, {"adult"}) == markers[1:]
    assert world.cases.withdrawal_markers(0, 1_000, {"under_18", "not_said"}) == []
    assert world.cases.withdrawal_markers(0, 1_000, set()) == []


def test_confirming_what_is_not_there_is_refused(quick: World) -> None:
    """A withdrawal of a purged case is known to nobody any more."""
    with pytest.raises(NotFound):
        quick.cases.confirm_withdrawal(
            WithdrawalId("withdrawal_0"), PlatformId("platform_0000000000000000")
        )
