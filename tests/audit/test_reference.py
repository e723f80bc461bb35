"""docs/reference/audit-events.md says exactly what the code does."""

import re
from pathlib import Path

from takeback.audit import ACTIONS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "audit-events.md"


def test_every_action_is_documented_with_its_facts() -> None:
    """One row for each action, naming every fact that it may carry and no other."""
    rows = re.findall(r"^\| `(\w+\.\w+)` \| (.*?) \| .+ \|$", PAGE.read_text(), re.M)

    documented = {action: frozenset(re.findall(r"`(\w+)`", facts)) for action, facts in rows}

    assert documented == ACTIONS
    assert len(rows) == len(ACTIONS)


def test_every_action_is_named_noun_and_past_tense() -> None:
    """Like ``case.withdrawn``: what it happened to, and what happened."""
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*", action) for action in ACTIONS)
