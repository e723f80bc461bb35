"""The reference pages about cases say what the code says."""

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from takeback.cases import intake, wire
from takeback.cases.model import ITEM_NEXT, NEXT
from takeback.cases.words import from_words

Status = TypeVar("Status", bound=StrEnum)

DOCS = Path(__file__).parents[2] / "docs"
STATUS = (DOCS / "reference" / "case-status.md").read_text()
REGISTRATION = (DOCS / "reference" / "registration.md").read_text()
STRUCTS = {
    name: kind
    for name, kind in vars(wire).items()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind is not msgspec.Struct
}


def section(name: str) -> str:
    """Return what stands under a document's heading."""
    found = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", REGISTRATION, re.MULTILINE | re.DOTALL)
    assert found, f"{name} has no heading"
    return found[1]


def arrows(diagram: str) -> set[tuple[str, str]]:
    """Return the steps that a diagram draws."""
    return set(re.findall(r"^    (\w+) --> (\w+): ", diagram, re.MULTILINE))


def steps(table: Mapping[Status, frozenset[Status]]) -> set[tuple[str, str]]:
    """Return the steps that a table of the model allows."""
    return {(str(start), str(end)) for start, ends in table.items() for end in ends}


def test_the_diagrams_are_the_tables() -> None:
    """Of a case and of an item: no arrow more, no arrow less."""
    of_case, of_item = re.findall(r"```mermaid\n(.*?)```", STATUS, re.DOTALL)

    assert arrows(of_case) == steps(NEXT)
    assert arrows(of_item) == steps(ITEM_NEXT)


def test_every_status_is_explained() -> None:
    """One line in the table for each, and for each state on the receipt."""
    states = msgspec.json.schema(wire.ReceiptItem)["$defs"]["ReceiptItem"]["properties"]["state"]

    for name in [*map(str, NEXT), *states["enum"]]:
        assert f"\n| `{name}` |" in STATUS


@pytest.mark.parametrize("name", STRUCTS)
def test_every_field_is_explained(name: str) -> None:
    """In the order of the type, and no other."""
    explained = re.findall(r"^\| `(\w+)` \|", section(name), re.MULTILINE)

    assert explained == list(STRUCTS[name].__struct_fields__)


@pytest.mark.parametrize("name", STRUCTS)
def test_every_example_is_one(name: str) -> None:
    """Read with the very type, which refuses what it does not know."""
    examples = re.findall(r"```json\n(.*?)```", section(name), re.DOTALL)

    assert examples
    for example in examples:
        msgspec.json.decode(example, type=STRUCTS[name])


def test_every_value_a_field_may_have_is_named() -> None:
    """Kinds, bands, languages, authorities, views and states."""
    for name, kind in STRUCTS.items():
        for field in msgspec.json.schema(kind)["$defs"][name]["properties"].values():
            for value in field.get("enum", []):
                assert f"`{value}`" in REGISTRATION


def test_the_example_words_say_the_example_code() -> None:
    """Whoever tries the example finds it whole."""
    [example] = re.findall(r"```json\n(.*?)```", section("Opened"), re.DOTALL)
    opened = msgspec.json.decode(example, type=wire.Opened)

    assert from_words(opened.words) == opened.code


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("items in one document", wire.MAX_ITEMS),
        ("items in one case", intake.MAX_CASE_ITEMS),
        ("signals in one item", wire.MAX_SIGNALS),
    ],
)
def test_the_limits_are_those_of_the_code(limit: str, value: int) -> None:
    """A number in a page is read by people who never see the code."""
    assert f"| {limit} | {value} |" in REGISTRATION
