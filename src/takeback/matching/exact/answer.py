"""What a search is asked and answers, whichever index it is put to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import index

import numpy as np
from numpy.typing import ArrayLike, NDArray

from takeback.errors import MalformedSignal
from takeback.matching.exact.layout import Rows
from takeback.matching.exact.merge import ascending, is_ascending
from takeback.matching.exact.places import NO_LIMIT, search_places
from takeback.matching.exact.segment import Ids

ROW = np.dtype([("query", np.int64), ("id", np.int64), ("distance", np.int64)])
"""One match: the number of the query in the call, the entry's id, the distance in bits."""

DEFAULT_RADIUS = 31
DEFAULT_LIMIT = 100
SIGNAL_BYTES = 32
LARGEST_DISTANCE = 256

ATTEMPTS = 5
"""How often a search is made whose entries are being replaced all the time."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a search found: an iterable of (query number, id, distance)."""

    rows: NDArray[np.void]
    """Shape (k,), dtype ``ROW``: by query number, then nearest first, then by id."""

    more: NDArray[np.bool_]
    """Shape (queries,): True where entries beyond the limit lie within the radius as well."""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        return iter(self.rows.tolist())


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A search whose arguments are in order."""

    signals: Rows
    radius: int
    most: int

    def of(self, places: NDArray[np.int64]) -> Answer:
        """Search all *places* in one compiled call."""
        rows, more = search_places(places, self.signals, self.radius, self.most)
        return Answer(rows.view(ROW)[:, 0], more)


def asked(signals: NDArray[np.uint8], radius: int, limit: int | None) -> Asked:
    """Check a search's arguments.

    Raises:
        MalformedSignal: *signals* is not uint8 of shape (n, 32).
        ValueError: *radius* or *limit* is out of range.
    """
    if not 0 <= index(radius) <= LARGEST_DISTANCE:
        raise ValueError("radius must be 0 to 256")
    return Asked(rows_of(signals), index(radius), _most(limit))


def undisturbed(search: Callable[[], Answer], replacements: Callable[[], int]) -> Answer:
    """Search, again if entries were replaced meanwhile.

    A search that began before the new row of an entry was shown may come to the old one after
    it ended, and would find neither.
    """
    for _ in range(ATTEMPTS):
        before = replacements()
        answer = search()
        if replacements() == before:
            break
    return answer


def entries(ids: ArrayLike, signals: NDArray[np.uint8]) -> tuple[Ids, Rows]:
    """Check entries that are to be added, and return both in ascending order of the ids.

    Raises:
        MalformedSignal: *signals* is not uint8 of shape (n, 32).
        ValueError: *ids* are not n different whole numbers.
    """
    numbers, rows = whole_numbers(ids), rows_of(signals)
    if len(numbers) != len(rows):
        raise ValueError("ids must be as many as the signals")
    numbers, rows = ascending(numbers, rows)
    if not is_ascending(numbers):
        raise ValueError("ids must be different")
    return numbers, rows


def whole_numbers(ids: ArrayLike) -> Ids:
    """Return ids as an array.

    Raises:
        ValueError: they are not whole numbers that fit int64, shape (n,).
    """
    numbers = np.asarray(ids)
    if numbers.size == 0:
        return np.empty(0, np.int64)
    if numbers.ndim != 1 or not np.can_cast(numbers.dtype, np.int64):
        raise ValueError("ids must be whole numbers that fit int64, shape (n,)")
    return numbers.astype(np.int64)


def rows_of(signals: object) -> Rows:
    """Return a copy of signals as words.

    Raises:
        MalformedSignal: they are not uint8 of shape (n, 32).
    """
    if not isinstance(signals, np.ndarray) or signals.dtype != np.uint8:
        raise MalformedSignal("signals must be an array of uint8")
    if signals.ndim != 2 or signals.shape[1] != SIGNAL_BYTES:
        raise MalformedSignal("signals must have shape (n, 32)")
    return np.array(signals, order="C").view(np.uint64)


def _most(limit: int | None) -> int:
    if limit is None:
        return NO_LIMIT
    if not 0 < index(limit) < NO_LIMIT:
        raise ValueError("limit must be positive, or None")
    return index(limit)
