"""Staff: added by staff, signing in with a key file each, retired for good."""

from dataclasses import replace
from functools import partial

import pytest

from takeback.accounts import Role, StaffAccounts
from takeback.accounts.store import StaffStore, staff
from takeback.errors import (
    IllegalTransition,
    MalformedBody,
    NotAllowed,
    NotFound,
    SamePersonTwice,
)
from takeback.ids import StaffId
from tests.accounts.conftest import Desk
from tests.accounts.hostile import HOSTILE_KEYS, THE_ANSWER, answer


def test_a_key_file_signs_its_owner_in(desk: Desk) -> None:
    """White space that an editor left at the end does not matter."""
    added, text = desk.accounts.add("Ari", Role.CASEWORKER, desk.lead)

    assert desk.accounts.authenticate(f"{text}\n") == added


def test_a_key_file_is_kept_as_a_digest_only(desk: Desk) -> None:
    """Neither the database nor a printed account holds what signs in."""
    added, text = desk.accounts.add("Ari", Role.CASEWORKER, desk.lead)

    secret = text[-43:]
    assert secret not in repr(desk.rows())
    assert secret not in repr(added)
    assert repr(added.key_digest) not in repr(added)


def test_a_hostile_key_file_signs_nobody_in(desk: Desk) -> None:
    """Whatever it holds, the answer is the same."""
    answers = {answer(partial(desk.accounts.authenticate, text)) for text in HOSTILE_KEYS}

    assert answers == {THE_ANSWER}


def test_every_wrong_part_of_a_key_file_gets_the_same_answer(desk: Desk) -> None:
    """An unknown account, a wrong secret and a retired account can't be told apart."""
    member, text = desk.accounts.add("Ari", Role.CASEWORKER, desk.lead)
    desk.accounts.retire(member.id, desk.lead)
    other = f"tb_{desk.lead.id}_{text[-43:]}"
    unknown = f"tb_staff_0000000000000000_{text[-43:]}"

    answers = {
        answer(partial(desk.accounts.authenticate, wrong)) for wrong in (text, other, unknown)
    }

    assert answers == {THE_ANSWER}


def test_the_first_account_adds_itself_and_no_other_does(desk: Desk) -> None:
    """After it, only staff can add staff."""
    with pytest.raises(NotAllowed, match="only a member of staff"):
        desk.accounts.add("Eve", Role.OPERATOR, None)


def test_the_first_account_must_be_able_to_add_others(desk: Desk) -> None:
    """Otherwise nobody ever could."""
    with desk.db.transaction():
        desk.db.execute(staff.delete())

    with pytest.raises(NotAllowed, match="first account"):
        desk.accounts.add("Cho", Role.CASEWORKER, None)
    assert desk.accounts.add("Lee", Role.LEAD, None)[0].role is Role.LEAD


def test_a_caseworker_adds_and_retires_nobody(desk: Desk) -> None:
    """Managing staff is for operators and leads."""
    with pytest.raises(NotAllowed):
        desk.accounts.add("Eve", Role.LEAD, desk.caseworker)
    with pytest.raises(NotAllowed):
        desk.accounts.retire(desk.lead.id, desk.caseworker)


def test_a_name_that_can_not_be_shown_is_refused(desk: Desk) -> None:
    """Empty, too long, or with characters that change how a line reads."""
    for name in ("", "  ", "x" * 81, "a\nb", "a\x00b", "a\u202eb"):
        with pytest.raises(MalformedBody, match="a name has"):
            desk.accounts.add(name, Role.CASEWORKER, desk.lead)


def test_a_name_is_stored_as_it_is_shown(desk: Desk) -> None:
    """Composed, and without white space around it."""
    added, _ = desk.accounts.add(" 이\u1112\u1161 ", Role.CASEWORKER, desk.lead)

    assert added.name == "이하"
    assert added in desk.accounts.list()


def test_the_last_account_that_can_add_others_stays(desk: Desk) -> None:
    """A hub without one could never be handed on."""
    desk.accounts.retire(desk.operator.id, desk.lead)

    with pytest.raises(IllegalTransition, match="last account"):
        desk.accounts.retire(desk.lead.id, desk.lead)

    assert [member.id for member in desk.accounts.list() if member.active] == [
        desk.caseworker.id,
        desk.lead.id,
    ]


def test_retiring_twice_or_a_stranger_is_refused(desk: Desk) -> None:
    """Each retirement happens once, and is in the journal once."""
    desk.accounts.retire(desk.caseworker.id, desk.lead)

    with pytest.raises(IllegalTransition, match="retired already"):
        desk.accounts.retire(desk.caseworker.id, desk.lead)
    with pytest.raises(NotFound):
        desk.accounts.retire(StaffId("staff_0000000000000000"), desk.lead)

    assert [(line.kind, line.id) for line in desk.journal.lines()] == [
        ("staff.retired", desk.caseworker.id)
    ]


def test_a_restored_backup_does_not_bring_a_retired_account_back(desk: Desk) -> None:
    """The journal's line retires it again; a second time, or for a stranger, does nothing."""
    for _ in range(2):
        desk.accounts.replay("staff.retired", desk.caseworker.id)
    desk.accounts.replay("staff.retired", "staff_0000000000000000")

    assert desk.actions() == ["staff.retired"]
    with pytest.raises(ValueError, match="no journal line"):
        desk.accounts.replay("key.revoked", desk.caseworker.id)


def test_the_same_account_is_not_two_people(desk: Desk) -> None:
    """Where two are asked for, one key file twice is refused."""
    desk.accounts.two_people(desk.lead, desk.operator)

    with pytest.raises(SamePersonTwice):
        desk.accounts.two_people(desk.lead, desk.lead)


def test_two_accounts_with_one_key_file_are_not_two_people(desk: Desk) -> None:
    """However the second account came by the first one's key."""
    double = replace(
        desk.lead, id=StaffId("staff_0000000000000000"), key_digest=desk.operator.key_digest
    )
    with desk.db.transaction():
        StaffStore(desk.db).add(double)
    platform = desk.platforms.add("Example", desk.lead)
    desk.platforms.approve_feed(platform.id, desk.operator)

    with pytest.raises(SamePersonTwice):
        desk.accounts.two_people(desk.operator, double)
    with pytest.raises(SamePersonTwice):
        desk.platforms.approve_feed(platform.id, double)


def test_no_name_is_in_the_audit_log(desk: Desk) -> None:
    """Staff are named by their ids."""
    desk.accounts.add("Ari", Role.CASEWORKER, desk.lead)
    desk.accounts.retire(desk.caseworker.id, desk.lead)

    events = [event for _, event in desk.audit.every_event()]

    assert [event.actor for event in events][-2:] == [f"staff:{desk.lead.id}"] * 2
    assert not any(name in repr(events) for name in ("Ola", "Cho", "Lee", "Ari"))


def test_a_fresh_hub_has_no_staff(desk: Desk) -> None:
    """No account comes with the program, so no key of one can be guessed."""
    with desk.db.transaction():
        desk.db.execute(staff.delete())

    accounts = StaffAccounts(desk.db, desk.audit, desk.journal, desk.platforms.now)

    assert list(accounts.list()) == []
