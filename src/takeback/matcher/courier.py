"""Carries what waits in the outbox to one hub, in order, until the hub acknowledged it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from takeback.errors import BadInput, Conflict, NotFound
from takeback.exchange.follow import Backoff
from takeback.matcher.outbox import Outbox, Report

Numbered = tuple[int, Report]


class Receiver(Protocol):
    """The hub, as far as reports go. Taking one twice changes nothing there."""

    async def confirm(self, marker: str) -> None:
        """Take the confirmation of a withdrawal."""

    async def report(self, reports: Sequence[Report]) -> None:
        """Take reports of one kind, all or none."""


@dataclass(slots=True)
class Courier:
    """Sends to one hub until it is cancelled."""

    source: int
    outbox: Outbox
    receiver: Receiver
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    backoff: Backoff = field(default_factory=Backoff)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Say that something new waits."""
        self._news.set()

    def wake_from_thread(self) -> None:
        """Say that something new waits, from another thread than the one that sends."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.wake)

    async def run(self) -> None:
        """Send for ever. A hub that can't be reached is tried again; nothing is dropped."""
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                await self.step()
                self.backoff.reset()
                await self._news.wait()
            except Exception as error:
                await self.sleep(self.backoff.after(error))

    async def step(self) -> None:
        """Send all that waits now.

        Raises:
            TakebackError: the hub can't take it now; what was not acknowledged still waits.
        """
        self._news.clear()
        for marker in await asyncio.to_thread(self.outbox.confirmations, self.source):
            await self._confirm(marker)
        while reports := await asyncio.to_thread(self.outbox.next, self.source):
            await self._send(reports)

    async def _confirm(self, marker: str) -> None:
        """Confirm one marker; one that the hub does not know needs no confirmation."""
        with suppress(BadInput, NotFound, Conflict):
            await self.receiver.confirm(marker)
        await asyncio.to_thread(self.outbox.confirmed, self.source, marker)

    async def _send(self, reports: Sequence[Numbered]) -> None:
        """Send reports; where the hub refuses, find the ones it means and let the rest through."""
        numbers = [number for number, _ in reports]
        try:
            await self.receiver.report([report for _, report in reports])
        except (BadInput, NotFound, Conflict):
            if len(reports) > 1:
                half = len(reports) // 2
                await self._send(reports[:half])
                await self._send(reports[half:])
                return
            await asyncio.to_thread(self.outbox.settle, numbers, "refused")
        else:
            await asyncio.to_thread(self.outbox.settle, numbers, "sent")
