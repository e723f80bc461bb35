"""Merging in the background: a thread that works while an index has segments to merge.

It is handed how to choose, merge and put in place, and knows nothing else of the index.
"""

import threading
import time
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from takeback.errors import Conflict, NotReady

Ids = NDArray[np.int64]
S = TypeVar("S")


class Tidying(Protocol):
    """What else is done in the background, once there is nothing to merge."""

    def due(self) -> bool:
        """Tell whether there is something to do. The lock is held."""

    def run(self) -> None:
        """Do it. The lock is not held."""


PAUSE_SECONDS: Final = 10.0
"""How long after a merge that there was no room for, on the disk or in memory, the next one is
tried; twice as long each time …"""

MOST_DOUBLINGS: Final = 6
"""… up to ten minutes."""


class Merging(NamedTuple, Generic[S]):
    """How an index merges. The lock is held for all but ``merge``."""

    due: Callable[[], list[S]]
    """Choose the segments to merge next; none if the index is settled."""

    merge: Callable[[list[S]], S]
    """Make one segment of them, which nobody sees yet."""

    put: Callable[[list[S], S, list[Ids]], None]
    """Show the new segment instead of its sources, less the entries that ended meanwhile."""


class Merger(Generic[S]):
    """The thread, and what ended while it merged.

    Args:
        name: the thread's.
        writing: the lock under which the index changes; held by whoever calls ``run_if_due``
            and ``note``.
        merging: how this index does it.
        tidying: what else there may be to do.
    """

    def __init__(
        self,
        name: str,
        writing: threading.Lock,
        merging: Merging[S],
        tidying: Tidying | None = None,
    ) -> None:
        self._name, self._writing = name, writing
        self._merging, self.tidying = merging, tidying
        self._thread: threading.Thread | None = None
        self._ended: list[Ids] = []
        self._not_before = 0.0
        self._refusals = 0
        """How many there were since something was merged."""
        self._stopped = False

    def run_if_due(self) -> None:
        """Start the thread if there is something to merge and it does not run."""
        if self._stopped or self._runs() or time.monotonic() < self._not_before:
            return
        if self._merging.due() or self._untidy():
            self._thread = threading.Thread(target=self._merge_all, name=self._name, daemon=True)
            self._thread.start()

    def note(self, ids: Ids) -> None:
        """Note entries that end, for a merge that may have copied them already."""
        if self._runs():
            self._ended.append(ids)

    def settle(self) -> None:
        """Wait until no merge is due."""
        while (thread := self._thread) is not None and thread.is_alive():
            thread.join()

    def stop(self) -> None:
        """Begin no other merge, and drop what the one that runs makes."""
        self._stopped = True

    def _runs(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _untidy(self) -> bool:
        return self.tidying is not None and self.tidying.due()

    def _merge_all(self) -> None:
        try:
            while work := self._next():
                work()
                self._refusals = 0
        except (MemoryError, OSError, NotReady):
            self._pause()
            if self._refusals == 1:  # said once, not again and again
                raise
        except Conflict:  # the index was closed meanwhile, and may be another writer's by now
            if not self._stopped:
                raise

    def _pause(self) -> None:
        doublings = min(self._refusals, MOST_DOUBLINGS)
        self._not_before = time.monotonic() + PAUSE_SECONDS * 2**doublings
        self._refusals += 1

    def _next(self) -> Callable[[], None] | None:
        """Choose what to do next; nothing, and the thread ends."""
        with self._writing:
            self._ended.clear()
            if self._stopped:
                return None
            if sources := self._merging.due():
                return lambda: self._merge_once(sources)
            if self.tidying is not None and self.tidying.due():
                return self.tidying.run
            self._thread = None
            return None

    def _merge_once(self, sources: list[S]) -> None:
        merged = self._merging.merge(sources)
        with self._writing:
            if not self._stopped:
                self._merging.put(sources, merged, self._ended)
