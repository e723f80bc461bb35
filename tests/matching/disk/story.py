"""A short life of an index on disk that goes through every step, and what must be true of it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from takeback.matching.disk import steps, store
from takeback.matching.disk.manifest import read_manifest
from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.exact.index import Index
from takeback.matching.exact.keeping import OnDisk
from takeback.matching.exact.merge import Policy
from tests.matching.index_oracle import TINY, Signals, random_signals

SMALL: Final = Policy(tail_rows=6, layouts=((20, TINY),))
"""Sizes at which a dozen changes write segments, merge them and build tables."""

STANDING: Final = {"control", "lock", "manifest", "verified"}

SIGNALS: Final = random_signals(200, seed=41)

State = frozenset[tuple[int, int]]
"""Which entries there are: id, and number of its signal in ``SIGNALS``."""


class Step(NamedTuple):
    """One change."""

    gone: list[int]
    entries: list[tuple[int, int]]
    """Id and number of the signal."""


STORY: Final = [
    Step([], [(1, 1), (2, 2), (3, 3)]),
    Step([2], []),
    Step([1], [(3, 93), (4, 4)]),
    Step([5, 3], [(6, 6), (7, 7), (8, 8)]),
    Step([], [(number, number) for number in range(100, 160)]),
    Step([102, 103], [(104, 94), (9, 9)]),
    Step([6], [(number, number) for number in range(10, 15)]),
    Step([8, 110, 11], [(20, 20), (21, 21), (22, 22), (23, 23), (24, 24), (112, 95)]),
    Step([99], []),
    Step([20, *range(120, 150)], []),
    Step([], [(30, 30), (31, 31), (32, 32), (33, 33), (34, 34), (35, 35)]),
    Step([30], [(100, 96)]),
]


def states() -> list[State]:
    """Return what there is before the story, and after each step of it."""
    held: dict[int, int] = {}
    found = [State()]
    for gone, entries in STORY:
        held = {entry: number for entry, number in held.items() if entry not in gone}
        held |= dict(entries)
        found.append(State(held.items()))
    return found


STATES: Final = states()


def tell(index: Index, number: int) -> None:
    """Make change *number* of the story, and let what follows from it happen."""
    gone, entries = STORY[number]
    ids, signals = [entry for entry, _ in entries], signals_of(entries)
    index.change(gone, ids, signals, mark=number + 1)
    index.settle()


def signals_of(entries: list[tuple[int, int]]) -> Signals:
    """Return the signals of some entries."""
    return SIGNALS[np.array([number for _, number in entries], np.int64)]


def seen(index: Index | FollowedIndex) -> State:
    """Return what is found, by looking for every signal that ever was."""
    return State((entry, number) for number, entry, _ in index.search(SIGNALS, 0))


@contextmanager
def reopened(directory: Path, policy: Policy = SMALL) -> Iterator[Index]:
    """Open the index as the writer for a while."""
    index = Index.open(directory, policy)
    try:
        yield index
    finally:
        index.close()


def abandoned(index: Index) -> None:
    """Leave an index as a program that dies does: nothing is written any more, nothing removed."""
    index.settle()
    keeping = index._keeping
    assert isinstance(keeping, OnDisk)
    keeping.store._lock.release()


def moved(source: Path, to: Path) -> Path:
    """Copy an index that nobody writes, such that its shared files are believed there as well."""
    shutil.copytree(source, to)
    with (to / "control").open("r+b") as control:
        place = os.fstat(control.fileno())
        control.seek(8 * 8)
        control.write(np.array([place.st_dev, place.st_ino], np.uint64).tobytes())
    return to


def left_over(directory: Path) -> set[str]:
    """Return the names of files that are no part of the index."""
    return {path.name for path in directory.iterdir()} - read_manifest(directory).files() - STANDING


@contextmanager
def fast_folder() -> Iterator[Path]:
    """Give a folder in memory if there is one: hundreds of stories need not wait for a disk."""
    memory = Path("/dev/shm")  # noqa: S108
    folder = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=folder) as name:
        yield Path(name)


@contextmanager
def few_logs() -> Iterator[None]:
    """Make lasting copies of the marks due with every second log."""
    before = store.MOST_LOGS
    store.MOST_LOGS = 1  # type: ignore[misc]
    yield
    store.MOST_LOGS = before  # type: ignore[misc]


@contextmanager
def watched(watch: object) -> Iterator[None]:
    """Call *watch* before every step on the disk."""
    steps.before = watch  # type: ignore[assignment]
    try:
        yield
    finally:
        steps.before = steps.go_on
