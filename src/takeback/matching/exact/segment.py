"""The two places where an index keeps its rows: a short tail that grows, segments that do not.

Neither is ever locked. Each row carries the version of the index at which it
ended, so that a search which began before still sees it and a later one does not.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from takeback.matching.exact import kernels
from takeback.matching.exact.kernels import Question, Tables
from takeback.matching.exact.layout import FLIP_MASKS, Layout, Rows

Ids = NDArray[np.int64]
Positions = NDArray[np.int64]

LASTING = np.iinfo(np.int64).max
"""What ``ended`` holds for a row that has not ended."""

NO_LIMIT = 1 << 32
"""More hits than a segment can hold."""

NOWHERE: Positions = np.empty(0, np.int64)

_POSITION = np.uint64(0xFFFFFFFF)
_DISTANCE_SHIFT = np.uint64(32)


class Found(NamedTuple):
    """Entries near one query: two columns of the same length."""

    ids: NDArray[np.int64]
    distances: NDArray[np.int64]


@dataclass(slots=True, eq=False)
class Segment:
    """Rows in ascending order of their ids, searched through tables unless it is small."""

    ids: Ids
    rows: Rows
    layout: Layout | None = None
    tables: Tables | None = None
    ended: NDArray[np.int64] = field(init=False)
    lasting: int = field(init=False)
    """How many rows have not ended."""

    def __post_init__(self) -> None:
        self.lasting = len(self.ids)
        self.ended = self.tables.ended if self.tables else np.full(len(self.ids), LASTING)

    def find(self, ids: Ids) -> tuple[Positions, Positions]:
        """Return which of *ids* are here and have not ended, and at what positions."""
        places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        here = np.flatnonzero((self.ids[places] == ids) & (self.ended[places] == LASTING))
        return here, places[here]

    def end(self, positions: Positions, version: int) -> None:
        """Hide rows from every search of *version* or later."""
        self.ended[positions] = version
        self.lasting -= len(positions)

    def signals(self, positions: Positions) -> Rows:
        """Return a copy of the rows at *positions* as they were added."""
        signals = self.rows[positions]
        if self.layout:
            self.layout.restore(signals, signals)
        return signals

    def search(self, question: Question) -> Found:
        """Find the nearest rows, in order; the question's words are a signal as it was given."""
        if self.layout is None or self.tables is None:
            return _found(self.ids, kernels.scan(self.rows, self.ended, question))
        words = np.empty((1, 4), np.uint64)
        self.layout.deal(question.words.reshape(1, 4), words)
        dealt = question._replace(words=words[0])
        if question.radius > self.layout.reach:
            return _found(self.ids, kernels.scan(self.rows, self.ended, dealt))
        return _found(self.ids, kernels.search_tables(self.tables, dealt, FLIP_MASKS))


class Tail:
    """The newest rows, in the order of their arrival, up to a fixed number."""

    def __init__(self, capacity: int) -> None:
        self.ids = np.empty(capacity, np.int64)
        self.rows = np.empty((capacity, 4), np.uint64)
        self.ended = np.empty(capacity, np.int64)
        self.size = 0
        self._places: dict[int, int] = {}

    @property
    def lasting(self) -> int:
        """Return how many rows have not ended."""
        return len(self._places)

    def has_room(self, count: int) -> bool:
        """Tell whether *count* more rows fit."""
        return self.size + count <= len(self.ids)

    def append(self, ids: Ids, rows: Rows) -> None:
        """Add rows; a search sees them once a snapshot counts them."""
        new = slice(self.size, self.size + len(ids))
        self.ids[new], self.rows[new], self.ended[new] = ids, rows, LASTING
        self._places.update(zip(ids.tolist(), range(new.start, new.stop), strict=True))
        self.size = new.stop

    def find(self, ids: Ids) -> tuple[Positions, Positions]:
        """Return which of *ids* are here and have not ended, and at what positions."""
        if not self._places:
            return NOWHERE, NOWHERE
        places = np.array([self._places.get(key, -1) for key in ids.tolist()], np.int64)
        here = np.flatnonzero(places >= 0)
        return here, places[here]

    def end(self, positions: Positions, version: int) -> None:
        """Hide rows from every search of *version* or later."""
        self.ended[positions] = version
        for key in self.ids[positions].tolist():
            del self._places[key]

    def signals(self, positions: Positions) -> Rows:
        """Return a copy of the rows at *positions*."""
        return self.rows[positions]

    def remaining(self) -> tuple[Ids, Rows]:
        """Return the rows that have not ended."""
        places = np.fromiter(self._places.values(), np.int64, len(self._places))
        return self.ids[places], self.rows[places]

    def search(self, question: Question, size: int) -> Found:
        """Find every row within the radius among the first *size*, in no useful order."""
        every = question._replace(want=NO_LIMIT)
        return _found(self.ids, kernels.scan(self.rows[:size], self.ended[:size], every))


def _found(ids: Ids, hits: NDArray[np.uint64]) -> Found:
    return Found(ids[hits & _POSITION], (hits >> _DISTANCE_SHIFT).astype(np.int64))
