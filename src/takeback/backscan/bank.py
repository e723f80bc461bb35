"""What is compared with: a bank opened for reading only.

A matcher's data directory is opened by ``cli/backscan``, which knows both; here is what a scan
needs of any bank, and one that is only a list in a Parquet file.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from takeback.backscan.arrow import Column, Table
from takeback.backscan.plan import BankFacts
from takeback.backscan.signals import signals_of
from takeback.errors import UnreadableInput
from takeback.hashing.signal_types import SignalType
from takeback.matching.lookup.found import Register
from takeback.matching.lookup.indexes import Indexes

PIECE: Final = 250_000
"""Entries that are taken in at once."""


class Entry(Protocol):
    """What is written of an entry that matches."""

    @property
    def number(self) -> str:
        """The hub's number of the entry."""

    @property
    def hub(self) -> str:
        """Whose entry it is."""

    @property
    def bank(self) -> str:
        """In which of the hub's banks."""

    @property
    def ask(self) -> str:
        """What the hub asks when it matches."""

    @property
    def view(self) -> str:
        """Which form of the picture was registered."""

    @property
    def vouched(self) -> bool:
        """Whether somebody gave their word for it."""


@dataclass(frozen=True, slots=True)
class Bank:
    """An open bank."""

    indexes: Indexes
    register: Register[Entry]

    @property
    def described(self) -> bool:
        """Whether it holds anything that keypoints can be compared with."""
        return bool(len(self.indexes.keypoints) or len(self.indexes.videos))


@dataclass(frozen=True, slots=True)
class BankKind:
    """How banks of one kind are opened; other processes find the functions by their names."""

    facts: Callable[[Path], BankFacts]
    """Says which bank lies there, without opening it."""

    open: Callable[[Path], Bank]


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """An entry of a list."""

    number: str
    hub: str = ""
    bank: str = ""
    ask: str = "review"
    view: str = "whole"

    @property
    def vouched(self) -> bool:
        """Whoever made the list knows what is in it."""
        return True


@dataclass(frozen=True, slots=True)
class ListedEntries:
    """The entries of a list, by their place in it."""

    table: Table

    def held(self, ids: Sequence[int], /) -> Mapping[int, ListedEntry]:
        """Return what is known of the entries."""
        rows = self.table.take(pa.array(ids, pa.int64())).to_pylist()
        return {number: ListedEntry(**row) for number, row in zip(ids, rows, strict=True)}


def open_list(path: Path) -> Bank:
    """Open a Parquet file of entries as a bank, in memory.

    Its columns: ``number`` and ``signal``, and if it has them ``hub``, ``bank``, ``ask`` and
    ``view``.

    Raises:
        UnreadableInput: it is no such file, or a signal in it is none.
    """
    try:
        table = pq.read_table(path)
        signals = table.column("signal")
        kept = [name for name in ListedEntry.__dataclass_fields__ if name in table.column_names]
        entries = pa.table({name: table.column(name).cast(pa.string()) for name in kept})
        entries.column("number")
    except (pa.ArrowException, KeyError):
        raise _no_list() from None
    return Bank(_indexes(signals), ListedEntries(entries))


def list_facts(path: Path) -> BankFacts:
    """Return which list it is."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return BankFacts(path=str(path.absolute()), identity=digest)


LISTED: Final = BankKind(list_facts, open_list)
"""A bank that is a list in a Parquet file."""


def _no_list() -> UnreadableInput:
    refused = UnreadableInput("the bank is no Parquet file with columns number and signal")
    refused.hint = "Give a matcher's data directory, or such a file."
    return refused


def _indexes(signals: Column) -> Indexes:
    indexes, first = Indexes(), 0
    for begin in range(0, len(signals), PIECE):
        rows, sound = signals_of(signals.slice(begin, PIECE))
        if not sound.all():
            raise UnreadableInput("the bank has a row whose signal is none")
        indexes.by_type[SignalType.PDQ].add(range(first, first + len(rows)), rows)
        first += len(rows)
    return indexes
