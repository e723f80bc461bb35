"""The library's own signals, kept by a scan, so that later signals can be looked for in them.

A folder with a Parquet file for each shard (``kept-00017.parquet``: which signal is of which
path), an index of all the signals, and ``library.json``, which is written last: without it the
library is not whole. The id of a signal in the index is its place in all the files together.
"""

import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from takeback.backscan.arrow import Schema, Table
from takeback.backscan.outcome import Outcome
from takeback.backscan.plan import PART, put, settle
from takeback.backscan.scan import Keep
from takeback.backscan.tables import KEPT, unpacked
from takeback.errors import IntegrityFailure, OtherScan, UnreadableInput
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.matching.exact.bulk import Piece, build
from takeback.matching.exact.followed import FollowedIndex

FILE: Final = "library.json"
PLAN: Final = "plan.txt"
"""Holds the digest of the plan of the one scan whose signals are kept here."""

INDEX: Final = "signals"


class Part(msgspec.Struct, frozen=True, array_like=True):
    """The signals of one shard."""

    number: int
    first: int
    """The id of its first signal."""

    rows: int


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What ``library.json`` says."""

    format: Literal["takeback-library-1"] = "takeback-library-1"
    plan: str
    mark: int
    """What the library was compared with by the scan itself: the cursor to begin with."""

    instance: str = ""
    """See ``BankFacts.instance``."""

    signals: int
    parts: list[Part]


def keeper(folder: Path, plan_digest: str) -> Keep:
    """Return what keeps the signals of each shard in *folder*.

    Raises:
        OtherScan: the folder keeps the signals of another scan.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / PLAN).exists():
        put(folder / PLAN, plan_digest.encode())
    _check(folder, plan_digest)

    def keep(outcome: Outcome) -> None:
        if outcome.kept is not None:
            (folder / FILE).unlink(missing_ok=True)
            write(_file(folder, outcome.number), unpacked(outcome.kept))

    return keep


def finish(folder: Path, plan_digest: str, shards: int, mark: int, instance: str = "") -> int:
    """Make the index, unless it is made; return how many signals are kept.

    Args:
        folder: as given to :func:`keeper`.
        plan_digest: likewise.
        shards: how many the scan has; all are kept.
        mark: of the bank that the scan compared with.
        instance: likewise.

    Raises:
        OtherScan: the folder keeps the signals of another scan.
        UnreadableInput: a shard is missing, so the scan has not ended.
    """
    _check(folder, plan_digest)
    if (folder / FILE).exists():
        return read(folder).signals
    parts = list(_parts(folder, shards))
    build(folder / INDEX, _pieces(folder, parts))
    signals = sum(part.rows for part in parts)
    kept = Kept(plan=plan_digest, mark=mark, instance=instance, signals=signals, parts=parts)
    put(folder / FILE, msgspec.json.encode(kept))
    return signals


def read(folder: Path) -> Kept:
    """Return what is kept in *folder*.

    Raises:
        UnreadableInput: it holds no library, or one of a scan that has not ended.
        IntegrityFailure: what it holds is damaged, or of a later release.
    """
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Kept)
    except FileNotFoundError:
        refused = UnreadableInput("there is no whole library in that folder")
        refused.hint = "Run the scan with --keep to its end; the same command goes on with it."
        raise refused from None
    except msgspec.DecodeError:
        raise IntegrityFailure("the library is damaged, or of a later release") from None


@dataclass(frozen=True, slots=True)
class Library:
    """A library that is whole, open."""

    folder: Path
    kept: Kept
    index: FollowedIndex

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the library in *folder*; its index is mapped, not read.

        Raises:
            UnreadableInput: it holds no library, or one of a scan that has not ended.
            IntegrityFailure: what it holds is damaged.
        """
        return cls(folder, read(folder), FollowedIndex.open(folder / INDEX))

    def rows(self, ids: Sequence[int]) -> Iterator[tuple[Table, list[int]]]:
        """Yield every part that holds some of *ids*, whole, with the places of those ids in it.

        Args:
            ids: in ascending order.

        Raises:
            IntegrityFailure: a part is damaged or gone.
        """
        firsts = [part.first for part in self.kept.parts]
        begin = 0
        while begin < len(ids):
            part = self.kept.parts[bisect_right(firsts, ids[begin]) - 1]
            end = _end(ids, begin, part.first + part.rows)
            table = _read(_file(self.folder, part.number), part.rows)
            yield table, [each - part.first for each in ids[begin:end]]
            begin = end


def _end(ids: Sequence[int], begin: int, beyond: int) -> int:
    return bisect_right(ids, beyond - 1, lo=begin)


def _file(folder: Path, number: int) -> Path:
    return folder / f"kept-{number:05}.parquet"


def _check(folder: Path, plan_digest: str) -> None:
    try:
        known = (folder / PLAN).read_text()
    except FileNotFoundError:
        known = ""
    if known != plan_digest:
        raise OtherScan("this folder keeps the signals of another scan")


def write(path: Path, table: Table) -> None:
    """Write a table whole or not at all, readable by its user only; on the disk on return."""
    part = path.with_name(path.name + PART)
    with writing(part, table.schema) as writer:
        writer.write_table(table)
    settle(part, path)


@contextmanager
def writing(part: Path, schema: Schema) -> Iterator[pq.ParquetWriter]:
    """Write a table piece by piece, readable by its user only; on the disk after the block."""
    with part.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        with pq.ParquetWriter(file, schema, write_page_checksum=True) as writer:
            yield writer
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path, rows: int) -> Table:
    try:
        table = pq.read_table(path, page_checksum_verification=True, memory_map=False)
    except (pa.ArrowException, OSError):
        raise _damaged(path) from None
    if len(table) != rows or not table.schema.equals(KEPT):
        raise _damaged(path)
    return table


def _damaged(path: Path) -> IntegrityFailure:
    damaged = IntegrityFailure("a part of the library is damaged or gone")
    damaged.hint = f"Delete {path.name} and {FILE} there, and the part's hits, and scan again."
    return damaged


def _parts(folder: Path, shards: int) -> Iterator[Part]:
    first = 0
    for number in range(shards):
        try:
            rows = int(pq.read_metadata(_file(folder, number)).num_rows)
        except FileNotFoundError:
            raise UnreadableInput("a part of the library is not scanned yet") from None
        except (pa.ArrowException, OSError):
            raise _damaged(_file(folder, number)) from None
        if rows:
            yield Part(number, first, rows)
        first += rows


def _pieces(folder: Path, parts: Sequence[Part]) -> Iterator[Piece]:
    for part in parts:
        signals = _signals(_read(_file(folder, part.number), part.rows))
        yield np.arange(part.first, part.first + part.rows), signals


def _signals(table: Table) -> NDArray[np.uint8]:
    """Return the column of signals, which has rows, without copying it."""
    column = table.column("signal").combine_chunks()
    content = np.frombuffer(column.buffers()[1], np.uint8)
    begin = column.offset * SIGNAL_BYTES
    return content[begin : begin + len(column) * SIGNAL_BYTES].reshape(-1, SIGNAL_BYTES)
