"""What crosses to whoever does a shard, and what comes back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from takeback.backscan.bank import Entry
from takeback.backscan.tables import HITS, KEPT, REFUSED, Rows, hits_of
from takeback.matching.lookup.found import Found

Phase = Literal["read", "hash", "match", "total"]


class Seconds(msgspec.Struct):
    """Where the time went; a file is matched while the next is hashed, so parts overlap."""

    read: float = 0.0
    """Waiting for files."""

    hash: float = 0.0
    """Decoding and hashing."""

    match: float = 0.0
    total: float = 0.0

    def add(self, other: "Seconds") -> None:
        """Take in another's."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @contextmanager
    def spent_on(self, phase: Phase) -> Iterator[None]:
        """Count the time of the block."""
        began = time.perf_counter()
        try:
            yield
        finally:
            setattr(self, phase, getattr(self, phase) + time.perf_counter() - began)


class Task(msgspec.Struct, frozen=True):
    """A shard with its rows."""

    number: int
    rows: bytes
    """See ``tables.packed``."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a shard."""

    number: int
    rows: int
    hits: bytes
    refused: bytes
    kept: bytes | None
    """The library's own signals, if they are kept."""

    seconds: Seconds


@dataclass(slots=True)
class Sheet:
    """The tables of one shard, being filled."""

    seconds: Seconds = field(default_factory=Seconds)
    hits: Rows = field(default_factory=lambda: Rows(HITS))
    refused: Rows = field(default_factory=lambda: Rows(REFUSED))
    kept: Rows = field(default_factory=lambda: Rows(KEPT))

    def take(self, row: int, path: str | None, found: Found[Entry]) -> None:
        """Write down what a file matches."""
        for hit in hits_of(found):
            self.hits.add(row, path, **hit)

    def refuse(
        self, row: int, path: str | None, error: str, why: str, file: bytes | None = None
    ) -> None:
        """Write down that a file could not be compared, and why; *file* is where it lies."""
        self.refused.add(row, path, error=error, why=why, file=file)

    def outcome(self, number: int, rows: int, *, keep: bool) -> Outcome:
        """Return what crosses back."""
        return Outcome(
            number=number,
            rows=rows,
            hits=self.hits.packed(),
            refused=self.refused.packed(),
            kept=self.kept.packed() if keep else None,
            seconds=self.seconds,
        )
