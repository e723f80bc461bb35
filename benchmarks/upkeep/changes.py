"""Changes that one process makes, as another one sees them."""

import multiprocessing
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
from benchmarks.index.banks import random_bits
from numpy.typing import NDArray

from takeback.matching import Index
from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.exact.index import warm_up

Signals = NDArray[np.uint8]
Seen = dict[str, dict[str, float]]
"""By kind of change: how many, and median, 99th percentile and longest in milliseconds."""

MERGED_PART: Final = 300_000
"""Entries that are added at once to have segments to merge."""

PARTS: Final = 8
MOST_SECONDS: Final = 5.0


@dataclass(slots=True)
class Tally:
    """Milliseconds from a call that changes until another process answers by it."""

    added: list[float] = field(default_factory=list)
    withdrawn: list[float] = field(default_factory=list)


def changes_seen(directory: Path, rows: int, count: int, part: int = MERGED_PART) -> Seen:
    """Add and withdraw entries in another process and look for them in this one.

    Args:
        directory: of an index that nobody has open.
        rows: entries it has; their ids end there.
        count: changes of each kind without a merge.
        part: entries added at once to have something to merge, eight times over.
    """
    with writer(directory) as line:
        followed = FollowedIndex.open(directory)
        quiet, busy = Tally(), Tally()
        for number in range(count):
            _one_round(line, followed, rows + number, quiet)
        line.send(("merge", rows + count, part))
        assert line.recv() == "begun"
        number = rows + count + PARTS * part
        while is_merging(line):
            number += 1
            _one_round(line, followed, number, busy)
    return {
        "add": _summed(quiet.added),
        "withdraw": _summed(quiet.withdrawn),
        "add during a merge": _summed(busy.added),
        "withdraw during a merge": _summed(busy.withdrawn),
    }


def is_merging(line: Connection) -> bool:
    """Ask the writer whether it still merges."""
    line.send(("merging",))
    return bool(line.recv())


def _one_round(line: Connection, followed: FollowedIndex, entry: int, tally: Tally) -> None:
    signal = np.frombuffer(secrets.token_bytes(32), np.uint8)[None]
    line.send(("add", entry, signal))
    seen = _wait(followed, signal, present=True)
    tally.added.append((seen - line.recv()) * 1000)
    line.send(("withdraw", entry))
    seen = _wait(followed, signal, present=False)
    tally.withdrawn.append((seen - line.recv()) * 1000)


def _wait(followed: FollowedIndex, signal: Signals, *, present: bool) -> float:
    """Look a signal up until it is there, or is not; return when that was."""
    until = perf_counter() + MOST_SECONDS
    while bool(len(followed.search(signal))) is not present:
        assert perf_counter() < until, "the change was never seen"
    return perf_counter()


def _summed(milliseconds: list[float]) -> dict[str, float]:
    if not milliseconds:
        return {"count": 0}
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return {
        "count": len(milliseconds),
        "p50 ms": float(p50),
        "p99 ms": float(p99),
        "longest ms": max(milliseconds),
    }


@contextmanager
def writer(directory: Path) -> Iterator[Connection]:
    """Run the one process that changes the index; yield the line to it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=write, args=(directory, theirs))
    process.start()
    assert ours.recv() == "ready"
    try:
        yield ours
    finally:
        ours.send(("end",))
        process.join()


def write(directory: Path, line: Connection) -> None:
    """Change the index as the line says; answer each change with when it began."""
    warm_up()
    index = Index.open(directory)
    settling = threading.Thread()
    line.send("ready")
    while (asked := line.recv())[0] != "end":
        if asked[0] == "merge":
            settling = _begin_merging(index, *asked[1:])
            line.send("begun")
        elif asked[0] == "merging":
            line.send(settling.is_alive())
        else:
            started = perf_counter()
            _change(index, *asked)
            line.send(started)
    index.close()


def _change(index: Index, what: str, entry: int, signal: Signals | None = None) -> None:
    if signal is None:
        index.withdraw([entry])
    else:
        index.add([entry], signal)


def _begin_merging(index: Index, first: int, size: int) -> threading.Thread:
    """Add so much that segments are merged, and wait for it in a thread."""
    for begin in range(first, first + PARTS * size, size):
        index.add(np.arange(begin, begin + size), random_bits(size, seed=begin))
    settling = threading.Thread(target=index.settle)
    settling.start()
    return settling
