"""Roles × actions: one table in the code, one here, one in the documentation."""

import re
from itertools import product
from pathlib import Path

import pytest

from takeback.accounts import ALLOWED, Action, Role, Staff
from takeback.errors import NotAllowed
from tests.accounts.conftest import Desk

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "roles.md"

EXPECTED = """
                  operator  caseworker  lead
manage_staff      yes       -           yes
manage_platforms  yes       -           yes
approve_feed      yes       -           yes
manage_keys       yes       -           yes
mark_platform     -         -           yes
plant_canaries    yes       -           yes
read_case         -         yes         yes
vouch_case        -         yes         yes
recover_case      -         yes         yes
close_case        -         yes         yes
hold_case         -         yes         yes
release_hold      -         -           yes
list_quarantine   -         yes         yes
lift_quarantine   -         yes         yes
resume_entries    -         yes         yes
read_audit        yes       -           yes
read_bank         yes       yes         yes
back_up           yes       -           -
"""
"""Written out a second time, so that a slip in the code's table is seen."""


def expected() -> dict[tuple[Role, Action], bool]:
    """Read the table above."""
    heading, *lines = EXPECTED.strip("\n").split("\n")
    roles = [Role(name) for name in heading.split()]
    cells = [line.split() for line in lines]
    return {
        (role, Action(action)): cell == "yes"
        for action, *row in cells
        for role, cell in zip(roles, row, strict=True)
    }


def allowed(desk: Desk, person: Staff, action: Action) -> bool:
    """Tell whether the hub lets this person."""
    try:
        desk.accounts.require(person, action)
    except NotAllowed:
        return False
    return True


def test_every_role_may_do_exactly_what_the_table_says(desk: Desk) -> None:
    """Every role with every action, none left out."""
    people = {person.role: person for person in (desk.operator, desk.caseworker, desk.lead)}

    found = {
        (role, action): allowed(desk, people[role], action)
        for role, action in product(Role, Action)
    }

    assert found == expected()


def test_every_action_has_somebody_who_may_take_it() -> None:
    """No row of the table is missing or empty."""
    assert set(ALLOWED) == set(Action)
    assert all(ALLOWED.values())


def test_the_documented_table_is_the_one_in_the_code() -> None:
    """docs/reference/roles.md shows every action and every role."""
    rows = [
        [cell.strip(" `") for cell in line.strip("|").split("|")]
        for line in PAGE.read_text().splitlines()
        if re.match(r"\| (`\w+` \| (yes|-)|Action)", line)
    ]
    [heading, *lines] = rows
    documented = {
        (Role(role), Action(action)): cell == "yes"
        for action, *cells in lines
        for role, cell in zip(heading[1:4], cells[:3], strict=True)
    }

    assert documented == expected()


def test_a_retired_account_may_do_nothing(desk: Desk) -> None:
    """Also when a program still holds what it was told at signing in."""
    desk.accounts.retire(desk.lead.id, desk.operator)

    assert not any(allowed(desk, desk.lead, action) for action in Action)


def test_a_refusal_names_the_role_and_the_action(desk: Desk) -> None:
    """And not the person."""
    with pytest.raises(NotAllowed, match="the role operator may not vouch case"):
        desk.accounts.require(desk.operator, Action.VOUCH_CASE)
