"""End date, closing, retention and legal hold: what is erased when, and what never is."""

from collections.abc import Callable
from datetime import date

import pytest
from msgspec import UNSET

from takeback.accounts.model import Role
from takeback.cases.wire import Choices, Opened
from takeback.errors import IllegalTransition, MalformedBody, NotAllowed, NotFound, OnHold
from takeback.ids import CaseId
from tests.cases.fakes import person
from tests.cases.world import World, access, item

WORKER = person(Role.CASEWORKER)
LEAD = person(Role.LEAD)
OPERATOR = person(Role.OPERATOR)


def written(world: World, opened: Opened) -> list[str]:
    """Return all that the reporter wrote, as staff see it."""
    view = world.cases.desk.show(CaseId(opened.case_id), WORKER)
    return [view.text, *view.locators, *view.notes]


def test_the_log_says_who_read_what_she_wrote(quick: World) -> None:
    """Nobody looks unseen; a case that is not there leaves no line."""
    opened = quick.open(item("a", note="what happened"))

    written(quick, opened)
    with pytest.raises(NotFound):
        quick.cases.desk.show(CaseId("case_0000000000000000"), WORKER)

    assert quick.audit.actions().count("case.shown") == 1


def test_a_case_without_an_end_date_never_ends(quick: World) -> None:
    """Four hundred days later, and ten years later, its signals are active."""
    opened = quick.open()

    quick.later(days=400)
    quick.later(days=3650)

    assert quick.bank.active() == {quick.item_id(opened)}


def test_the_end_date_purges_everything(world: World) -> None:
    """At the midnight on which the day begins, and not an hour before."""
    opened = world.open(choices=Choices(end_date="2030-06-01"))
    world.later(days=87, hours=11)
    assert len(world.bank.active()) == 1

    world.later(hours=1)

    assert world.bank.holds == {}
    with pytest.raises(NotFound):
        world.receipt(opened)
    assert "case.purged" in world.journalled()


def test_an_end_date_can_be_taken_back(quick: World) -> None:
    """Choosing again without one leaves nothing due."""
    opened = quick.open(choices=Choices(end_date="2030-06-01"))
    quick.cases.choose(access(opened), Choices())

    quick.later(days=400)

    assert quick.receipt(opened).ends_on is None
    assert len(quick.bank.active()) == 1


def test_every_change_of_the_end_date_is_journalled_and_nothing_else(quick: World) -> None:
    """The day she chose, or none; a choice that leaves it as it is writes no line."""
    opened = quick.open(choices=Choices(end_date="2030-06-01"))

    for chosen in ("2030-06-01", "2030-07-01", UNSET):
        quick.cases.choose(access(opened), Choices(end_date=chosen, lock=True))

    lines = [(line.kind, line.id, line.day) for line in quick.journal.lines()]
    assert lines == [
        ("case.ends", opened.case_id, date(2030, 7, 1)),
        ("case.ends", opened.case_id, None),
    ]


def test_a_restored_backup_gets_her_newest_end_date_and_its_timer(quick: World) -> None:
    """Chosen, taken away and chosen again since: the last line counts, also a second time."""
    opened = quick.open()

    for day in (date(2030, 6, 1), None, date(2030, 4, 1), date(2030, 4, 1)):
        quick.cases.replay("case.ends", opened.case_id, day)
    assert quick.receipt(opened).ends_on == "2030-04-01"
    quick.later(days=400)

    assert quick.bank.holds == {}
    with pytest.raises(NotFound):
        quick.receipt(opened)


def test_retention_erases_texts_and_locators_and_nothing_else(world: World) -> None:
    """Ninety days after closing; signals, code, PIN and receipt stay."""
    opened = world.open(item("a", locators=["t.me/x"], note="note"))
    world.cases.desk.close(CaseId(opened.case_id), WORKER)
    before = world.receipt(opened)
    assert before.status == "closed"

    world.later(days=89)
    assert "t.me/x" in written(world, opened)
    world.later(days=1)

    assert written(world, opened) == [""]
    assert world.receipt(opened) == before
    assert len(world.bank.active()) == 1
    assert world.audit.actions().count("case.retention_erased") == 1


def test_adding_to_a_closed_case_opens_it_again(quick: World) -> None:
    """What she has just written is not erased on the old day."""
    opened = quick.open(item("a", note="old"))
    quick.cases.desk.close(CaseId(opened.case_id), WORKER)
    quick.later(days=80)

    receipt = quick.cases.add_items(access(opened), [item("b", note="new")])
    quick.later(days=20)

    assert receipt.status == "open"
    assert "new" in written(quick, opened)


def test_a_hold_stops_the_purge_but_not_the_withdrawal(world: World) -> None:
    """Nothing is matched any more, and nothing is erased until the release."""
    opened = world.open(item("a", locators=["t.me/x"]))
    case_id = CaseId(opened.case_id)
    world.cases.desk.hold(case_id, WORKER, "court_order")
    world.cases.withdraw(access(opened))
    assert world.bank.active() == set()

    world.later(days=400)
    assert "t.me/x" in written(world, opened)
    with pytest.raises(IllegalTransition):
        world.cases.undo(access(opened))
    world.cases.desk.release(case_id, LEAD)
    world.work()

    with pytest.raises(NotFound):
        world.cases.desk.show(case_id, WORKER)


