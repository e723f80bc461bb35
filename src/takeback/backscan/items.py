"""The rows of one shard, read from the list."""

import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from takeback.backscan.arrow import Column, Table
from takeback.backscan.plan import Listing, Plan, Shard
from takeback.backscan.signals import is_binary
from takeback.backscan.storage import bare, is_local, reaching, store_of
from takeback.errors import UnreadableInput


@dataclass(slots=True)
class Lists:
    """Reads the rows of shards; keeps the file open, since shards come in order."""

    folder: Path
    listing: Listing
    _open: tuple[int, Any] | None = None
    _group: tuple[int, int, Table] | None = field(default=None)

    @classmethod
    def of(cls, folder: Path, plan: Plan) -> "Lists":
        """Return what reads the lists of *plan*."""
        return cls(folder, plan.listing)

    def items(self, shard: Shard) -> Table:
        """Return a shard's rows: ``row`` in the whole input, ``path``, and ``signal`` if ready.

        Raises:
            StoreUnreachable: the list lies elsewhere and can't be read.
            UnreadableInput: the list is gone or damaged.
        """
        with reaching(self.listing.files[shard.file].url):
            pieces = list(self._sound(shard))
        rows = pa.concat_tables(pieces)
        numbers = pa.array(range(shard.before, shard.before + shard.rows), pa.int64())
        listing = self.listing
        if listing.kind == "files":
            return pa.table({"row": numbers, "path": _bytes(rows.column(listing.column))})
        names = _bytes(rows.column(listing.names)) if listing.names else _nothing(shard.rows)
        return pa.table({"row": numbers, "path": names, "signal": rows.column(listing.column)})

    def _sound(self, shard: Shard) -> Iterator[Table]:
        try:
            yield from self._pieces(shard)
        except (pa.ArrowException, KeyError):
            raise UnreadableInput("the list is damaged, or not as it was") from None

    def _pieces(self, shard: Shard) -> Iterator[Table]:
        """Yield the parts of row groups that the shard covers."""
        file = self._file(shard.file)
        begin, end, top = shard.first, shard.first + shard.rows, 0
        for number in range(file.metadata.num_row_groups):
            rows = file.metadata.row_group(number).num_rows
            first, last = max(begin, top), min(end, top + rows)
            if first < last:
                yield self._rows(shard.file, number).slice(first - top, last - first)
            top += rows

    def _file(self, index: int) -> Any:  # noqa: ANN401 - pyarrow has no types
        if self._open is None or self._open[0] != index:
            url = self.listing.files[index].url
            store, name = store_of(url if _is_elsewhere(url) else str(self.folder / url))
            self._open = index, pq.ParquetFile(store.open(name, "rb"))
        return self._open[1]

    def _rows(self, index: int, group: int) -> Table:
        if self._group is None or self._group[:2] != (index, group):
            columns = [name for name in (self.listing.column, self.listing.names) if name]
            self._group = index, group, self._file(index).read_row_group(group, columns=columns)
        return self._group[2]


def _is_elsewhere(url: str) -> bool:
    return url.startswith("/") or not is_local(url)


def _bytes(column: Column) -> Column:
    """Return names as bytes, which names of files are."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.binary() if is_binary(column.type) else pa.string()).cast(pa.binary())


def _nothing(rows: int) -> Column:
    return pa.nulls(rows, pa.binary())


def path_of(listed: bytes) -> str:
    """Return a name of the list as Python has names of files."""
    return os.fsdecode(listed)


def resolved(path: str, base: str) -> str:
    """Return where a file lies; a relative path begins at *base*."""
    path = bare(path)
    return path if _is_elsewhere(path) else posixpath.join(base, path)
