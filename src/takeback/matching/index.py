"""The index: which entries lie within a radius of a looked-up signal, exactly.

It knows ids and signals and nothing else: no bank, no case, no person.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from takeback.errors import MalformedSignal

ROW = np.dtype([("query", np.int64), ("id", np.int64), ("distance", np.int64)])
"""One match: the number of the query in the call, the entry's id, the distance in bits."""

DEFAULT_LIMIT = 100


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a search found: rows of (query number, id, distance)."""

    rows: NDArray[np.void]
    """Shape (k,), dtype ``ROW``: by query number, then nearest first, then by id."""

    more: NDArray[np.bool_]
    """Shape (queries,): True where entries beyond the limit lie within the radius too."""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        return iter(self.rows.tolist())


class Index:
    """A set of (id, signal), searched by distance."""

    def __init__(self) -> None:
        self._signals: dict[int, NDArray[np.uint8]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._signals)

    def __contains__(self, entry_id: int) -> bool:
        return entry_id in self._signals

    def add(self, ids: ArrayLike, signals: NDArray[np.uint8]) -> None:
        """Add entries; an id that is there already gets the new signal.

        Args:
            ids: shape (n,), int64, each at most once.
            signals: shape (n, 32), uint8.

        Raises:
            MalformedSignal: *signals* is not uint8 of shape (n, 32).
            ValueError: *ids* are not n different integers.
        """
        numbers = np.asarray(ids, dtype=np.int64)
        _check_signals(signals)
        if len(set(numbers.tolist())) != len(signals):
            raise ValueError("ids must be as many as the signals, each at most once")
        with self._lock:
            self._signals = self._signals | dict(zip(numbers.tolist(), signals.copy(), strict=True))

    def withdraw(self, ids: ArrayLike) -> None:
        """Withdraw entries; an unknown id is no error."""
        gone = set(np.asarray(ids, dtype=np.int64).tolist())
        with self._lock:
            self._signals = {k: v for k, v in self._signals.items() if k not in gone}

    def search(
        self, signals: NDArray[np.uint8], radius: int = 31, *, limit: int | None = DEFAULT_LIMIT
    ) -> Answer:
        """Find every entry within *radius* bits of each signal, nearest first.

        Args:
            signals: shape (n, 32), uint8.
            radius: largest distance that is answered, 0-256.
            limit: most rows per query; None for all.

        Raises:
            MalformedSignal: *signals* is not uint8 of shape (n, 32).
        """
        _check_signals(signals)
        held = self._signals
        ids = np.fromiter(held, np.int64, len(held))
        bank = np.stack(list(held.values())) if held else np.zeros((0, 32), np.uint8)
        rows: list[tuple[int, int, int]] = []
        more = np.zeros(len(signals), np.bool_)
        for number, signal in enumerate(signals):
            distances = np.bitwise_count(bank ^ signal).sum(axis=1, dtype=np.int64)
            near = np.flatnonzero(distances <= radius)
            near = near[np.lexsort((ids[near], distances[near]))]
            more[number] = limit is not None and len(near) > limit
            rows += [(number, int(ids[i]), int(distances[i])) for i in near[:limit]]
        return Answer(np.array(rows, ROW), more)


def _check_signals(signals: Sequence[object] | NDArray[np.uint8]) -> None:
    if not isinstance(signals, np.ndarray) or signals.dtype != np.uint8:
        raise MalformedSignal("signals must be a uint8 array")
    if signals.ndim != 2 or signals.shape[1] != 32:
        raise MalformedSignal("signals must have shape (n, 32)")
