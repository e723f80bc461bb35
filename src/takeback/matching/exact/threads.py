"""Work in several threads: it pays where compiled loops run without the interpreter lock."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

BITE = 1 << 20
"""Rows that are worked on at a time."""


def each(function: Callable[[A], B], items: Iterable[A], threads: int) -> list[B]:
    """Apply *function* to each item, in up to *threads* threads."""
    if threads == 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))


def parts(size: int, bite: int = BITE) -> list[slice]:
    """Cut 0 … *size* into slices of at most *bite*."""
    return [slice(begin, min(begin + bite, size)) for begin in range(0, size, bite)]
