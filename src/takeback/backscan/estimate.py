"""What a scan would take, from a sample: nothing is left behind.

What a scan writes before its first shard, a list and perhaps an index, is written beside the
results' folder, where there must be room for it anyway, and removed at the end.
"""

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa

from takeback.backscan.arrow import Table
from takeback.backscan.items import Lists
from takeback.backscan.listed import index_of
from takeback.backscan.outcome import Outcome, Sheet, Task
from takeback.backscan.plan import Kind, Plan, Shard
from takeback.backscan.scan import Order, planned, so_far
from takeback.backscan.tables import counted, packed
from takeback.backscan.worker import Work, Worker

SAMPLE: Final[dict[Kind, int]] = {"files": 200, "signals": 20_000}
"""Rows that are tried if nobody says how many."""

PLACES: Final = 10
"""Shards from which they are drawn."""


_NOTHING: Final = Sheet().outcome(0, 0, keep=False)
"""What became of a sample of nothing."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What is left to do, and what it would take."""

    kind: Kind
    rows: int
    """Files or signals of the whole input."""

    left: int
    """Of these, not scanned yet."""

    shards: int
    """Shards that are left."""

    workers: int
    sampled: int
    refused: int
    """Of the sample."""

    hits: int
    """In the sample."""

    seconds_each: float
    """Seconds of one processor for one file or signal, on this machine."""

    processor_hours: float
    hours: float
    """With so many workers."""

    cost: float | None
    """In the currency of the price, if one was given."""


def estimate(order: Order, workers: int, sample: int | None, price: float | None) -> Estimate:
    """Try a sample, and say what the rest would take.

    Args:
        order: what would be scanned.
        workers: how many would.
        sample: how many files or signals to try.
        price: of an hour of one processor.

    Raises:
        OtherScan: the folder holds another scan.
        UnreadableInput: the input or the bank is none.
    """
    with _beside(order.folder) as elsewhere:
        plan, folder = planned(order, elsewhere)
        progress, shards = so_far(order.folder, plan)
        lists = Lists.of(folder, plan)
        rows = _sample(lists, shards, sample or SAMPLE[plan.listing.kind])
        outcome = (
            _tried(order.work(plan, _made(order, plan, elsewhere)), rows) if rows else _NOTHING
        )
    each = outcome.seconds.total / outcome.rows if outcome.rows else 0.0
    left = plan.rows - progress.before
    processor_hours = each * left / 3600
    return Estimate(
        kind=plan.listing.kind,
        rows=plan.rows,
        left=left,
        shards=len(shards),
        workers=workers,
        sampled=outcome.rows,
        refused=counted(outcome.refused),
        hits=counted(outcome.hits),
        seconds_each=each,
        processor_hours=processor_hours,
        hours=processor_hours / workers,
        cost=None if price is None else processor_hours * price,
    )


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Make a folder for the time of the block, on the disk on which the results would be."""
    there = next(each for each in (folder, *folder.parents) if each.is_dir())
    with tempfile.TemporaryDirectory(prefix=".takeback-", dir=there) as beside:
        yield Path(beside)


def _made(order: Order, plan: Plan, elsewhere: Path) -> Path:
    """Return where a listed bank's index is, if the scan has made it already, or will be."""
    there = index_of(order.folder, plan.bank.identity)
    return order.folder if there.is_dir() else elsewhere


def _sample(lists: Lists, shards: list[Shard], size: int) -> list[Table]:
    """Draw rows from some shards; always the same ones."""
    chance = random.Random(0)  # noqa: S311 - no secret
    chosen = sorted(chance.sample(shards, min(PLACES, len(shards))), key=lambda each: each.number)
    drawn = []
    for shard in chosen:
        number = min(shard.rows, -(-size // len(chosen)))
        places = sorted(chance.sample(range(shard.rows), number))
        drawn.append(lists.items(shard).take(pa.array(places, pa.int64())))
    return drawn


def _tried(work: Work, rows: list[Table]) -> Outcome:
    """Do the sample as if it were a shard."""
    worker = Worker.of(work)
    try:
        return worker.do(Task(0, packed(pa.concat_tables(rows))))
    finally:
        worker.close()
