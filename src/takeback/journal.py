"""What must never come back: withdrawals, purges, what platforms lost, on storage of its own.

A restored backup is older than the journal, so replaying the journal takes back again what
was taken back after the backup. One JSON object a line, each written through to the disk
before the change commits. Lines hold opaque ids, and the day of an end date: no signal, code,
text or name.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from takeback.clock import Clock
from takeback.errors import IntegrityFailure

Kind = Literal[
    "item.withdrawn",
    "item.reinstated",
    "case.withdrawn",
    "case.reinstated",
    "case.purged",
    "case.unshared",
    "case.keypoints_withdrawn",
    "case.recovered",
    "case.ends",
    "key.revoked",
    "key.rotated",
    "platform.unmarked",
    "platform.demoted",
    "platform.retired",
    "staff.retired",
]


_BEGINNING = '{"at": "'
"""How every line starts."""


@dataclass(frozen=True, slots=True)
class Line:
    """One change that a restored backup must not undo."""

    at: datetime
    kind: str
    id: str
    day: date | None = None
    """The end date that she chose; None for none, and in lines of every other kind."""


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal's file. Appending is safe from several processes."""

    path: Path
    now: Clock

    def create(self) -> None:
        """Make the file if it is not there, so that a missing one means a lost one."""
        os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600))

    def append(self, kind: Kind, record_id: str, day: date | None = None) -> None:
        """Write one line through to the disk.

        Args:
            kind: what happened.
            record_id: to which record.
            day: the end date that a reporter chose, if the line is about one.

        Raises:
            OSError: it could not be written; the change must not commit then.
        """
        line = {"at": self.now().isoformat(), "kind": kind, "id": record_id}
        if day is not None:
            line["day"] = day.isoformat()
        text = (json.dumps(line) + "\n").encode()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            _write_whole(descriptor, _ending(descriptor) + text)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lines(self) -> Iterator[Line]:
        """Read every line, oldest first; a line cut off by a power cut is left out.

        Such a line belongs to a change that never committed.

        Raises:
            IntegrityFailure: a line can't be read, or the file is no journal.
        """
        if not self.path.exists():
            return
        text = self.path.read_text(errors="replace")
        for number, row in enumerate(text.split("\n"), start=1):
            if not _cut_off(row.strip("\0")):
                yield _parse(row, number)


def _ending(descriptor: int) -> bytes:
    """Return what must be written first so that a cut-off line stays alone."""
    size = os.fstat(descriptor).st_size
    return b"\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else b""


def _write_whole(descriptor: int, text: bytes) -> None:
    if os.write(descriptor, text) != len(text):
        raise OSError("the journal's disk is full")


def _cut_off(row: str) -> bool:
    """Tell whether *row* is the beginning of a line, or nothing at all."""
    return not row.endswith("}") and _BEGINNING.startswith(row[: len(_BEGINNING)])


def _parse(row: str, number: int) -> Line:
    try:
        record = json.loads(row)
        at = datetime.fromisoformat(record["at"])
        day = date.fromisoformat(record["day"]) if "day" in record else None
        return Line(at, str(record["kind"]), str(record["id"]), day)
    except (ValueError, KeyError, TypeError):
        raise IntegrityFailure(f"line {number} of the journal can't be read") from None
