"""What must never come back: withdrawals, purges and revoked keys, on storage of their own.

A restored backup is older than the journal, so replaying the journal takes back again what
was taken back after the backup. One JSON object a line, each written through to the disk
before the change commits. Lines hold opaque ids only: no signal, code, text or name.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from takeback.clock import Clock
from takeback.errors import IntegrityFailure

Kind = Literal["item.withdrawn", "item.reinstated", "case.purged", "key.revoked", "staff.retired"]


@dataclass(frozen=True, slots=True)
class Line:
    """One change that a restored backup must not undo."""

    at: datetime
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal's file. Appending is safe from several processes."""

    path: Path
    now: Clock

    def append(self, kind: Kind, record_id: str) -> None:
        """Write one line through to the disk."""
        line = {"at": self.now().isoformat(), "kind": kind, "id": record_id}
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, (json.dumps(line) + "\n").encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lines(self) -> Iterator[Line]:
        """Read every line, oldest first; a last line cut off by a crash is left out.

        Raises:
            IntegrityFailure: a line other than the last can't be read.
        """
        if not self.path.exists():
            return
        rows = self.path.read_text().split("\n")
        for number, row in enumerate(rows[:-1], start=1):
            yield _parse(row, number)


def _parse(row: str, number: int) -> Line:
    try:
        record = json.loads(row)
        return Line(datetime.fromisoformat(record["at"]), str(record["kind"]), str(record["id"]))
    except (ValueError, KeyError, TypeError):
        raise IntegrityFailure(f"line {number} of the journal can't be read") from None
