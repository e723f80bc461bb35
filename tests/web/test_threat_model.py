"""The threat model names tests that there are, and leaves none of its lines without one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "threat-model.md").read_text()
SECTIONS = re.findall(r"^## What they may try .*?(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
ATTEMPTS = [
    line
    for section in SECTIONS
    for line in section.splitlines()
    if line.startswith("| ") and not line.startswith("| Attempt |")
]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)))


def test_every_attempt_is_tied_to_a_test() -> None:
    """Each line of every table."""
    untied = [line for line in ATTEMPTS if "`tests/" not in line]

    assert len(SECTIONS) == 4
    assert len(ATTEMPTS) > 30
    assert untied == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_test_that_is_named_is_there(file: str, name: str) -> None:
    """Under that name, in that file."""
    assert f"def {name}(" in (ROOT / file).read_text()
