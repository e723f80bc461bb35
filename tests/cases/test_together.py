"""Cases with the real bank, audit log and accounts: the promises hold in one piece."""

from datetime import timedelta

import pytest

from takeback.cases.wire import AgeBand
from takeback.errors import IllegalTransition, NotFound
from takeback.ids import CaseId, PlatformId
from takeback.matching.model import BANKS
from takeback.matching.paging import Reader
from tests.cases.centre import EVERYTHING, Centre
from tests.cases.world import access, without_ids

THREE_DAYS = timedelta(days=3)


def test_an_ordinary_photograph_judged_not_intimate_leaves_no_trace(centre: Centre) -> None:
    """The stalker's test: matched, doubted, quarantined everywhere, and the receipt is the same."""
    matched, never = centre.open("matched"), centre.open("never")
    [near] = centre.find("matched").near
    for number in range(3):
        platform = PlatformId(f"platform_{number:016}")
        centre.bank.quarantine(near.entry_id, platform, "not_intimate", f"platform:{platform}")
    centre.bank.quarantine(near.entry_id, None, "not_intimate", "worker")
    assert centre.find("matched").near == []

    left, right = centre.receipt(matched), centre.receipt(never)

    assert left.case_id != right.case_id
    assert without_ids(left) == without_ids(right)


def test_what_another_person_registered_stays_protected(centre: Centre) -> None:
    """One of two withdraws: the picture is still found; both withdraw: it is not."""
    first, second = centre.open("same"), centre.open("same")

    centre.cases.withdraw(access(first))
    assert len(centre.find("same").near) == 1
    centre.cases.withdraw(access(second))

    assert centre.find("same").near == []


def test_undo_brings_the_signals_back(centre: Centre) -> None:
    """At once, as they were."""
    opened = centre.open("a")
    centre.cases.withdraw(access(opened))

    centre.cases.undo(access(opened))

    assert len(centre.find("a").near) == 1


@pytest.mark.parametrize("age_band", ["under_18", "adult", "not_said"])
def test_each_age_band_has_its_own_bank(centre: Centre, age_band: AgeBand) -> None:
    """A reader of the other banks finds nothing."""
    centre.open("a", age_band)
    platform = EVERYTHING.platform_id

    inside = centre.find("a", Reader(platform, frozenset({age_band})))
    outside = centre.find("a", Reader(platform, frozenset(BANKS - {age_band})))

    assert [near.bank for near in inside.near] == [age_band]
    assert outside.near == []


def test_a_vouch_reaches_the_bank(centre: Centre) -> None:
    """And the log has it, proven whole."""
    opened = centre.open("a")

    centre.cases.desk.vouch(CaseId(opened.case_id), centre.first_staff())

    [near] = centre.find("a").near
    assert near.vouched
    assert centre.audit.verify().size > 0


def test_a_removal_reaches_every_holder(centre: Centre) -> None:
    """Found through the entry, shown by name after its midnight."""
    first, second = centre.open("same"), centre.open("same")
    platform = centre.platforms.add("Example Pictures", centre.first_staff())
    [near] = centre.find("same").near
    centre.cases.record_removal(centre.bank.holders(near.entry_id), platform.id, centre.now())

    centre.now.advance(THREE_DAYS)

    for one in (first, second):
        [removal] = centre.receipt(one).items[0].removals
        assert (removal.platform, removal.day) == ("Example Pictures", "2030-03-05")


def test_a_purge_erases_signal_and_salt_and_the_log_still_verifies(centre: Centre) -> None:
    """Nothing links the events to the case any more."""
    opened = centre.open("a")
    case_id = CaseId(opened.case_id)
    with centre.db.reading():
        assert centre.audit.events(case_id)
    centre.cases.withdraw(access(opened))
    centre.now.advance(THREE_DAYS * 3)

    assert centre.due.run(centre.cases.handlers()) == 1

    assert centre.find("a").near == []
    with pytest.raises(NotFound):
        centre.receipt(opened)
    with centre.db.reading():
        assert centre.audit.events(case_id) == []
    assert centre.audit.verify().size >= 3


def test_the_journal_takes_back_again_what_a_restored_backup_brings(centre: Centre) -> None:
    """Withdrawn, then undone in part, then purged: each line again, in order, and twice."""
    case, one = centre.open("a"), centre.open("b")
    item_id = centre.item_id(one)
    steps = [
        ("item.withdrawn", item_id),
        ("case.withdrawn", case.case_id),
        ("item.reinstated", item_id),
        ("case.purged", "case_unknown"),
    ]

    for kind, record_id in steps * 2:
        centre.cases.replay(kind, record_id)
    assert centre.find("a").near == []
    assert len(centre.find("b").near) == 1
    centre.cases.replay("case.reinstated", case.case_id)
    assert len(centre.find("a").near) == 1
    centre.cases.replay("case.purged", case.case_id)

    assert centre.find("a").near == []
    with pytest.raises(NotFound):
        centre.receipt(case)


def test_registering_tells_nothing_of_other_holders(centre: Centre) -> None:
    """Same receipt, same number of places drawn in the feed, whether or not it was there."""
    centre.open("same")
    drawn = []
    receipts = []

    for name in ("same", "new"):
        before = centre.bank.head_seq()
        opened = centre.open(name)
        drawn.append(centre.bank.head_seq() > before)
        receipts.append(centre.receipt(opened).items[0].state)

    assert drawn == [True, True]
    assert receipts == ["protected", "protected"]


def test_after_a_restore_she_decides_what_counts_again(centre: Centre) -> None:
    """Suspended entries match nothing until she or staff resume them."""
    opened, other = centre.open("a"), centre.open("b")
    centre.bank.suspend_all()
    assert centre.receipt(opened).items[0].state == "suspended"
    assert centre.find("a").near == []

    receipt = centre.cases.resume(access(opened))

    assert receipt.items[0].state == "protected"
    assert len(centre.find("a").near) == 1
    assert centre.receipt(other).items[0].state == "suspended"
    with pytest.raises(IllegalTransition):
        centre.cases.resume(access(opened))
