"""Several equal processes on one socket: started, started again where they end, and replaced.

SIGHUP replaces them one by one: a new one listens before an old one stops, and the socket is
never closed, so that no caller is refused. Where this process dies, the others stop.
"""

import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec
from prometheus_client.multiprocess import mark_process_dead

from takeback import errors
from takeback.errors import TakebackError, Unavailable
from takeback.matcher.log import log
from takeback.matcher.options import MatcherOptions
from takeback.matcher.worker import Greeting, sent

FIRST_DELAY: Final = 0.5
"""Seconds before a process that ended soon after its start is started again …"""

LONGEST_DELAY: Final = 30.0
"""… twice as many each time, up to this."""

STEADY_SECONDS: Final = 10.0
"""A process that lived so long is started again at once."""

STOP_SECONDS: Final = 30.0
"""How long a process that was asked to stop may take."""

LOOK_SECONDS: Final = 0.2
"""How often the processes are looked at."""


@dataclass(slots=True, eq=False)
class Worker:
    """One process that answers."""

    process: subprocess.Popen[bytes]
    line: socket.socket
    """Its greeting comes here; its other end tells it that we live."""

    generation: int
    started: float = field(default_factory=time.monotonic)
    ready: bool = False
    stop_by: float = 0.0
    """When it is killed; 0 while it may live."""

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.process.poll() is not None

    def stop(self, how: signal.Signals) -> None:
        """Ask it to stop; kill it when it had its time."""
        if not self.stop_by:
            self.stop_by = time.monotonic() + STOP_SECONDS
            self.process.send_signal(how)
        elif time.monotonic() > self.stop_by:
            self.process.kill()


@dataclass(slots=True, eq=False)
class Place:
    """Where one process belongs: the one that answers there, and the one that follows it."""

    worker: Worker | None = None
    successor: Worker | None = None
    delay: float = 0.0
    due: float = 0.0
    """When the next may be started."""

    def failed(self, worker: Worker) -> None:
        """Take note that *worker* ended unasked."""
        lived = time.monotonic() - worker.started
        steady = worker.ready and lived > STEADY_SECONDS
        self.delay = 0.0 if steady else min(LONGEST_DELAY, max(FIRST_DELAY, self.delay * 2))
        self.due = time.monotonic() + self.delay