def test_a_held_case_still_ends_on_its_day(world: World) -> None:
    """The end date stops the matching; the record waits for the release."""
    opened = world.open(choices=Choices(end_date="2030-06-01"))
    case_id = CaseId(opened.case_id)
    world.cases.desk.hold(case_id, WORKER, "police_request")

    world.later(days=90)
    assert world.bank.active() == set()
    assert world.receipt(opened).status == "withdrawn"
    assert world.work() == 0
    world.cases.desk.release(case_id, LEAD)
    world.work()

    with pytest.raises(NotFound):
        world.receipt(opened)


def test_a_hold_stops_retention(world: World) -> None:
    """Texts stay until it is released, then go at once because their day has passed."""
    opened = world.open(item("a", note="note"))
    case_id = CaseId(opened.case_id)
    world.cases.desk.close(case_id, WORKER)
    world.cases.desk.hold(case_id, WORKER, "preservation_order")

    world.later(days=200)
    assert "note" in written(world, opened)
    world.cases.desk.release(case_id, LEAD)
    world.work()

    assert written(world, opened) == [""]


def test_a_hold_stops_the_erasing_of_one_item(world: World) -> None:
    """The item's own timer comes back with the release."""
    opened = world.open(item("a", note="note"), item("b"))
    case_id, first = CaseId(opened.case_id), world.item_id(opened)
    world.cases.desk.hold(case_id, WORKER, "other")
    world.cases.withdraw(access(opened), first)

    world.later(days=30)
    assert first in world.bank.holds
    world.cases.desk.release(case_id, LEAD)
    world.work()

    assert first not in world.bank.holds
    assert written(world, opened) == [""]


def test_holds_are_placed_and_released_once(quick: World) -> None:
    """A second order would hide that the first is still in force."""
    case_id = CaseId(quick.open().case_id)
    with pytest.raises(IllegalTransition):
        quick.cases.desk.release(case_id, LEAD)
    quick.cases.desk.hold(case_id, WORKER, "court_order")

    with pytest.raises(OnHold):
        quick.cases.desk.hold(case_id, WORKER, "court_order")


def test_a_holds_reason_is_one_of_a_list(quick: World) -> None:
    """Free text would end up in the audit log."""
    case_id = CaseId(quick.open().case_id)

    with pytest.raises(MalformedBody, match="court_order"):
        quick.cases.desk.hold(case_id, WORKER, "because she said so")


def test_closing_twice_or_after_a_withdrawal_is_refused(quick: World) -> None:
    """Only an open case is closed."""
    opened = quick.open()
    case_id = CaseId(opened.case_id)
    quick.cases.desk.close(case_id, WORKER)
    with pytest.raises(IllegalTransition):
        quick.cases.desk.close(case_id, WORKER)

    quick.cases.withdraw(access(opened))

    with pytest.raises(IllegalTransition):
        quick.cases.desk.close(case_id, WORKER)


def test_a_timer_alone_erases_nothing(quick: World) -> None:
    """A stray row in the due-table meets a case that is not due, and leaves it alone."""
    opened = quick.open(item("a", note="note"))
    item_id = quick.item_id(opened)
    before = quick.receipt(opened)
    subjects = {"case": [opened.case_id, "case_gone"], "item": [item_id, "item_gone"]}
    for kind in quick.cases.handlers():
        for subject in subjects["item" if kind.startswith("item") else "case"]:
            quick.due.put(kind, subject, quick.clock())

    assert quick.work() == 12

    assert quick.receipt(opened) == before
    assert "note" in written(quick, opened)


@pytest.mark.parametrize("step", ["show", "unvouched", "vouch", "close", "hold", "release"])
def test_an_operator_handles_no_case(quick: World, step: str) -> None:
    """Who runs the server has no business with what is in it."""
    case_id = CaseId(quick.open().case_id)
    steps: dict[str, Callable[[], object]] = {
        "show": lambda: quick.cases.desk.show(case_id, OPERATOR),
        "unvouched": lambda: quick.cases.desk.unvouched(OPERATOR),
        "vouch": lambda: quick.cases.desk.vouch(case_id, OPERATOR),
        "close": lambda: quick.cases.desk.close(case_id, OPERATOR),
        "hold": lambda: quick.cases.desk.hold(case_id, OPERATOR, "other"),
        "release": lambda: quick.cases.desk.release(case_id, OPERATOR),
    }

    with pytest.raises(NotAllowed):
        steps[step]()


def test_a_vouch_covers_what_the_case_holds_now(world: World) -> None:
    """Waiting items become active; what she adds later needs a word of its own."""
    world.bank.full = True
    opened = world.open(item("a"))
    case_id = CaseId(opened.case_id)
    assert [case.id for case in world.cases.desk.unvouched(WORKER)] == [case_id]

    world.cases.desk.vouch(case_id, WORKER)
    assert world.receipt(opened).items[0].state == "protected"
    assert world.cases.desk.unvouched(WORKER) == []
    world.cases.add_items(access(opened), [item("b")])

    assert [case.id for case in world.cases.desk.unvouched(WORKER)] == [case_id]
    assert [hold.vouched for hold in world.bank.holds.values()] == [True, False]


def test_staff_see_no_signal_and_nothing_that_opens(quick: World) -> None:
    """The view has counts where the bank has signals."""
    opened = quick.open(item("a", note="n"))
    view = str(quick.cases.desk.show(CaseId(opened.case_id), WORKER))

    for secret in (opened.code, opened.pin, opened.slip, " ".join(opened.words)):
        assert secret not in view
    assert item("a").signals[0].value not in view
