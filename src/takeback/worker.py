"""The worker: does what is due, one row after the other, and outlives every failure.

A row that fails keeps its lease and comes up again when that runs out; a database that is
away makes the worker wait longer each time. The log names the kind of work and of failure,
never the subject. Knows no kind of work: handlers are handed in.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from takeback.due import DueTable, Handler, Lease, LeaseLost

PERIOD = 1.0
"""Seconds between two looks at the table when nothing was due."""

TIDY_PERIOD = 300.0
"""Seconds between two calls of ``tidy``."""

LONGEST_WAIT = 60.0
"""Seconds, at most, between two tries while the table can't be read."""


@dataclass(slots=True)
class Worker:
    """Runs *handlers* for what is due, in a thread of its own or in the caller's."""

    due: DueTable
    handlers: Mapping[str, Handler]
    changed: Callable[[], None] = lambda: None
    """Called after work was done, so that whoever waits for news can look."""

    tidy: Callable[[], None] = lambda: None
    """Called now and then, whether or not anything was due."""

    _tidied: float = -TIDY_PERIOD
    _stop: threading.Event = field(default_factory=threading.Event)
    _wake: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Work until :meth:`stop` is called."""
        failures = 0
        while not self._stop.is_set():
            try:
                done = self.run_once()
                self._tidy_at_times()
                failures = 0
            except Exception as error:  # the outermost loop: a worker outlives its database
                failures += 1
                done = 0
                _log_failure("worker.can_not_read", "due", error)
            if not done:
                self._rest(failures)

    def run_once(self) -> int:
        """Do what is due now, and return how many rows were done."""
        leases = [lease for lease in self.due.lease() if lease.kind in self.handlers]
        done = sum(self._do(lease) for lease in leases)
        if done:
            self.changed()
        return done

    def wake(self) -> None:
        """Look at once, without waiting for the period to end."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the row at hand, then stop."""
        self._stop.set()
        self._wake.set()

    @contextmanager
    def in_thread(self) -> Iterator["Worker"]:
        """Run in a thread, and wait for it to end on the way out."""
        thread = threading.Thread(target=self.run, name="takeback-worker")
        thread.start()
        try:
            yield self
        finally:
            self.stop()
            thread.join()

    def _tidy_at_times(self) -> None:
        if time.monotonic() - self._tidied >= TIDY_PERIOD:
            self._tidied = time.monotonic()
            self.tidy()

    def _rest(self, failures: int) -> None:
        self._wake.wait(min(PERIOD * 2**failures, LONGEST_WAIT))
        self._wake.clear()

    def _do(self, lease: Lease) -> bool:
        """Do one row; a failure rolls it back and leaves it for a later try."""
        if self._stop.is_set():
            return False
        try:
            self.due.finish(lease, self.handlers[lease.kind])
        except LeaseLost:
            structlog.get_logger().info("worker.lease_lost", kind=lease.kind)
            return False
        except Exception as error:  # the outermost loop: one bad row must not stop the others
            _log_failure("worker.failed", lease.kind, error, attempt=lease.attempts)
            return False
        structlog.get_logger().info("worker.done", kind=lease.kind)
        return True


def _log_failure(event: str, kind: str, error: Exception, **facts: int) -> None:
    """Log the kind of failure only: its message may name the subject."""
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    structlog.get_logger().error(event, kind=kind, error=name, **facts)
