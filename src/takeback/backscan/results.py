"""What is on the disk of a scan: a pair of files for each shard, whole or not at all.

A shard is done once its file of hits has its name; the file of what was refused got its name
before. So a scan may be killed between any two writes: what is not done is done again, and
nothing is there twice.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from takeback.backscan.outcome import Outcome
from takeback.backscan.plan import PART, Plan, settle
from takeback.backscan.tables import batches, schema_of
from takeback.errors import Conflict, IntegrityFailure

LOCK: Final = "scan.lock"


def hits_file(folder: Path, number: int) -> Path:
    """Return where the hits of a shard lie."""
    return folder / f"hits-{number:05}.parquet"


def refused_file(folder: Path, number: int) -> Path:
    """Return where what was refused of a shard lies."""
    return folder / f"refused-{number:05}.parquet"


def done(folder: Path, plan: Plan) -> set[int]:
    """Return the numbers of the shards that are done."""
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    numbers = (shard.number for shard in plan.shards)
    return {number for number in numbers if hits_file(folder, number).name in there}


def commit(folder: Path, outcome: Outcome) -> None:
    """Write what became of a shard; on the disk on return."""
    for path, table in (
        (refused_file(folder, outcome.number), outcome.refused),
        (hits_file(folder, outcome.number), outcome.hits),
    ):
        part = path.with_name(path.name + PART)
        with part.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            _copy(table, file)
            file.flush()
            os.fsync(file.fileno())
        settle(part, path)


def _copy(table: bytes, file: IO[bytes]) -> None:
    """Write a table piece by piece: it may be far larger than it is packed."""
    with pq.ParquetWriter(file, schema_of(table)) as writer:
        for batch in batches(table):
            writer.write_batch(batch)


def count(folder: Path, number: int) -> tuple[int, int]:
    """Return how many hits and how many refused files a shard that is done has.

    Raises:
        IntegrityFailure: its files are damaged.
    """
    try:
        hits, refused = (
            int(pq.read_metadata(path).num_rows)
            for path in (hits_file(folder, number), refused_file(folder, number))
        )
    except (pa.ArrowException, OSError):
        damaged = IntegrityFailure(f"the results of shard {number} are damaged")
        damaged.hint = f"Delete {hits_file(folder, number).name} to have it done again."
        raise damaged from None
    return hits, refused


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep every other scan out of the folder; what one that was killed left half is removed.

    Raises:
        Conflict: another scan is at work there.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise _busy() from None
    try:
        for part in folder.glob(f"*{PART}"):
            if part.is_file():
                part.unlink()
        yield
    finally:
        os.close(descriptor)


def _busy() -> Conflict:
    busy = Conflict("another scan is at work in this folder")
    busy.hint = "Wait until it has ended, or give another --out."
    return busy
