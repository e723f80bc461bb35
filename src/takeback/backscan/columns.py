"""What a person gives as input, and which columns of a list that means."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from takeback.backscan.arrow import Kind as Type
from takeback.backscan.arrow import Schema
from takeback.backscan.plan import Kind
from takeback.backscan.signals import is_binary, is_text
from takeback.backscan.storage import bare, is_local
from takeback.errors import UnreadableInput

PATHS: Final = ("path", "url")
"""Columns that are taken for paths by their name."""

FILES: Final = "file"
"""The column of a table of what was refused that says where each file lies."""

SIGNALS: Final = ("signal", "pdq")
"""Columns that are taken for ready signals by their name."""

NAMES: Final = ("path", "url", "id")
"""Columns that name a ready signal."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
"""What is shown of a list's first line: where names are missing, it is a row."""


@dataclass(frozen=True, slots=True)
class Input:
    """What is to be scanned, as a person says it."""

    url: str
    """A folder, or a Parquet or CSV file, here or where fsspec reaches."""

    column: str | None = None
    """Which column of a list to read; None takes the one whose name says it."""

    signals: bool = False
    """Whether the column holds ready signals, whatever it is called."""

    @classmethod
    def of(cls, text: str, column: str | None = None, *, signals: bool = False) -> "Input":
        """Return it with the address in the one form in which plans hold it."""
        url = os.path.abspath(bare(text)) if is_local(text) else _without_end(text)
        return cls(url, column, signals)


def _without_end(url: str) -> str:
    """Return an address without slashes at its end, unless it is a store's root."""
    return url.rstrip("/") if url.split("://", 1)[1].strip("/") else url


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a list are read, and as what."""

    kind: Kind
    column: str
    names: str | None

    @property
    def read(self) -> list[str]:
        """All columns that are read."""
        return [self.column, *([self.names] if self.names else [])]


def chosen(schema: Schema, given: Input) -> Columns:
    """Choose what to read of a list.

    Raises:
        UnreadableInput: there is no such column, more than one, or it holds something else.
    """
    name = given.column or _only_one(schema.names)
    if schema.names.count(name) != 1:
        raise _hinting("the list has no such column", schema.names)
    kind = schema.field(name).type
    if not (is_text(kind) or is_binary(kind)):
        raise UnreadableInput("the column holds neither text nor bytes")
    bytes_of_no_path = name not in (*PATHS, FILES) and is_binary(kind)
    if not (given.signals or name in SIGNALS or bytes_of_no_path):
        return Columns("files", name, None)
    return Columns(
        "signals", name, next((each for each in NAMES if _names(schema, each, name)), None)
    )


def _names(schema: Schema, name: str, column: str) -> bool:
    """Tell whether a column can name the signals of another."""
    return name != column and schema.names.count(name) == 1 and _is_name(schema.field(name).type)


def _is_name(kind: Type) -> bool:
    return is_text(kind) or is_binary(kind) or bool(pa.types.is_integer(kind))


def _only_one(names: Sequence[str]) -> str:
    known = [name for name in (*PATHS, *SIGNALS) if name in names]
    if len(known) != 1:
        which = "more than one column" if known else "no column"
        raise _hinting(f"{which} of the list is named {' or '.join((*PATHS, *SIGNALS))}", names)
    return known[0]


def _hinting(problem: str, names: Sequence[str]) -> UnreadableInput:
    refused = UnreadableInput(problem)
    shown = ", ".join(filter(_NAME.fullmatch, names))[:200]
    refused.hint = (
        f"Choose one with --column: {shown}."
        if shown
        else "A CSV file begins with a line of names, such as `path`."
    )
    return refused
