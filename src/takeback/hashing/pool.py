"""Many pictures, hashed side by side in processes of their own.

Processes are started afresh, not forked: whoever breaks into a decoder finds no key
and no bank in memory. One that dies takes down no other picture.
"""

import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Final

from takeback.errors import NotAPicture
from takeback.hashing.picture import PictureSignals, hash_picture, warm_up

Source = bytes | os.PathLike[str]
Outcome = PictureSignals | NotAPicture

LOOK_AHEAD: Final = 2
"""Pictures handed out per process: one being hashed, one waiting."""


def hash_pictures(
    sources: Iterable[Source], *, processes: int | None = None, shrink: bool = False
) -> Iterator[Outcome]:
    """Hash pictures in parallel, in the order given.

    *sources* may be endless: only a few are read ahead. A program that calls this needs
    the usual ``if __name__ == "__main__":`` guard.

    Args:
        sources: as for :func:`hash_picture`.
        processes: how many to start; one per processor if not given.
        shrink: as for :func:`hash_picture`.

    Yields:
        For each source its signals, or the error that :func:`hash_picture` raised for it.
    """
    processes = processes or os.cpu_count() or 1
    pool = _Pool(processes, shrink)
    try:
        yield from pool.outcomes(sources, LOOK_AHEAD * processes)
    finally:
        pool.close()


def _outcome(source: Source, *, shrink: bool) -> Outcome:
    try:
        return hash_picture(source, shrink=shrink)
    except NotAPicture as error:
        return error


class _Pool:
    """Worker processes that are replaced when one of them dies."""

    def __init__(self, processes: int, shrink: bool) -> None:
        self._processes = processes
        self._outcome = partial(_outcome, shrink=shrink)
        self._executor = _start(processes)

    def outcomes(self, sources: Iterable[Source], ahead: int) -> Iterator[Outcome]:
        """Yield what became of each source, reading no more than *ahead* of them in advance."""
        waiting: deque[tuple[Source, Future[Outcome]]] = deque()
        for source in sources:
            waiting.append((source, self._submit(source)))
            if len(waiting) == ahead:
                yield self._result(*waiting.popleft())
        while waiting:
            yield self._result(*waiting.popleft())

    def close(self) -> None:
        """Drop what waits and end the processes."""
        self._executor.shutdown(cancel_futures=True)

    def _submit(self, source: Source) -> Future[Outcome]:
        try:
            return self._executor.submit(self._outcome, source)
        except BrokenProcessPool:
            self.close()
            self._executor = _start(self._processes)
            return self._executor.submit(self._outcome, source)

    def _result(self, source: Source, future: Future[Outcome]) -> Outcome:
        try:
            return future.result()
        except BrokenProcessPool:
            return self._alone(source)

    def _alone(self, source: Source) -> Outcome:
        """Hash one picture again where it can hurt no other.

        Raises:
            BrokenProcessPool: no process could be started at all.
        """
        with _start(1) as executor:
            executor.submit(warm_up).result()
            try:
                return executor.submit(self._outcome, source).result()
            except BrokenProcessPool:
                return NotAPicture("decoding the picture stopped the program that tried")


def _start(processes: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, mp_context=context, initializer=warm_up)
