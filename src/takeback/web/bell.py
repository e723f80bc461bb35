"""Waiting for news of the bank, without holding a thread or a transaction.

One poller in a process asks how far the bank has come, ten times a second while somebody
waits and never while nobody does; that finds what other processes changed. A change made
in this process rings the bell, so the poller looks at once.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from anyio import to_thread

from takeback.web import logging

PERIOD = 0.1
"""Seconds between two looks while somebody waits."""


@dataclass(slots=True)
class Bell:
    """Wakes whoever waits for the bank to change."""

    head: Callable[[], int]
    """Answers how far the bank has come; called in a thread."""

    seq: int = 0
    waiting: int = 0
    closed: bool = False
    _loop: asyncio.AbstractEventLoop | None = None
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _rung: asyncio.Event = field(default_factory=asyncio.Event)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def polling(self) -> AsyncIterator[None]:
        """Run the poller while the application runs."""
        self._loop = asyncio.get_running_loop()
        task = asyncio.create_task(self._poll())
        try:
            yield
        finally:
            self._loop = None
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def ring(self) -> None:
        """Say that something may have changed. Safe from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._rung.set)

    def close(self) -> None:
        """Let everybody who waits go; nobody waits any more. For a graceful stop."""
        self.closed = True
        self._moved.set()

    async def past(self, seen: int, seconds: float) -> None:
        """Wait until the bank is past *seen*, at most *seconds*.

        Read :attr:`seq` into *seen* before reading the bank, so that a change in between wakes.
        """
        self.waiting += 1
        self._wanted.set()
        try:
            async with asyncio.timeout(seconds):
                while self.seq == seen and not self.closed:
                    await self._moved.wait()
        except TimeoutError:
            pass
        finally:
            self.waiting -= 1

    async def _poll(self) -> None:
        while True:
            await self._wanted.wait()
            self._rung.clear()
            await self._look()
            if not self.waiting:
                self._wanted.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), PERIOD)

    async def _look(self) -> None:
        """Ask how far the bank has come and wake whoever waited for that."""
        try:
            head = await to_thread.run_sync(self.head)
        except Exception as error:  # the poller outlives a database that is away for a while
            logging.failure("feed.poll_failed", error)
            await asyncio.sleep(1)
            return
        if head != self.seq:
            self.seq = head
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()
