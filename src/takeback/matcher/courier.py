"""Carries what waits in the outbox to one hub, in order, until the hub acknowledged it.

Confirmations of withdrawals and reports go separately: no confirmation waits for a report.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, Protocol

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
class _Errand:
    """One kind of thing that is carried, at a pace of its own."""

    go: Callable[[], Awaitable[None]]
    sleep: Callable[[float], Awaitable[None]]
    news: asyncio.Event = field(default_factory=asyncio.Event)
    backoff: Backoff = field(default_factory=Backoff)

    async def run(self) -> None:
        """Go for ever, whenever there is news. What failed is tried again; nothing is dropped."""
        while True:
            try:
                self.news.clear()
                await self.go()
                self.backoff.reset()
                await self.news.wait()
            except Exception as error:
                await self.sleep(self.backoff.after(error))


@dataclass(slots=True)
class Courier:
    """Sends to one hub until it is cancelled."""

    source: int
    outbox: Outbox
    receiver: Receiver
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _errands: Sequence[_Errand] = field(init=False)
    _loop: asyncio.AbstractEventLoop | None = None

    def __post_init__(self) -> None:
        """Prepare to send."""
        self._errands = [_Errand(go, self.sleep) for go in (self.confirm, self.report)]

    def wake(self) -> None:
        """Say that something new waits."""
        for errand in self._errands:
            errand.news.set()

    def wake_from_thread(self) -> None:
        """Say that something new waits, from another thread than the one that sends."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.wake)

    async def run(self) -> None:
        """Send for ever. A hub that can't be reached is tried again; nothing is dropped."""
        self._loop = asyncio.get_running_loop()
        await asyncio.gather(*(errand.run() for errand in self._errands))

    async def confirm(self) -> None:
        """Send every confirmation that waits now.

        Raises:
            TakebackError: the hub can't take it now; what was not acknowledged still waits.
        """
        for marker in await asyncio.to_thread(self.outbox.confirmations, self.source):
            await self._confirm(marker)

    async def _confirm(self, marker: str) -> None:
        """Confirm one marker; one that the hub does not know needs no confirmation."""
        with suppress(BadInput, NotFound, Conflict):
            await self.receiver.confirm(marker)
        await asyncio.to_thread(self.outbox.confirmed, self.source, marker)

    async def report(self) -> None:
        """Send every report that waits now.

        Raises:
            TakebackError: the hub can't take it now; what was not acknowledged still waits.
        """
        while reports := await asyncio.to_thread(self.outbox.next, self.source):
            await self._send(reports)

    async def _send(self, reports: Sequence[Numbered]) -> None:
        """Send reports; where the hub refuses, each by itself, so that the rest get through.

        A hub counts what it refuses too: halving would cost several times the day's quota of
        what was refused, this twice.
        """
        outcome = await self._outcome([report for _, report in reports])
        if outcome == "refused" and len(reports) > 1:
            for report in reports:
                await self._send([report])
            return
        await asyncio.to_thread(self.outbox.settle, [number for number, _ in reports], outcome)

    async def _outcome(self, reports: Sequence[Report]) -> Literal["sent", "refused"]:
        try:
            await self.receiver.report(reports)
        except (BadInput, NotFound, Conflict):
            return "refused"
        return "sent"
