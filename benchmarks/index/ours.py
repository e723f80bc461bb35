"""The index that is measured: on disk, as a matcher's processes search it."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.matching import Index

Signals = NDArray[np.uint8]

PIECE: Final = 1_000_000
"""Signals that are handed to the builder at a time."""


def built(signals: Signals, directory: Path) -> float:
    """Build an index in a new directory, ids as the rows are numbered; return the seconds."""
    shutil.rmtree(directory, ignore_errors=True)
    started = perf_counter()
    index = Index()
    index.add(np.arange(len(signals)), np.ascontiguousarray(signals))
    index.settle()
    HELD[directory] = index
    return perf_counter() - started


HELD: dict[Path, Index] = {}


def opened(directory: Path) -> Index:
    """Open it as an answering process does."""
    return HELD[directory]


def ask(index: Index) -> Callable[[Signals], Callable[[], object]]:
    """Prepare questions of one signal each."""
    return lambda question: partial(index.search, question[None])


def pieces(signals: Signals) -> Iterator[tuple[NDArray[np.int64], Signals]]:
    """Give ids and signals a piece at a time."""
    for begin in range(0, len(signals), PIECE):
        part = np.ascontiguousarray(signals[begin : begin + PIECE])
        yield np.arange(begin, begin + len(part)), part
