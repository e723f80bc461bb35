"""An answer that is lost on its way leaves no case behind that nobody can open."""

import pytest
from msgspec import structs

from takeback.cases.wire import Opened, RegistrationDocument
from takeback.errors import NotFound
from tests.cases.world import World, access, document, item

FIRST, OTHER = "0f" * 16, "1e" * 16


def trying(attempt: str) -> RegistrationDocument:
    """Return a registration as one try of a device."""
    return structs.replace(document(item("a")), attempt=attempt)


def test_the_same_try_again_is_the_same_case_with_a_new_code(world: World) -> None:
    """The code that never arrived stops; the one that did opens the only case there is."""
    lost = world.cases.open(trying(FIRST))

    opened = world.cases.open(trying(FIRST))

    assert opened.case_id == lost.case_id
    assert world.receipt(opened).items[0].state == "protected"
    with pytest.raises(NotFound):
        world.receipt(lost)


def test_withdrawing_after_a_lost_answer_leaves_nothing_active(world: World) -> None:
    """There is no second case that goes on holding the picture."""
    world.cases.open(trying(FIRST))
    opened = world.cases.open(trying(FIRST))

    world.cases.withdraw(access(opened))

    assert world.bank.active() == set()


def test_another_try_is_another_case(quick: World) -> None:
    """Two people with the same picture, or one person twice, have a case each."""
    cases = {quick.cases.open(each).case_id for each in (trying(FIRST), trying(OTHER))}
    unmarked = {quick.cases.open(document(item("a"))).case_id for _ in range(2)}

    assert len(cases | unmarked) == 4


def test_a_try_is_forgotten_after_a_day(world: World) -> None:
    """Whoever keeps an old request can't take the case over with it."""
    first = world.cases.open(trying(FIRST))
    world.later(days=2)

    second = world.cases.open(trying(FIRST))

    assert second.case_id != first.case_id
    assert world.receipt(first).case_id == first.case_id


def _recovered(world: World, slip: str, attempt: str) -> Opened | None:
    try:
        return world.cases.recover(slip, attempt=attempt)
    except NotFound:
        return None


def test_a_lost_recovery_is_repeated_by_the_same_device_only(world: World) -> None:
    """The slip was used up by an answer nobody saw; whoever else holds it gets nothing."""
    opened = world.open()
    world.cases.recover(opened.slip, attempt=FIRST)

    assert _recovered(world, opened.slip, OTHER) is None
    again = _recovered(world, opened.slip, FIRST)

    assert again is not None
    assert world.receipt(again).case_id == opened.case_id
    world.later(days=2)
    assert _recovered(world, opened.slip, FIRST) is None
