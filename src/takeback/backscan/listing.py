"""From what a person gives as input to Parquet files with a column to read.

A folder is listed and a CSV file rewritten, once, into the scan's own folder; Parquet files are
read where they lie. Where a scan goes on, nothing is written: its input must be as it was.
"""

import hashlib
import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from takeback.backscan.arrow import Batch, Schema, Store
from takeback.backscan.columns import Input, chosen
from takeback.backscan.folders import below, below_elsewhere
from takeback.backscan.plan import PART, ListFile, Listing, settle
from takeback.backscan.storage import again, is_local, reaching, store_of
from takeback.errors import OtherScan, UnreadableInput

FILE: Final = "listing.parquet"
"""The list of a folder's files, or a CSV file's columns, in the scan's folder."""

PIECE: Final = 10_000
"""Paths that are written at once."""

BLOCK: Final = 16 * 1024 * 1024
"""Bytes of an input that are digested at once."""


def survey(given: Input, folder: Path, known: Listing | None = None) -> Listing:
    """Find out what an input lists; where a list must be written, it is into *folder*.

    Args:
        given: the input.
        folder: where a list goes.
        known: what the input listed when the scan was planned. If given, nothing is written, and
            a folder is not listed again.

    Raises:
        UnreadableInput: it is no folder and no list, or has no such column.
        PackageMissing: its protocol needs a package that is not installed.
        StoreUnreachable: it lies elsewhere, and its store does not answer.
        OtherScan: it is a folder, and was none when the scan was planned.
    """
    if known is not None and known.folder:
        return known
    with reaching(given.url), _as_a_list():
        store, name = store_of(given.url)
        kind = again(lambda: store.info(name))["type"]
        if kind == "directory":
            return _folder(store, name, given, None if known else folder)
        if kind != "file":
            raise UnreadableInput("the input is neither a file nor a folder")
        if name.lower().endswith(".csv"):
            return _csv(store, name, given, None if known else folder)
        return _parquet([given.url], given, base=posixpath.dirname(given.url))


@contextmanager
def _as_a_list() -> Iterator[None]:
    try:
        yield
    except pa.ArrowException:
        raise UnreadableInput("the input can't be read as Parquet or CSV") from None
    except UnicodeEncodeError:
        raise UnreadableInput("the input's own name is no UTF-8; rename it, or list it") from None


def _folder(store: Store, name: str, given: Input, folder: Path | None) -> Listing:
    """List a folder's files, or take it for one list if Parquet files are all it holds."""
    below_it = [posixpath.basename(each) for each in sorted(store.ls(name, detail=False))]
    parts = [each for each in below_it if not each.startswith((".", "_"))]
    if parts and all(part.endswith(".parquet") for part in parts):
        return _parquet([posixpath.join(given.url, part) for part in parts], given, base=given.url)
    if given.column is not None or given.signals:
        raise UnreadableInput("a folder of files has no columns")
    if folder is None:
        raise OtherScan("this folder holds a scan of another input")
    if is_local(given.url) and folder.is_relative_to(given.url):
        raise UnreadableInput("the results would lie in the folder that is scanned")
    files = below(given.url) if is_local(given.url) else below_elsewhere(store, name, given.url)
    rows = _write(folder, _PATH, _batches(files))
    if not rows:
        raise _empty()
    return Listing(
        kind="files",
        column="path",
        base=given.url,
        digest=_digest([store_of(str(folder / FILE))]),
        files=[ListFile(FILE, rows)],
        folder=True,
    )


def _empty() -> UnreadableInput:
    empty = UnreadableInput("the folder holds no file")
    empty.hint = "Check that its disk is mounted, or the address right."
    return empty


_PATH: Final = pa.schema([("path", pa.binary())])
"""Names of files are bytes: not all are text."""


def _batches(paths: Iterator[bytes]) -> Iterator[Batch]:
    while piece := list(islice(paths, PIECE)):
        yield pa.record_batch([pa.array(piece, pa.binary())], schema=_PATH)


def _csv(store: Store, name: str, given: Input, folder: Path | None) -> Listing:
    """Take the columns that are read over into a list of our own, unless there is one."""
    with store.open(name, "rb") as file:
        names = pacsv.open_csv(file).schema.names
    columns = chosen(pa.schema([(each, pa.string()) for each in names]), given)
    digest = _digest([(store, name)])
    rows = _rewritten(store, name, columns.read, folder) if folder else 0
    return Listing(
        kind=columns.kind,
        column=columns.column,
        names=columns.names,
        base=posixpath.dirname(given.url),
        digest=digest,
        files=[ListFile(FILE, rows)],
    )


def _rewritten(store: Store, name: str, columns: list[str], folder: Path) -> int:
    convert = pacsv.ConvertOptions(
        include_columns=columns, column_types=dict.fromkeys(columns, pa.string())
    )
    with store.open(name, "rb") as file:
        batches = pacsv.open_csv(file, convert_options=convert)
        return _write(folder, batches.schema, batches)


def _write(folder: Path, schema: Schema, batches: Iterable[Batch]) -> int:
    """Write a list of our own, whole or not at all; return how many rows it has."""
    path, rows = folder / FILE, 0
    part = path.with_name(path.name + PART)
    with part.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        with pq.ParquetWriter(file, schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
                rows += len(batch)
        file.flush()
        os.fsync(file.fileno())
    settle(part, path)
    return rows


def _parquet(urls: Sequence[str], given: Input, base: str) -> Listing:
    "".join(urls).encode()  # a plan is text
    places = [store_of(url) for url in urls]
    files = [_facts(*place) for place in places]
    columns = [chosen(schema, given) for schema, _ in files]
    if any(each != columns[0] for each in columns):
        raise UnreadableInput("the files of the list have different columns")
    return Listing(
        kind=columns[0].kind,
        column=columns[0].column,
        names=columns[0].names,
        base=base,
        digest=_digest(places),
        files=[ListFile(url, rows) for url, (_, rows) in zip(urls, files, strict=True)],
    )


def _facts(store: Store, name: str) -> tuple[Schema, int]:
    """Return the columns of a Parquet file, and how many rows it has."""
    with store.open(name, "rb") as file, pq.ParquetFile(file) as parquet:
        return parquet.schema_arrow, int(parquet.metadata.num_rows)


def _digest(places: Iterable[tuple[Store, str]]) -> str:
    digest = hashlib.sha256()
    for store, name in places:
        with store.open(name, "rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    return digest.hexdigest()
