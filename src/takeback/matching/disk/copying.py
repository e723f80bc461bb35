"""Lasting copies of the marks, made in the background so that old logs can go."""

import threading
from typing import Generic

from takeback.matching.disk.recovery import P
from takeback.matching.disk.store import Store


class Copying(Generic[P]):
    """What a ``Merger`` does when there is nothing to merge.

    Args:
        store: whose marks are copied.
        writing: the lock under which the index changes.
        seconds: how old a log gets.
    """

    def __init__(self, store: Store[P], writing: threading.Lock, seconds: float) -> None:
        self._store, self._writing, self._seconds = store, writing, seconds

    def due(self) -> bool:
        """Tell whether there are too many logs, or one is too old."""
        return self._store.copies_due(self._seconds)

    def run(self) -> None:
        """Copy the marks, write the copies, and let them hold."""
        with self._writing:
            marks = self._store.marks()
        copies = [(part, self._store.write_marks(words), seq) for part, words, seq in marks]
        with self._writing:
            self._store.put_marks(copies)
