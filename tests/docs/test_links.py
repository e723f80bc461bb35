"""Every link from one page of ours to another leads somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    """Whoever follows it finds what it promises."""
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    ours = [link for link in links if not re.match(r"[a-z]+:", link)]

    assert [link for link in ours if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_page_begins_with_its_title(page: Path) -> None:
    """One title, on the first line."""
    lines = page.read_text().splitlines()
    text = re.sub(r"```.*?```", "", "\n".join(lines), flags=re.DOTALL)

    assert lines[0].startswith("# ")
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
