"""The worker does what is due once, and one bad row, or a lost database, does not stop it."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import structlog

from takeback.db import Database
from takeback.due import LEASE, DueTable
from takeback.web import logging as weblog
from takeback.worker import Worker
from tests.conftest import FakeClock

SUBJECT = "case_0123456789abcdef"


@pytest.fixture
def due(database: Database, clock: FakeClock) -> DueTable:
    """An empty due-table."""
    return DueTable(database, clock)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the worker logs."""
    stream = io.StringIO()
    weblog.configure(stream)
    yield stream
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


def test_what_is_due_is_done_once(due: DueTable, clock: FakeClock) -> None:
    """A row is done when its time has come, and never again."""
    done: list[str] = []
    worker = Worker(due, {"case.purge": done.append})
    due.put("case.purge", SUBJECT, clock() + timedelta(days=1))

    before = worker.run_once()
    clock.advance(timedelta(days=1))
    after = [worker.run_once(), worker.run_once()]

    assert (before, after, done) == (0, [1, 0], [SUBJECT])


def test_a_row_that_fails_comes_up_again_and_stops_no_other(
    due: DueTable, clock: FakeClock
) -> None:
    """A failure rolls its own row back; the lease's end is the back-off."""
    done: list[str] = []

    def fails_first(subject: str) -> None:
        if subject == "item_bad" and clock() < start + LEASE:
            raise OSError("disk full")
        done.append(subject)

    start = clock()
    worker = Worker(due, {"case.purge": fails_first})
    due.put("case.purge", "item_bad", start)
    due.put("case.purge", "item_good", start)

    first = worker.run_once()
    at_once = worker.run_once()
    clock.advance(LEASE)
    later = worker.run_once()

    assert (first, at_once, later) == (1, 0, 1)
    assert done == ["item_good", "item_bad"]


def test_work_of_another_kind_is_left_alone(due: DueTable, clock: FakeClock) -> None:
    """A row without a handler stays for a worker that knows it."""
    due.put("notice.send", SUBJECT, clock())

    done = Worker(due, {"case.purge": lambda _subject: None}).run_once()

    assert done == 0
    assert due.due_at("notice.send", SUBJECT) == clock()


def test_a_lease_that_was_lost_changes_nothing(due: DueTable, clock: FakeClock) -> None:
    """Somebody else has the row: what was done is rolled back, and the worker goes on."""

    def slow(subject: str) -> None:
        raise AssertionError(f"not reached for {subject}")

    due.put("case.purge", SUBJECT, clock())
    slow_lease = due.lease()[0]
    clock.advance(LEASE)
    due.lease()
    worker = Worker(due, {"case.purge": slow})

    assert worker._do(slow_lease) is False


def test_the_log_names_no_subject_and_no_message(
    due: DueTable, clock: FakeClock, log: io.StringIO
) -> None:
    """Kind of work and kind of failure are logged; whom it was about is not."""

    def fail(subject: str) -> None:
        raise OSError(f"no room for {subject}")

    worker = Worker(due, {"case.purge": fail, "case.retention": lambda _subject: None})
    due.put("case.purge", SUBJECT, clock())
    due.put("case.retention", SUBJECT, clock())

    worker.run_once()

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {(line["event"], line["kind"]) for line in lines} == {
        ("worker.failed", "case.purge"),
        ("worker.done", "case.retention"),
    }
    assert SUBJECT not in log.getvalue()
    assert "no room" not in log.getvalue()


def test_who_waits_for_news_is_told_after_work_only(due: DueTable, clock: FakeClock) -> None:
    """The bell rings once for a round that did something."""
    rung: list[bool] = []
    worker = Worker(due, {"case.purge": lambda _subject: None}, changed=lambda: rung.append(True))

    worker.run_once()
    due.put("case.purge", SUBJECT, clock())
    worker.run_once()

    assert rung == [True]


def test_the_worker_outlives_its_database(log: io.StringIO) -> None:
    """While the table can't be read it waits longer each time, and goes on when it can."""
    back = threading.Event()
    tries: list[int] = []

    class Away:
        """A due-table that can't be read at first."""

        def lease(self) -> list[object]:
            """Fail once, then answer that nothing is due."""
            tries.append(len(tries))
            if len(tries) == 1:
                raise ConnectionError("gone")
            back.set()
            return []

    worker = Worker(Away(), {})  # type: ignore[arg-type]
    with worker.in_thread():
        worker.wake()
        assert back.wait(10)

    assert json.loads(log.getvalue().splitlines()[0])["event"] == "worker.can_not_read"


def test_a_worker_in_a_thread_does_what_is_due_and_stops(due: DueTable, clock: FakeClock) -> None:
    """Waking it is enough; leaving the block waits for it to end."""
    done = threading.Event()
    worker = Worker(due, {"case.purge": lambda _subject: done.set()})

    with worker.in_thread():
        due.put("case.purge", SUBJECT, clock())
        worker.wake()
        assert done.wait(10)

    assert not [thread for thread in threading.enumerate() if thread.name == "takeback-worker"]


def test_a_worker_tidies_even_when_nothing_is_due(due: DueTable) -> None:
    """What was erased leaves the write-ahead log although a reader was in the way at first."""
    tidied = threading.Event()
    worker = Worker(due, {}, tidy=tidied.set)

    with worker.in_thread():
        assert tidied.wait(10)
