"""The index that is measured: on disk and mapped, as a matcher's processes search it."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
from benchmarks.machine import cores
from numpy.typing import NDArray

from takeback.matching.exact.bulk import build
from takeback.matching.exact.followed import FollowedIndex

Signals = NDArray[np.uint8]
Ids = NDArray[np.int64]

PIECE: Final = 1_000_000
"""Signals that are handed to the builder at a time."""

BUILDING_CORES: Final = 2


def built(signals: Signals, directory: Path) -> float:
    """Build an index in a new directory, ids as the rows are numbered; return the seconds."""
    shutil.rmtree(directory, ignore_errors=True)
    with cores(BUILDING_CORES):
        started = perf_counter()
        build(directory, pieces(signals))
        return perf_counter() - started


def opened(directory: Path) -> FollowedIndex:
    """Open it as an answering process does."""
    return FollowedIndex.open(directory)


def ask(index: FollowedIndex) -> Callable[[Signals], Callable[[], object]]:
    """Prepare questions of one signal each."""
    return lambda question: partial(index.search, question[None])


def pieces(signals: Signals) -> Iterator[tuple[Ids, Signals]]:
    """Give ids and signals a piece at a time."""
    for begin in range(0, len(signals), PIECE):
        part = np.ascontiguousarray(signals[begin : begin + PIECE])
        yield np.arange(begin, begin + len(part)), part


def bytes_on_disk(directory: Path) -> int:
    """Return the bytes of every file of the index."""
    return sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())
