"""What the courier sends, and what waits for nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from takeback.errors import NotFound, QuotaSpent, Unavailable
from takeback.exchange.wire import MAX_REPORTS
from takeback.matcher.courier import Courier
from takeback.matcher.outbox import Outbox, Report
from takeback.matcher.state import State

NOON = datetime(2030, 3, 5, 12, tzinfo=UTC)


@dataclass
class Hub:
    """Takes reports until the day's quota is spent; what it refuses is counted too."""

    bad: set[str] = field(default_factory=set)
    quota: int = 10_000
    calls: int = 0
    spent: int = 0
    reports: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)

    async def confirm(self, marker: str) -> None:
        """Take a confirmation, which costs nothing."""
        self.confirmed.append(marker)

    async def report(self, reports: Sequence[Report]) -> None:
        """Take reports, all or none."""
        if self.spent + len(reports) > self.quota:
            raise QuotaSpent("the quota of this day is used up")
        self.calls += 1
        self.spent += len(reports)
        ids = [report.id for report in reports]
        if self.bad & set(ids):
            raise NotFound("no such entry")
        self.reports += ids


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """A state file."""
    state = State(tmp_path / "data")
    yield state
    state.close()


def courier(state: State, hub: Hub, sleep: Callable[[float], Awaitable[None]]) -> Courier:
    """Return a courier to that hub."""
    return Courier(state.source("https://hub.example"), Outbox(state, lambda: NOON), hub, sleep)


def say(courier: Courier, ids: Sequence[str]) -> None:
    """Put responses into the outbox."""
    courier.outbox.put([(courier.source, Report("response", one, b"{}")) for one in ids])


async def sleepless(_: float) -> None:
    """Sleep not at all."""


def test_no_confirmation_waits_for_reports_that_the_hub_does_not_take(state: State) -> None:
    """Where the day's reports are used up they wait for an hour, but withdrawals go on."""
    hub = Hub(quota=0)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.Event().wait()

    async def act() -> None:
        sending = courier(state, hub, sleep)
        say(sending, ["one"])
        running = asyncio.create_task(sending.run())
        async with asyncio.timeout(10):
            while not slept:
                await asyncio.sleep(0.01)
            with state.transaction() as db:
                db.execute("UPDATE sources SET complete_generation = generation")
                db.execute("INSERT INTO confirmations VALUES (?, 'marker')", (sending.source,))
            sending.wake()
            while not hub.confirmed:
                await asyncio.sleep(0.01)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(act())

    assert slept == [QuotaSpent.retry_after]
    assert hub.confirmed == ["marker"]


def test_what_the_hub_refuses_costs_at_most_twice_its_number(state: State) -> None:
    """A hub counts refused reports too; the rest of its day is for the others."""
    junk = [f"junk{n}" for n in range(MAX_REPORTS)]
    hub = Hub(bad=set(junk))
    sending = courier(state, hub, sleepless)
    say(sending, [*junk, "real"])

    asyncio.run(sending.report())

    assert hub.reports == ["real"]
    assert hub.spent == 2 * MAX_REPORTS + 1
    assert sending.outbox.refused() == MAX_REPORTS


def test_among_refused_reports_the_others_arrive_in_order(state: State) -> None:
    """Nothing is lost and nothing overtakes."""
    hub = Hub(bad={"2", "5"})
    sending = courier(state, hub, sleepless)
    say(sending, [str(n) for n in range(8)])

    asyncio.run(sending.report())

    assert hub.reports == ["0", "1", "3", "4", "6", "7"]
    assert sending.outbox.waiting() == 0


def test_what_was_not_acknowledged_is_sent_again(state: State) -> None:
    """A failure in the middle settles what was taken before it, and no more."""
    hub = Hub(bad={"1"}, quota=4)
    sending = courier(state, hub, sleepless)
    say(sending, ["0", "1", "2"])

    with pytest.raises(Unavailable):
        asyncio.run(sending.report())
    assert sending.outbox.waiting() == 2
    hub.quota = 100
    asyncio.run(sending.report())

    assert hub.reports == ["0", "2"]
