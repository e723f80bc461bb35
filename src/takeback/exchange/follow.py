"""Following a feed: ask, apply, remember; for years, through every kind of bad day.

The loop knows neither HTTP nor a database. What it asks is a ``Feed``, what remembers is a
``Ledger``, and both are given. A page is applied whole or not at all, and the cursor moves
with it, so a crash at any point reads a page again and never skips one.

When the history was rewritten (another epoch), everything is read again over what is held.
What the new history does not hold stops when it has been read to the end, not before: a hub
that fails half-way must not take the protection of everybody with it. What the new history
says is gone stops at once.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from msgspec import UNSET, structs

from takeback.errors import (
    EpochChanged,
    HubUnreachable,
    MalformedCursor,
    MalformedSignal,
    NotAllowed,
    NotReady,
    NotSignedIn,
    Unavailable,
)
from takeback.exchange.wire import FeedEntry, FeedPage
from takeback.hashing.signal_types import KNOWN

WAIT_SECONDS: Final = 25.0
"""How long the hub may hold an answer back when there is nothing new."""

State = Literal["starting", "reading", "following", "unreachable", "refused", "failing"]
"""How following a hub goes: *reading* is catching up, *following* is up to date; *refused*
is a key that is not accepted, *failing* anything that a person must look at."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a feed was read."""

    cursor: str | None
    """What to read after; None reads from the start."""

    epoch: str | None
    """The epoch that the cursor is of."""

    complete: bool
    """Whether everything of this epoch was read at least once."""


class Feed(Protocol):
    """Where pages come from."""

    async def page(self, after: str | None, *, wait: float) -> FeedPage:
        """Return the page after a cursor, waiting up to *wait* seconds for news."""


class Ledger(Protocol):
    """What remembers one feed: its records, and how far it was read. Both move together."""

    def position(self) -> Position:
        """Return how far this feed was read."""

    def take(self, page: FeedPage) -> None:
        """Apply the page, whole or not at all; applying it again changes nothing."""

    def restart(self) -> None:
        """Begin to read everything again, over what is held."""


@dataclass(slots=True)
class Backoff:
    """How long to wait after a failure: longer each time, never in step with others."""

    first: float = 0.5
    longest: float = 30.0
    jitter: Callable[[float, float], float] = random.uniform
    failures: int = 0

    def after(self, error: Exception) -> float:
        """Count a failure and return the seconds to wait; Retry-After is never undercut."""
        self.failures += 1
        ceiling = min(self.longest, self.first * 2 ** min(self.failures - 1, 16))
        delay = self.jitter(ceiling / 2, ceiling)
        if isinstance(error, (NotSignedIn, NotAllowed)):
            delay = self.longest
        if isinstance(error, Unavailable) and not isinstance(error, HubUnreachable):
            delay = max(delay, error.retry_after)
        return delay

    def reset(self) -> None:
        """Forget the failures: something worked."""
        self.failures = 0


def state_after(error: Exception) -> State:
    """Name the state that a failure leaves the feed in."""
    if isinstance(error, (NotSignedIn, NotAllowed)):
        return "refused"
    if isinstance(error, Unavailable) and not isinstance(error, NotReady):
        return "unreachable"
    return "failing"


def _ignore(_: State, __: Exception | None) -> None:
    """Report to nobody."""


@dataclass(slots=True)
class Follower:
    """Follows one feed into one ledger until it is cancelled."""

    feed: Feed
    ledger: Ledger
    report: Callable[[State, Exception | None], None] = _ignore
    """Told how it goes after every step, with the error when it failed."""

    wait: float = WAIT_SECONDS
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    backoff: Backoff = field(default_factory=Backoff)

    async def run(self) -> None:
        """Follow for ever. Every failure is reported and tried again; none ends the loop."""
        while True:
            try:
                await self.step()
            except Exception as error:
                self.report(state_after(error), error)
                await self.sleep(self.backoff.after(error))

    async def step(self) -> None:
        """Read one page and apply it, or begin again where the history was rewritten.

        Raises:
            TakebackError: the page could not be read or applied; nothing was changed.
        """
        position = await asyncio.to_thread(self.ledger.position)
        try:
            page = await self._read(position)
        except (EpochChanged, MalformedCursor):
            if position.cursor is None:
                raise HubUnreachable("the hub refused a cursor that was not sent") from None
            await self._begin_again(position)
            return
        await asyncio.to_thread(self.ledger.take, page)
        self.backoff.reset()
        self.report("reading" if page.more else "following", None)

    async def _read(self, position: Position) -> FeedPage:
        """Read the next page and check it against what was asked."""
        page = await self.feed.page(position.cursor, wait=self.wait if position.complete else 0.0)
        if position.cursor is not None and page.epoch != position.epoch:
            raise EpochChanged("the page is of another epoch than its cursor")
        if page.more and page.cursor == position.cursor:
            raise HubUnreachable("the hub says there is more and does not move on")
        return check_page(readable(page))

    async def _begin_again(self, position: Position) -> None:
        """Start over; at once the first time, slower if the history keeps changing."""
        await asyncio.to_thread(self.ledger.restart)
        self.report("reading", None)
        if not position.complete:
            await self.sleep(self.backoff.after(EpochChanged("again")))


def readable(page: FeedPage) -> FeedPage:
    """Return the page without entries of types that a newer hub has and this release has not."""
    return structs.replace(page, entries=[each for each in page.entries if each.type in KNOWN])


def check_page(page: FeedPage) -> FeedPage:
    """Return the page unless the types allow it and the contract does not.

    Raises:
        HubUnreachable: an active entry has no signal of its type, or a gone one still has one.
    """
    if not all(_keeps_contract(entry) for entry in page.entries):
        raise HubUnreachable("the answer is not what the interface describes")
    return page


def _keeps_contract(entry: FeedEntry) -> bool:
    if entry.state != "active":
        return entry.signal is UNSET
    try:
        return bool(entry.content)
    except MalformedSignal:
        return False
