"""Opening a case: with a picture, with a locator, or with nothing but a threat."""

from itertools import product
from typing import get_args

import msgspec
import pytest

from takeback.accounts.model import Role
from takeback.cases import wire
from takeback.cases.wire import Choices, ItemDocument, RegistrationDocument
from takeback.errors import MalformedBody, NotFound, QualityTooLow
from takeback.ids import CaseId
from tests.cases.fakes import person
from tests.cases.world import World, access, document, item, signal

WORKER = person(Role.CASEWORKER)


def test_every_kind_of_case_opens(quick: World) -> None:
    """For each age band, language and authority; it comes back on the receipt."""
    options = map(get_args, (wire.Kind, wire.AgeBand, wire.Language, wire.Authority))

    for kind, age_band, language, authority in product(*options):
        opened = quick.cases.open(RegistrationDocument(1, kind, age_band, language, authority))
        case = quick.case(opened)

        assert (case.kind, case.age_band, case.language) == (kind, age_band, language)
        assert case.authority == authority
        assert quick.receipt(opened).kind == kind


def test_a_case_needs_no_picture(world: World) -> None:
    """A threat is a case; it can be closed, withdrawn and purged like any other."""
    sent = RegistrationDocument(1, "threatened", "not_said", "ko", text="he says he has one")
    opened = world.cases.open(sent)
    assert world.receipt(opened).items == []

    receipt = world.cases.withdraw(access(opened))
    world.later(days=7)

    assert (receipt.status, receipt.withdrawals) == ("withdrawn", [])
    with pytest.raises(NotFound):
        world.receipt(opened)


def test_items_are_added_later(world: World) -> None:
    """With code and PIN, behind those that were there."""
    opened = world.cases.open(document())

    world.cases.add_items(access(opened), [item("a"), item(locators=["t.me/x"])])
    receipt = world.cases.add_items(access(opened), [item("b", "c")])

    assert [one.signals for one in receipt.items] == [1, 0, 2]
    assert len(world.bank.active()) == 2
    assert world.audit.actions() == ["case.opened", *["case.item_added"] * 3]


def test_nothing_asks_who_she_is() -> None:
    """No field for a name, an address, a telephone or a guardian, in any document."""
    names = {
        field
        for kind in vars(wire).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        for field in kind.__struct_fields__
    }

    for asked in ("name", "mail", "phone", "address", "guardian", "parent", "birth"):
        assert not [field for field in names if asked in field]


def test_what_she_wrote_is_for_staff_only(quick: World) -> None:
    """Text, notes and locators are on no receipt and in no audit event."""
    sent = msgspec.structs.replace(
        document(item("a", locators=["t.me/x"], note="n0te")), text="t3xt"
    )
    opened = quick.cases.open(sent)

    view = quick.cases.desk.show(CaseId(opened.case_id), WORKER)
    assert (view.text, view.locators, view.notes) == ("t3xt", ("t.me/x",), ("n0te",))
    for written in ("t3xt", "t.me/x", "n0te"):
        assert written not in str(quick.receipt(opened))
        assert written not in str(quick.audit.events)


def test_a_refused_registration_leaves_nothing(world: World) -> None:
    """Not a row, not a hold, not an event; and the slow step did not run."""
    low = ItemDocument([signal("b", quality=10)])

    with pytest.raises(QualityTooLow):
        world.cases.open(document(item("a"), low))
    with pytest.raises(MalformedBody):
        world.cases.open(document(item("a"), choices=Choices(end_date="2030-03-06")))

    assert (world.bank.holds, world.audit.events, world.kdf.calls) == ({}, [], 0)


def test_an_opening_that_cannot_be_audited_does_not_happen(world: World) -> None:
    """Nobody gets a code to a case that is not on record."""
    world.audit.full = True

    with pytest.raises(OSError, match="disk full"):
        world.open()

    world.audit.full = False
    assert world.cases.desk.unvouched(WORKER) == []


def test_a_full_day_still_opens_cases(world: World) -> None:
    """They wait for a caseworker's word, and the receipt says so."""
    world.bank.full = True

    opened = world.open()

    assert world.receipt(opened).items[0].state == "waiting"
    assert world.bank.active() == set()


def test_two_openings_share_no_secret(quick: World) -> None:
    """Code, slip and id are new each time, even for the same document."""
    first, second = quick.open(), quick.open()

    assert {first.code, first.slip, first.case_id}.isdisjoint(
        {second.code, second.slip, second.case_id}
    )
