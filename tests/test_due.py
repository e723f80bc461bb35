"""The due-table: nothing is lost, nothing happens twice."""

from datetime import timedelta

import pytest

from takeback.db import Database
from takeback.due import LEASE, DueTable, LeaseLost
from tests.conftest import FakeClock


@pytest.fixture
def due(database: Database, clock: FakeClock) -> DueTable:
    """An empty due-table."""
    return DueTable(database, clock)


def test_nothing_happens_before_its_time(due: DueTable, clock: FakeClock) -> None:
    """A row is leased once its instant has come and not a moment earlier."""
    due.put("purge", "a", clock() + timedelta(hours=1))

    early = due.lease()
    clock.advance(timedelta(hours=1))
    late = due.lease()

    assert early == []
    assert [row.subject for row in late] == ["a"]


def test_a_leased_row_is_not_given_to_a_second_worker(due: DueTable, clock: FakeClock) -> None:
    """Two workers never do the same thing at the same time."""
    due.put("purge", "a", clock())

    first, second = due.lease(), due.lease()

    assert [len(first), len(second)] == [1, 0]


def test_a_worker_that_lost_its_lease_changes_nothing(due: DueTable, clock: FakeClock) -> None:
    """A slow worker's effect is rolled back when somebody else has the row."""
    due.put("purge", "a", clock())
    [slow] = due.lease()
    clock.advance(LEASE)
    [quick] = due.lease()

    with pytest.raises(LeaseLost):
        due.finish(slow, lambda subject: due.put("effect", subject, clock()))

    assert due.due_at("effect", "a") is None
    due.finish(quick, lambda subject: due.put("effect", subject, clock()))
    assert due.due_at("effect", "a") == clock()


def test_work_that_fails_stays_due(due: DueTable, clock: FakeClock) -> None:
    """An error rolls back the removal, and the row is leased again after the lease."""

    def fail(subject: str) -> None:
        raise OSError("disk full")

    due.put("purge", "a", clock())
    with pytest.raises(OSError, match="disk full"):
        due.run({"purge": fail})
    clock.advance(LEASE)

    assert due.run({"purge": lambda subject: None}) == 1
    assert due.run({"purge": lambda subject: None}) == 0


def test_putting_again_moves_the_time(due: DueTable, clock: FakeClock) -> None:
    """One kind and subject has one time: the last one put."""
    due.put("purge", "a", clock())
    due.put("purge", "a", clock() + timedelta(days=1))

    assert due.lease() == []
    assert due.due_at("purge", "a") == clock() + timedelta(days=1)


def test_a_handler_may_make_the_same_thing_due_again(due: DueTable, clock: FakeClock) -> None:
    """A repeating job puts its own next time and loses nothing."""
    later = clock() + timedelta(days=1)
    due.put("check", "a", clock())

    due.run({"check": lambda subject: due.put("check", subject, later)})

    assert due.due_at("check", "a") == later


def test_work_that_an_earlier_row_dropped_is_passed_over(due: DueTable, clock: FakeClock) -> None:
    """A purge drops the other timers of its case, which may be in the same batch."""
    due.put("purge", "a", clock())
    due.put("retention", "a", clock())
    done: list[str] = []

    count = due.run(
        {"purge": lambda subject: due.drop("retention", subject), "retention": done.append}
    )

    assert (count, done) == (1, [])
