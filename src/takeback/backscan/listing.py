"""From what a person gives as input to Parquet files with a column to read.

A folder is listed and a CSV file rewritten, once, into the scan's own folder; Parquet files are
read where they lie.
"""

import hashlib
import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from takeback.backscan.arrow import Batch, Schema, Store
from takeback.backscan.plan import PART, Kind, ListFile, Listing, settle
from takeback.backscan.signals import is_binary
from takeback.backscan.storage import again, is_local, store_of
from takeback.errors import UnreadableInput

FILE: Final = "listing.parquet"
"""The list of a folder's files, or a CSV file's columns, in the scan's folder."""

PATHS: Final = ("path", "url")
"""Columns that are taken for paths by their name."""

SIGNALS: Final = ("signal", "pdq")
"""Columns that are taken for ready signals by their name."""

NAMES: Final = ("path", "url", "id")
"""Columns that name a ready signal."""

PIECE: Final = 10_000
"""Paths that are written at once."""

BLOCK: Final = 16 * 1024 * 1024
"""Bytes of an input that are digested at once."""


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
        url = os.path.abspath(text) if is_local(text) else text.rstrip("/")
        return cls(url, column, signals)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which columns of a list are read, and as what."""

    kind: Kind
    column: str
    names: str | None

    @property
    def read(self) -> list[str]:
        return [self.column, *([self.names] if self.names else [])]


def survey(given: Input, folder: Path) -> Listing:
    """Find out what an input lists; where a list must be written, it is into *folder*.

    Raises:
        UnreadableInput: it is no folder and no list, or has no such column.
        PackageMissing: its protocol needs a package that is not installed.
    """
    store, name = store_of(given.url)
    try:
        if again(lambda: store.isdir(name)):
            return _folder(store, name, given, folder)
        if not again(lambda: store.isfile(name)):
            raise UnreadableInput("there is no such file or folder")
        if name.lower().endswith(".csv"):
            return _csv(store, name, given, folder)
        return _parquet([given.url], given, base=posixpath.dirname(given.url))
    except pa.ArrowException:
        raise UnreadableInput("the input can't be read as Parquet or CSV") from None


def _folder(store: Store, name: str, given: Input, folder: Path) -> Listing:
    """List a folder's files, or take it for one list if Parquet files are all it holds."""
    below = [posixpath.basename(each) for each in sorted(store.ls(name, detail=False))]
    parts = [each for each in below if not each.startswith((".", "_"))]
    if parts and all(part.endswith(".parquet") for part in parts):
        return _parquet([posixpath.join(given.url, part) for part in parts], given, base=given.url)
    if given.column is not None or given.signals:
        raise UnreadableInput("a folder of files has no columns")
    listing = _written(folder, "files", _PATH, _batches(_files(store, name, given.url)))
    return msgspec.structs.replace(listing, folder=True)


_PATH: Final = pa.schema([("path", pa.binary())])
"""Names of files are bytes: not all are text."""


def _files(store: Store, name: str, url: str) -> Iterator[str]:
    """Yield every file below a folder, always in the same order."""
    root = name.rstrip("/")
    for place, folders, files in store.walk(name, detail=True):
        for each in sorted(folders):
            folders[each] = folders.pop(each)  # walked in the order of the dictionary
        below = place[len(root) :].strip("/")
        for file in sorted(files):
            yield posixpath.join(url, below, file)


def _batches(paths: Iterator[str]) -> Iterator[Batch]:
    while piece := list(islice(paths, PIECE)):
        column = pa.array([os.fsencode(path) for path in piece], pa.binary())
        yield pa.record_batch([column], schema=_PATH)


def _csv(store: Store, name: str, given: Input, folder: Path) -> Listing:
    """Take the columns that are read over into a list of our own."""
    with store.open(name, "rb") as file:
        columns = _columns(pacsv.open_csv(file).schema, given)
    convert = pacsv.ConvertOptions(
        include_columns=columns.read, column_types=dict.fromkeys(columns.read, pa.string())
    )
    with store.open(name, "rb") as file:
        batches = pacsv.open_csv(file, convert_options=convert)
        base = posixpath.dirname(given.url)
        return _written(folder, columns.kind, batches.schema, batches, base=base)


def _written(
    folder: Path, kind: Kind, schema: Schema, batches: Iterable[Batch], base: str = ""
) -> Listing:
    """Write a list of our own, whole or not at all."""
    path, digest, rows = folder / FILE, hashlib.sha256(), 0
    part = path.with_name(path.name + PART)
    with part.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        with pq.ParquetWriter(file, schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
                rows += len(batch)
                digest.update(repr(batch.to_pylist()).encode())
        file.flush()
        os.fsync(file.fileno())
    settle(part, path)
    return Listing(
        kind=kind,
        column=schema.names[0],
        names=next(iter(schema.names[1:]), None),
        base=base,
        digest=digest.hexdigest(),
        files=[ListFile(FILE, rows)],
    )


def _parquet(urls: Sequence[str], given: Input, base: str) -> Listing:
    places = [store_of(url) for url in urls]
    store, first = places[0]
    with store.open(first, "rb") as file:
        columns = _columns(pq.read_schema(file), given)
    return Listing(
        kind=columns.kind,
        column=columns.column,
        names=columns.names,
        base=base,
        digest=_digest(places),
        files=[ListFile(url, _rows(*place)) for url, place in zip(urls, places, strict=True)],
    )


def _rows(store: Store, name: str) -> int:
    with store.open(name, "rb") as file:
        return int(pq.read_metadata(file).num_rows)


def _digest(places: Iterable[tuple[Store, str]]) -> str:
    digest = hashlib.sha256()
    for store, name in places:
        with store.open(name, "rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    return digest.hexdigest()


def _columns(schema: Schema, given: Input) -> _Columns:
    """Choose what to read of a list."""
    chosen = given.column or _only_one(schema.names)
    if chosen not in schema.names:
        raise _hinting("the list has no such column", schema.names)
    bytes_of_no_path = chosen not in PATHS and is_binary(schema.field(chosen).type)
    if not (given.signals or chosen in SIGNALS or bytes_of_no_path):
        return _Columns("files", chosen, None)
    names = next((name for name in NAMES if name in schema.names and name != chosen), None)
    return _Columns("signals", chosen, names)


def _only_one(names: Sequence[str]) -> str:
    known = [name for name in (*PATHS, *SIGNALS) if name in names]
    if len(known) != 1:
        which = "more than one column" if known else "no column"
        raise _hinting(f"{which} of the list is named {' or '.join((*PATHS, *SIGNALS))}", names)
    return known[0]


def _hinting(problem: str, names: Sequence[str]) -> UnreadableInput:
    refused = UnreadableInput(problem)
    refused.hint = f"Choose one with --column: {', '.join(names)[:200]}."
    return refused
