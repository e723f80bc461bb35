"""What a shard leaves behind: a table of hits and a table of what was refused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from takeback.backscan.arrow import Batch, Schema, Table
from takeback.backscan.bank import Entry
from takeback.matching.evidence import Evidence
from takeback.matching.lookup.found import Found

PAIR: Final = pa.list_(pa.float64(), 2)

HITS: Final = pa.schema(
    [
        ("row", pa.int64()),
        ("path", pa.string()),
        ("number", pa.string()),
        ("hub", pa.string()),
        ("bank", pa.string()),
        ("ask", pa.string()),
        ("ground", pa.string()),
        ("score", pa.float64()),
        ("distance", pa.int16()),
        ("votes", pa.int32()),
        ("upload_view", pa.string()),
        ("registered_view", pa.string()),
        ("place", pa.list_(PAIR, 4)),
        ("seconds", PAIR),
        ("registered_seconds", PAIR),
        ("more", pa.bool_()),
    ]
)
"""docs/reference/backscan.md says what each column means."""

REFUSED: Final = pa.schema(
    [
        ("row", pa.int64()),
        ("path", pa.string()),
        ("error", pa.string()),
        ("why", pa.string()),
        ("file", pa.binary()),
    ]
)

KEPT: Final = pa.schema(
    [
        ("row", pa.int64()),
        ("path", pa.string()),
        ("view", pa.string()),
        ("turn", pa.int8()),
        ("milliseconds", pa.int64()),
        ("signal", pa.binary(32)),
    ]
)
"""Signals of the library's own pictures and frames, see ``kept.py``."""


PIECE: Final = 5_000
"""Rows that are held as Python's own objects, which are large."""

_SMALL: Final = pa.ipc.IpcWriteOptions(compression="zstd")


@dataclass(slots=True)
class Rows:
    """Rows of a table to be: packed as they come, for there may be millions."""

    schema: Schema
    _rows: list[Mapping[str, object]] = field(default_factory=list)
    _sink: Any = field(default_factory=pa.BufferOutputStream)
    _stream: Any = None

    def __post_init__(self) -> None:
        """Begin the table."""
        self._stream = pa.ipc.new_stream(self._sink, self.schema, options=_SMALL)

    def add(self, row: int, path: str | None, **columns: object) -> None:
        """Add one row."""
        self._rows.append({"row": row, "path": path, **columns})
        if len(self._rows) >= PIECE:
            self._write()

    def packed(self) -> bytes:
        """Return the table, as :func:`packed` does; nothing is added to it any more."""
        self._write()
        self._stream.close()
        content: bytes = self._sink.getvalue().to_pybytes()
        return content

    def table(self) -> Table:
        """Return the table; nothing is added to it any more."""
        return unpacked(self.packed())

    def _write(self) -> None:
        self._stream.write_batch(pa.RecordBatch.from_pylist(self._rows, self.schema))
        self._rows.clear()


def hits_of(found: Found[Entry]) -> Iterator[dict[str, object]]:
    """Yield the columns of each hit of one file."""
    for entry, evidence in found.matches:
        yield {**_entry(entry), **_evidence(evidence), "more": found.more}


def _entry(entry: Entry) -> dict[str, object]:
    return {"number": entry.number, "hub": entry.hub, "bank": entry.bank, "ask": entry.ask}


def _evidence(evidence: Evidence) -> dict[str, object]:
    return {
        "ground": evidence.ground.value,
        "score": evidence.score,
        "distance": evidence.distance,
        "votes": evidence.votes,
        "upload_view": evidence.upload_view,
        "registered_view": evidence.registered_view,
        "place": evidence.place,
        "seconds": evidence.seconds,
        "registered_seconds": evidence.registered_seconds,
    }


def packed(table: Table) -> bytes:
    """Return a table as bytes that cross to another process or machine."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def unpacked(content: bytes) -> Table:
    """Return the table of :func:`packed`."""
    with pa.ipc.open_stream(content) as stream:
        return stream.read_all()


def schema_of(content: bytes) -> Schema:
    """Return the columns of the table of :func:`packed`."""
    with pa.ipc.open_stream(content) as stream:
        return stream.schema


def batches(content: bytes) -> Iterator[Batch]:
    """Yield the table of :func:`packed` piece by piece."""
    with pa.ipc.open_stream(content) as stream:
        yield from stream


def counted(content: bytes) -> int:
    """Return how many rows the table of :func:`packed` has."""
    return sum(len(batch) for batch in batches(content))


def shown(name: bytes | None) -> str | None:
    """Return a file's name as text; what is not UTF-8 in it is escaped."""
    return None if name is None else name.decode("utf-8", "backslashreplace")
