"""What a shard leaves behind: a table of hits and a table of what was refused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from takeback.backscan.arrow import Schema, Table
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
    [("row", pa.int64()), ("path", pa.string()), ("error", pa.string()), ("why", pa.string())]
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


@dataclass(slots=True)
class Rows:
    """Rows of a table to be."""

    schema: Schema
    rows: list[Mapping[str, object]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, row: int, path: str | None, **columns: object) -> None:
        """Add one row."""
        self.rows.append({"row": row, "path": path, **columns})

    def table(self) -> Table:
        """Return the table."""
        return pa.Table.from_pylist(self.rows, self.schema)


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


def shown(name: bytes | None) -> str | None:
    """Return a file's name as text; what is not UTF-8 in it is escaped."""
    return None if name is None else name.decode("utf-8", "backslashreplace")
