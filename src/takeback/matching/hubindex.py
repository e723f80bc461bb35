"""The hub's own index of active entries, one for each bank, kept up to date from the bank.

It is disposable: built from the database at the first look-up and brought up to date before
every one, so that a withdrawn entry stops in every process at once. Nobody may ask it but
through ``Bank.search``, which reads again what each match is before it says anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.signal import MATCH_DISTANCE
from takeback.ids import EntryId
from takeback.matching.exact.index import Index
from takeback.matching.model import BANKS, Head
from takeback.matching.paging import Paging

_BATCH: Final = 50_000

Row = tuple[EntryId, str, bytes | None]


def _fresh() -> dict[str, Index]:
    return {bank: Index() for bank in BANKS}


@dataclass(slots=True)
class HubIndex:
    """Which entries lie near a looked-up signal. Safe to use from several threads."""

    head: Head | None = None
    """How far this index has read; None before the first time."""
    indexes: dict[str, Index] = field(default_factory=_fresh)
    _lock: Lock = field(default_factory=Lock)

    def refresh(self, head: Head, paging: Paging) -> None:
        """Read what changed up to *head*, inside the reading transaction that *head* is of.

        Another thread may have read further already; that does no harm, because every match
        is read again in the caller's own transaction.
        """
        with self._lock:
            if self.head is None or self.head.epoch != head.epoch:
                self.indexes, self.head = _fresh(), Head(0, head.epoch)
            if self.head.seq < head.seq:
                rows = paging.since(self.head.seq)
                while batch := list(islice(rows, _BATCH)):
                    self._apply(batch)
                self.head = head

    def search(
        self, signals: NDArray[np.uint8], banks: Iterable[str], limit: int
    ) -> tuple[list[list[tuple[int, EntryId]]], NDArray[np.bool_]]:
        """Search the *banks*.

        Args:
            signals: shape (n, 32), uint8.
            banks: the banks to look in.
            limit: most matches of each signal in each bank.

        Returns:
            For each signal (distance, entry), nearest first; and shape (n,), whether some bank
            holds more than *limit*.
        """
        near: list[list[tuple[int, EntryId]]] = [[] for _ in signals]
        more = np.zeros(len(signals), np.bool_)
        indexes = self.indexes
        for bank in sorted(banks):
            answer = indexes[bank].search(signals, MATCH_DISTANCE, limit=limit)
            more |= answer.more
            for query, entry_id, distance in answer:
                near[query].append((distance, EntryId(entry_id)))
        return [sorted(each) for each in near], more

    def _apply(self, batch: list[Row]) -> None:
        for bank, index in self.indexes.items():
            mine = {entry_id: signal for entry_id, of, signal in batch if of == bank}
            index.withdraw([entry_id for entry_id, signal in mine.items() if signal is None])
            active = {entry_id: signal for entry_id, signal in mine.items() if signal is not None}
            packed = np.frombuffer(b"".join(active.values()), np.uint8).reshape(-1, 32)
            index.add(list(active), packed)
