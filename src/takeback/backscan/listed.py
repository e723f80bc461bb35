"""A bank that is only a list: a Parquet file of numbers and signals.

It is made into an index in the scan's folder once, which all workers map.
"""

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from takeback.backscan.arrow import Table
from takeback.backscan.bank import Bank, BankKind, Newer
from takeback.backscan.plan import PART, BankFacts
from takeback.backscan.signals import signals_of
from takeback.errors import UnreadableInput
from takeback.matching.exact.bulk import Piece, build
from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.lookup.indexes import Indexes

PIECE: Final = 250_000
"""Entries that are read at once."""

INDEX: Final = "signals"
ENTRIES: Final = "entries.arrow"


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


COLUMNS: Final = tuple(field.name for field in fields(ListedEntry))


@dataclass(frozen=True, slots=True)
class ListedEntries:
    """The entries of a list, by their place in it."""

    table: Table

    def held(self, ids: Sequence[int], /) -> Mapping[int, ListedEntry]:
        """Return what is known of the entries.

        Piece by piece: a whole table would be copied before rows are taken from it.
        """
        known: dict[int, ListedEntry] = {}
        wanted, first = np.sort(np.asarray(ids, np.int64)), 0
        for piece in self.table.to_batches():
            last = first + len(piece)
            here = wanted[slice(*np.searchsorted(wanted, [first, last]))]
            if len(here):
                rows = piece.take(pa.array(here - first)).to_pylist()
                known |= {int(at): ListedEntry(**row) for at, row in zip(here, rows, strict=True)}
            first = last
        return known

    def vouched(self, ids: Sequence[int], /) -> Sequence[int]:
        """Return all: whoever made the list knows what is in it."""
        return ids


def facts(path: Path) -> BankFacts:
    """Return which list it is."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return BankFacts(path=str(path), identity=digest, mark=_rows(path))


def newer(path: Path, since: int) -> Iterator[Newer]:
    """Read the rows of the list after the first *since*.

    Raises:
        UnreadableInput: it is no such file, or a signal in it is none.
    """
    first = 0
    with _readable(), pq.ParquetFile(path) as file:
        names = [name for name in COLUMNS if name in file.schema_arrow.names]
        for batch in file.iter_batches(PIECE, columns=[*names, "signal"]):
            rows, sound = signals_of(pa.chunked_array([batch.column("signal")]))
            if not sound.all():
                raise UnreadableInput("the bank has a row whose signal is none")
            begin = min(max(0, since - first), len(rows))
            ids = range(first + begin, first + len(rows))
            known = batch.select(names).slice(begin).to_pylist()
            entries = {at: ListedEntry(**row) for at, row in zip(ids, known, strict=True)}
            first += len(rows)
            if entries:
                yield Newer(ids, entries, rows[begin:], last=first)


def _rows(path: Path) -> int:
    with _readable():
        return int(pq.read_metadata(path).num_rows)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, KeyError):
        refused = UnreadableInput("the bank is no Parquet file with columns number and signal")
        refused.hint = "Give a matcher's data directory, or such a file."
        raise refused from None


def index_of(folder: Path, identity: str) -> Path:
    """Return where a list's index is in the scan's folder, once it is made."""
    return folder / f"bank-{identity[:16]}"


def prepare(path: Path, folder: Path) -> Path:
    """Make an index of the list, whole or not at all, in a folder that is named by its content.

    Its columns: ``number`` and ``signal``, and where it has them ``hub``, ``bank``, ``ask`` and
    ``view``.

    Raises:
        UnreadableInput: it is no such file, or a signal in it is none.
    """
    made = index_of(folder, facts(path).identity)
    if made.exists():
        return made
    part = made.with_name(made.name + PART)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700, parents=True)
    with _readable(), pq.ParquetFile(path) as file:
        _copy_entries(file, part / ENTRIES)
        build(part / INDEX, _pieces(file))
    return part.rename(made)


def _copy_entries(file: pq.ParquetFile, to: Path) -> None:
    names = [name for name in COLUMNS if name in file.schema_arrow.names]
    schema = pa.schema([(name, pa.string()) for name in names])
    schema.field("number")
    with pa.OSFile(str(to), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in file.iter_batches(PIECE, columns=schema.names):
            writer.write_table(pa.table(batch).select(schema.names).cast(schema))


def _pieces(file: pq.ParquetFile) -> Iterator[Piece]:
    first = 0
    for batch in file.iter_batches(PIECE, columns=["signal"]):
        rows, sound = signals_of(pa.chunked_array([batch.column("signal")]))
        if not sound.all():
            raise UnreadableInput("the bank has a row whose signal is none")
        yield np.arange(first, first + len(rows)), rows
        first += len(rows)


def open_prepared(folder: Path) -> Bank:
    """Open what :func:`prepare` made."""
    with pa.memory_map(str(folder / ENTRIES)) as source:
        entries = pa.ipc.open_file(source).read_all()
    indexes = Indexes(signals=FollowedIndex.open(folder / INDEX))
    return Bank(indexes, ListedEntries(entries))


LISTED: Final = BankKind(facts, prepare, open_prepared, newer)
"""A bank that is a list in a Parquet file."""
