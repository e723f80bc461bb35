"""The how-to that opens a portal shows files that a hub would read."""

import re
from pathlib import Path

import pytest

from takeback.web.portal.help.countries import Page
from takeback.web.portal.help.entry import Entry
from takeback.web.portal.operator import Texts
from takeback.web.portal.operatorfile import read

TEXT = (Path(__file__).parents[2] / "docs" / "how-to" / "open-a-portal.md").read_text()
FILES = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)


def test_the_operators_words_are_read_as_shown(tmp_path: Path) -> None:
    """Every text is there once."""
    path = tmp_path / "texts.en.toml"
    path.write_text(FILES[0])

    texts = read(path, Texts)

    assert all(getattr(texts, name) for name in Texts.__struct_fields__)


def test_the_reviewed_entry_is_read_as_shown(tmp_path: Path) -> None:
    """And would be shown to people."""
    path = tmp_path / "kr.toml"
    path.write_text(FILES[1])

    [entry] = read(path, Page).entry

    assert entry.reviewed


@pytest.mark.parametrize("name", [*Entry.__struct_fields__, *Texts.__struct_fields__])
def test_every_key_is_explained(name: str) -> None:
    """In one of the two tables."""
    assert re.search(rf"^\| [^|]*`{name}`", TEXT, re.MULTILINE)
