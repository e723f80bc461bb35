"""The glossary is binding: what it rules out is in no name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "reference" / "glossary.md"
SOURCE = ROOT / "src" / "takeback"


def rows() -> Iterator[list[str]]:
    """Yield the cells of each row of the glossary's table."""
    for line in GLOSSARY.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| **"):
            yield cells


def ruled_out() -> frozenset[str]:
    """The words that are part of no name in the source."""
    return frozenset(word for row in rows() for word in re.findall(r"`(\w+)`", row[3]))


def names(path: Path) -> Iterator[str]:
    """Yield the names that a module defines, and its own."""
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def words(name: str) -> frozenset[str]:
    """Split a name in its words: ``CaseStore`` and ``case_store`` have the same two."""
    return frozenset(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_"))


def test_no_name_holds_a_word_that_is_ruled_out() -> None:
    """A reader finds each idea under one word only."""
    banned = ruled_out()
    found = [
        f"{path.relative_to(SOURCE)}: {name}"
        for path in SOURCE.rglob("*.py")
        for name in names(path)
        if words(name) & banned
    ]

    assert len(banned) > 20
    assert found == []


def test_a_ruled_out_word_is_found_in_every_spelling() -> None:
    """Control: the search sees modules, classes, functions and arguments."""
    assert words("VictimStore") & words("the_victim") == {"victim"}
    assert "victim" in ruled_out()


def test_every_word_stands_once() -> None:
    """No word has two meanings, but for the two kinds of hold, which share a row."""
    said = [word for row in rows() for word in re.findall(r"\*\*([\w -]+)\*\*", row[0])]

    assert len(said) == len(set(said))
