"""Who waits for news hears of it at once, holds nothing meanwhile, and is let go at the end."""

import asyncio
import time

import pytest

from takeback.web import bell as bells
from takeback.web.bell import Bell

pytestmark = pytest.mark.anyio


class Bank:
    """A bank whose head the test moves, and which counts how often it is asked."""

    def __init__(self) -> None:
        """Begin with nothing in it."""
        self.head = 0
        self.asked = 0
        self.away = False

    def __call__(self) -> int:
        """Answer how far the bank has come."""
        self.asked += 1
        if self.away:
            raise ConnectionError("the database is away")
        return self.head


async def test_a_change_by_another_process_wakes_within_a_moment() -> None:
    """The poller finds what nobody rang for."""
    bank = Bank()
    bell = Bell(bank)
    async with bell.polling():
        waiting = asyncio.create_task(bell.past(0, 5))
        await asyncio.sleep(0.05)
        began = time.monotonic()

        bank.head = 1
        await waiting

    assert time.monotonic() - began < 1


async def test_a_ring_wakes_without_waiting_for_the_poller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A change in this process is looked at at once, also when rung from a thread."""
    monkeypatch.setattr(bells, "PERIOD", 20)
    bank = Bank()
    bell = Bell(bank)
    async with bell.polling():
        waiting = asyncio.create_task(bell.past(0, 30))
        await asyncio.sleep(0.02)
        bank.head = 1
        began = time.monotonic()

        await asyncio.to_thread(bell.ring)
        await waiting

    assert time.monotonic() - began < 10


async def test_without_news_the_wait_ends_in_time() -> None:
    """The longest wait is the caller's."""
    bell = Bell(Bank())
    async with bell.polling():
        began = time.monotonic()

        await bell.past(0, 0.2)

    assert 0.15 < time.monotonic() - began < 1


async def test_nobody_waiting_means_nobody_asks() -> None:
    """An idle hub leaves its database alone."""
    bank = Bank()
    bell = Bell(bank)
    async with bell.polling():
        await bell.past(0, 0.01)
        await asyncio.sleep(0.15)
        asked = bank.asked

        await asyncio.sleep(0.3)

    assert bank.asked == asked


async def test_many_who_wait_share_one_poller() -> None:
    """The database is asked per process, not per request."""
    bank = Bank()
    bell = Bell(bank)
    async with bell.polling():
        await asyncio.gather(*(bell.past(0, 0.3) for _ in range(50)))

    assert bank.asked <= 6


async def test_a_closed_bell_lets_everybody_go() -> None:
    """Stopping does not wait for long polls to run out."""
    bell = Bell(Bank())
    async with bell.polling():
        waiting = asyncio.create_task(bell.past(0, 30))
        await asyncio.sleep(0.02)

        bell.close()

        await asyncio.wait_for(waiting, 1)


async def test_the_poller_outlives_a_database_that_is_away(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """When it is back, whoever waits hears of what happened meanwhile."""
    bank = Bank()
    bank.away = True
    bell = Bell(bank)
    async with bell.polling():
        waiting = asyncio.create_task(bell.past(0, 5))
        await asyncio.sleep(0.05)

        bank.away, bank.head = False, 7
        await waiting

    assert bell.seq == 7