@dataclass(slots=True)
class Supervisor:
    """Keeps so many processes answering on a socket."""

    options: MatcherOptions
    sock: socket.socket
    metrics: str
    """Directory in which the processes count."""

    ready: Callable[[], None]
    """Called once, when the first process answers."""

    generation: int = 0
    stopping: bool = False
    places: list[Place] = field(default_factory=list)
    leaving: list[Worker] = field(default_factory=list)
    _announced: bool = False

    def run(self) -> None:
        """Supervise until SIGINT or SIGTERM.

        Raises:
            TakebackError: the first process could not start.
        """
        self.places = [Place() for _ in range(self.options.processes)]
        with self._signals():
            try:
                while not self.stopping:
                    for place in self.places:
                        self._end(place)
                        if not self.stopping:
                            self._begin(place)
                    self._replace()
                    self._leave()
                    self._listen()
            finally:
                self._stop()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(*_: object) -> None:
            self.stopping = True

        def renew(*_: object) -> None:
            self.generation += 1

        handlers = {signal.SIGINT: stop, signal.SIGTERM: stop, signal.SIGHUP: renew}
        kept = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)

    def _end(self, place: Place) -> None:
        """Clear away what ended unasked."""
        for name in ("worker", "successor"):
            worker: Worker | None = getattr(place, name)
            if worker is not None and worker.ended:
                self._hear(worker)
                log().warning("process.ended", code=worker.process.returncode)
                self._forget(worker)
                place.failed(worker)
                setattr(place, name, None)

    def _begin(self, place: Place) -> None:
        if place.worker is None and time.monotonic() >= place.due:
            place.worker, place.successor = place.successor or self._start(), None

    def _replace(self) -> None:
        """Go on with replacing: one place at a time."""
        for place in self.places:
            if place.worker is None or place.worker.generation == self.generation:
                continue
            if place.successor is None:
                if time.monotonic() >= place.due:
                    place.successor = self._start()
            elif place.successor.ready:
                place.worker.stop(signal.SIGHUP)
                self.leaving.append(place.worker)
                place.worker, place.successor = place.successor, None
            return

    def _leave(self) -> None:
        """Wait for those that were replaced."""
        for worker in list(self.leaving):
            if worker.ended:
                self.leaving.remove(worker)
                self._forget(worker)
            else:
                worker.stop(signal.SIGHUP)

    def _listen(self) -> None:
        """Wait a little, or until a process says something."""
        with selectors.DefaultSelector() as selector:
            for worker in self._workers():
                if not worker.ready:
                    selector.register(worker.line, selectors.EVENT_READ, worker)
            for key, _ in selector.select(LOOK_SECONDS):
                self._hear(key.data)

    def _hear(self, worker: Worker) -> None:
        """Take a process's greeting, if there is one."""
        if worker.ready:
            return
        with suppress(OSError, msgspec.DecodeError):
            greeting = msgspec.json.decode(worker.line.recv(65536), type=Greeting)
            if greeting.error and not self._announced:
                raise refusal(greeting)
            worker.ready = not greeting.error
        if worker.ready and not self._announced:
            self._announced = True
            self.ready()

    def _workers(self) -> Iterator[Worker]:
        for place in self.places:
            yield from (each for each in (place.worker, place.successor) if each is not None)

    def _start(self) -> Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            descriptors = (theirs.fileno(), self.sock.fileno())
            process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-P", "-m", "takeback.matcher.worker", *map(str, descriptors)],
                pass_fds=descriptors,
                env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": self.metrics},
                start_new_session=True,  # Ctrl-C in a terminal is for us to handle
            )
        ours.sendall(sent(shared_out(self.options)))
        ours.setblocking(False)
        log().info("process.started", generation=self.generation)
        return Worker(process, ours, self.generation)

    def _forget(self, worker: Worker) -> None:
        worker.line.close()
        mark_process_dead(worker.process.pid, self.metrics)  # type: ignore[no-untyped-call]

    def _stop(self) -> None:
        """Stop every process, and kill those that do not."""
        workers = [*self._workers(), *self.leaving]
        while any(not worker.ended for worker in workers):
            for worker in workers:
                if not worker.ended:
                    worker.stop(signal.SIGTERM)
            time.sleep(0.05)


def refusal(greeting: Greeting) -> TakebackError:
    """Return the error that a process could not start for."""
    kind = getattr(errors, greeting.error, Unavailable)
    if not (isinstance(kind, type) and issubclass(kind, TakebackError)):
        kind = Unavailable
    error = kind.__new__(kind)
    error.args = (greeting.detail,)
    return error


def shared_out(options: MatcherOptions) -> MatcherOptions:
    """Return the options of one of the processes: its part of what hashes and of what waits."""
    return replace(
        options,
        hashers=_part(options.hashers, options.processes),
        video_hashers=_part(options.video_hashers, options.processes),
        waiting_pictures=_part(options.waiting_pictures, options.processes),
        waiting_videos=_part(options.waiting_videos, options.processes),
    )


def _part(whole: int, processes: int) -> int:
    return -(-whole // processes)


def supervise(options: MatcherOptions, sock: socket.socket, ready: Callable[[], None]) -> None:
    """Answer on *sock* with several processes until SIGINT or SIGTERM.

    Raises:
        TakebackError: the first process could not start.
    """
    with tempfile.TemporaryDirectory(prefix="takeback-matcher-") as metrics:
        Supervisor(options, sock, metrics, ready).run()
