"""Work in several processes, telling on stderr how far it is and how long it will take."""

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Literal, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_processes(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    processes: int,
    name: str,
    *,
    start: Literal["spawn", "fork"] = "spawn",
) -> Iterator[tuple[Task, Result]]:
    """Yield each task with what became of it, in the order in which they are finished.

    Args:
        work: what is done; a function of a module.
        tasks: each is given to *work* once.
        processes: how many work at a time; with one, it is this process.
        name: what is told.
        start: *fork* shares what this process has in memory, and needs it to have no threads
            at work.
    """
    progress = Progress(name, len(tasks))
    for pair in _results(work, tasks, processes, start):
        progress.step()
        yield pair


class Progress:
    """Tells on stderr how much is done, and how long the rest will take."""

    def __init__(self, name: str, total: int) -> None:
        self._name, self._total, self._done = name, total, 0
        self._begun = time.monotonic()

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        last = self._done == self._total
        if not (last or sys.stderr.isatty() or self._done % max(1, self._total // 20) == 0):
            return
        left = (time.monotonic() - self._begun) / self._done * (self._total - self._done)
        told = f"{self._name}: {self._done} of {self._total}, {left:.0f} s left"
        end = "\r" if sys.stderr.isatty() and not last else "\n"
        print(f"{told:<70}", end=end, file=sys.stderr, flush=True)


def _results(
    work: Callable[[Task], Result], tasks: Sequence[Task], processes: int, start: str
) -> Iterator[tuple[Task, Result]]:
    if processes == 1 or len(tasks) < 2:
        for task in tasks:
            yield task, work(task)
        return
    context = multiprocessing.get_context(start)
    with ProcessPoolExecutor(processes, mp_context=context) as executor:
        jobs = {executor.submit(work, task): task for task in tasks}
        for job in as_completed(jobs):
            yield jobs.pop(job), job.result()
