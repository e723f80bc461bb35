"""Data on stdout: one JSON document with ``--json``, plain lines without."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import click
import msgspec

from takeback.cli.talk import shown

_OBEYED: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
"""The option of every command that prints records."""


def emit(data: object, lines: Callable[[], Sequence[str]], *, as_json: bool) -> None:
    """Print *data* as JSON, or as the lines a person reads."""
    if as_json:
        encoded = msgspec.json.format(msgspec.json.encode(data), indent=2)
        click.echo(escaped(encoded.decode()))
    else:
        for line in lines():
            click.echo(shown(line))


def escaped(json: str) -> str:
    """Return *json* without what JSON may leave as it is, and a terminal would obey.

    Such characters, some of which turn text around, stand within strings only.
    """
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", json)


def table(rows: Sequence[Sequence[object]]) -> list[str]:
    """Return *rows* as lines with aligned columns, two spaces apart."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def fields(record: Mapping[str, object]) -> list[str]:
    """Return one line for each field, names aligned."""
    return table(list(record.items()))


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None or value == "" else str(value)
