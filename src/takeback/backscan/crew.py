"""Workers in processes of this machine.

Each is started afresh and spoken to through a pipe of its own, so that it ends by itself when
whoever started it is killed. One that dies is replaced and its shard done again.
"""

import multiprocessing
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Final

from takeback.backscan.outcome import Outcome, Task
from takeback.backscan.worker import Work, Worker
from takeback.errors import NotReady, TakebackError

DEATHS: Final = 3
"""Workers in a row that may die before the scan gives up."""

PATIENCE: Final = 5.0
"""Seconds that a worker gets to end."""

_SPAWN = multiprocessing.get_context("spawn")


@dataclass(slots=True, eq=False)
class _Hand:
    """One worker process, and the shard it is at."""

    process: Any
    pipe: Connection
    task: Task | None = None

    @classmethod
    def start(cls, work: Work) -> "_Hand":
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_serve, args=(work, theirs), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours)

    def give(self, task: Task) -> None:
        self.task = task
        with suppress(OSError):  # dead: the answer says so
            self.pipe.send(task)

    def answer(self) -> Outcome | TakebackError | None:
        """Return what it says, or None if it died."""
        try:
            said: Outcome | TakebackError = self.pipe.recv()
        except (EOFError, OSError):
            return None
        return said

    def end(self) -> None:
        self.pipe.close()
        self.process.terminate()
        self.process.join(PATIENCE)
        self.process.kill()  # a video may be under way
        self.process.join()


def _serve(work: Work, pipe: Connection) -> None:
    """Do shards until nobody asks for another."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the scan to handle
    signal.signal(signal.SIGTERM, _leave)
    worker = None
    try:
        worker = Worker.of(work)
        while True:
            pipe.send(worker.do(pipe.recv()))
    except TakebackError as error:
        pipe.send(error)
    except (EOFError, OSError):
        return
    finally:
        if worker is not None:
            worker.close()


def _leave(*_: object) -> None:
    raise SystemExit(0)


@dataclass(slots=True)
class Crew:
    """Some workers; each has one shard at a time."""

    work: Work
    size: int
    _hands: list[_Hand] = field(default_factory=list)
    _deaths: int = 0

    def outcomes(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Yield what became of each shard, in the order in which they are done.

        Raises:
            TakebackError: what a worker could not go on for.
            NotReady: worker after worker dies.
        """
        waiting = iter(tasks)
        try:
            for task in waiting:
                self._hands.append(_Hand.start(self.work))
                self._hands[-1].give(task)
                if len(self._hands) == self.size:
                    break
            while self._hands:
                yield from self._next(waiting)
        finally:
            self.close()

    def close(self) -> None:
        """End every worker."""
        while self._hands:
            self._hands.pop().end()

    def _next(self, waiting: Iterator[Task]) -> Iterator[Outcome]:
        for pipe in wait([hand.pipe for hand in self._hands]):
            hand = next(each for each in self._hands if each.pipe is pipe)
            said = hand.answer()
            if isinstance(said, TakebackError):
                raise said
            if said is None:
                self._replace(hand)
                continue
            self._deaths = 0
            self._go_on(hand, next(waiting, None))
            yield said

    def _go_on(self, hand: _Hand, task: Task | None) -> None:
        if task is not None:
            hand.give(task)
        else:
            self._hands.remove(hand)
            hand.end()

    def _replace(self, dead: _Hand) -> None:
        self._deaths += 1
        self._hands.remove(dead)
        dead.end()
        if self._deaths >= DEATHS or dead.task is None:
            raise NotReady("worker after worker died; is there enough memory?")
        fresh = _Hand.start(self.work)
        self._hands.append(fresh)
        fresh.give(dead.task)
