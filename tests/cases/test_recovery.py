"""A lost code: the slip, or two caseworkers. Signals stay active all the while."""

import pytest

from takeback.accounts.model import Role
from takeback.cases.wire import Access
from takeback.errors import MalformedCode, NotAllowed, NotFound, SamePersonTwice
from takeback.ids import CaseId
from tests.cases.fakes import person
from tests.cases.world import World, access, wrong_pin


def test_the_slip_alone_gives_new_keys(world: World) -> None:
    """Code, PIN and slip are all new; the case is the same and stayed active."""
    opened = world.open()

    again = world.cases.recover(opened.slip)

    assert again.case_id == opened.case_id
    assert world.receipt(again).items[0].state == "protected"
    assert {again.code, again.slip}.isdisjoint({opened.code, opened.slip})
    assert len(world.bank.active()) == 1


def test_the_old_keys_stop(world: World) -> None:
    """Neither the old code and PIN nor the old slip opens anything."""
    opened = world.open()
    world.cases.recover(opened.slip)

    with pytest.raises(NotFound):
        world.receipt(opened)
    with pytest.raises(NotFound):
        world.cases.recover(opened.slip)


def test_a_restored_backup_from_before_a_recovery_opens_with_neither_code(world: World) -> None:
    """Its line makes the old keys stop again; what came after is known to nobody but her."""
    opened, other = world.open(), world.open()
    recovered = world.cases.recover(opened.slip)

    lines = [(line.kind, line.id, line.day) for line in world.journal.lines()]
    assert lines == [("case.recovered", opened.case_id, None)]
    for case_id in (opened.case_id, "case_unknown"):
        world.cases.replay("case.recovered", case_id)

    for stopped in (opened, recovered):
        with pytest.raises(NotFound):
            world.receipt(stopped)
        with pytest.raises(NotFound):
            world.cases.recover(stopped.slip)
    assert world.receipt(other).items[0].state == "protected"
    assert len(world.bank.active()) == 2


def test_a_recovery_by_two_is_journalled_too(quick: World) -> None:
    """What one of them replaced must not come back with a backup either."""
    opened = quick.open()

    quick.cases.recover_by_two(
        CaseId(opened.case_id), person(Role.CASEWORKER), person(Role.CASEWORKER)
    )

    assert quick.journalled() == ["case.recovered"]


def test_an_unknown_slip_is_refused_like_an_unknown_code(quick: World) -> None:
    """Same words, and the slow step runs once on either path."""
    opened = quick.open()
    with pytest.raises(NotFound) as by_code:
        quick.cases.receipt(wrong_pin(opened))

    quick.kdf.calls = 0
    with pytest.raises(NotFound) as by_slip:
        quick.cases.recover("0" * 25)
    unknown = quick.kdf.calls
    quick.cases.recover(opened.slip)

    assert str(by_slip.value) == str(by_code.value)
    assert (unknown, quick.kdf.calls) == (1, 2)


def test_a_mistyped_slip_is_told_at_once(quick: World) -> None:
    """It has 25 letters and digits."""
    with pytest.raises(MalformedCode):
        quick.cases.recover("not a slip")


def test_recovery_brings_the_trials_back(quick: World) -> None:
    """What somebody guessed at the old code does not shut out the new one."""
    opened = quick.open()
    for _ in range(20):
        with pytest.raises(NotFound):
            quick.cases.receipt(wrong_pin(opened))

    again = quick.cases.recover(opened.slip)

    assert quick.cases.receipt(Access(again.code, again.pin)).case_id == opened.case_id


def test_a_withdrawn_case_can_be_recovered_and_undone(quick: World) -> None:
    """Somebody who found the code withdrew; the slip takes it back."""
    opened = quick.open()
    quick.cases.withdraw(access(opened))

    again = quick.cases.recover(opened.slip)

    assert quick.cases.undo(access(again)).status == "open"


def test_two_caseworkers_give_new_keys(world: World) -> None:
    """The log names both."""
    opened = world.open()
    first, second = person(Role.CASEWORKER), person(Role.LEAD)

    again = world.cases.recover_by_two(CaseId(opened.case_id), first, second)

    assert world.receipt(again).case_id == opened.case_id
    with pytest.raises(NotFound):
        world.receipt(opened)
    assert world.audit.events[-1][4] == {"by": "staff", "first": first.id, "second": second.id}


def test_one_person_or_one_key_is_not_two(quick: World) -> None:
    """Not with one account twice, nor with one key file for two accounts."""
    opened = quick.open()
    one = person(Role.CASEWORKER)
    left, right = person(Role.CASEWORKER, key="same"), person(Role.CASEWORKER, key="same")

    for first, second in ((one, one), (left, right)):
        with pytest.raises(SamePersonTwice):
            quick.cases.recover_by_two(CaseId(opened.case_id), first, second)
    assert quick.receipt(opened).case_id == opened.case_id


def test_both_must_be_allowed_to(quick: World) -> None:
    """An operator's key is no caseworker's, whichever comes first."""
    case_id = CaseId(quick.open().case_id)
    pair = [person(Role.CASEWORKER), person(Role.OPERATOR)]

    for first, second in (pair, reversed(pair)):
        with pytest.raises(NotAllowed):
            quick.cases.recover_by_two(case_id, first, second)


def test_an_unknown_case_is_not_found(quick: World) -> None:
    """Two caseworkers can't make up a case."""
    with pytest.raises(NotFound):
        quick.cases.recover_by_two(
            CaseId("case_0"), person(Role.CASEWORKER), person(Role.CASEWORKER)
        )
