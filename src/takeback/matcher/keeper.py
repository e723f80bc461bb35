"""The one process that keeps the directory: follows the feeds, writes the bank, sends reports.

Every process of a matcher is the same program. Whichever holds the lock of the state file is
the keeper beside answering; where it dies, the lock is free and another takes it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from takeback.clock import Clock
from takeback.errors import Conflict, TakebackError
from takeback.exchange.client import Caller, HubClient, KeyFile
from takeback.exchange.follow import Feed, Follower
from takeback.exchange.follow import State as FeedState
from takeback.matcher import written
from takeback.matcher.board import Board
from takeback.matcher.courier import Courier, Receiver
from takeback.matcher.health import HubStatus
from takeback.matcher.holdings import Holding
from takeback.matcher.log import log
from takeback.matcher.options import MatcherOptions, Source
from takeback.matcher.outbox import Outbox
from takeback.matcher.receivers import HubReceiver
from takeback.matcher.state import State
from takeback.matcher.stopncii import StopNciiFeed, StopNciiReceiver
from takeback.matcher.written import WrittenBanks

ELECTION_SECONDS: Final = 0.5
"""How often a process that answers tries to become the keeper."""

AGAIN_SECONDS: Final = 5.0
"""How long a keeper that failed waits before it, or another, begins anew."""

LOOK_SECONDS: Final = 0.25
"""How often the keeper looks whether another process wrote something to be sent."""

TELL_EVERY: Final = 4
"""Looks between two writings of how it goes with the hubs."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One hub: how it goes, and what keeps it going."""

    number: int
    status: HubStatus
    caller: Caller
    courier: Courier
    follower: Follower | None
    """None for a hub that is asked."""


@dataclass(slots=True)
class Keeper:
    """What a process does for as long as it holds the lock."""

    options: MatcherOptions
    state: State
    now: Clock
    steady: Clock
    board: Board
    connections: list[Connection] = field(default_factory=list)
    banks: WrittenBanks | None = None

    def open(self) -> None:
        """Open the indexes for writing, prepare every hub; nothing is sent yet.

        Raises:
            NotReady: the disk is full.
        """
        numbers = [self.state.source(source.url) for source in self.options.sources]
        if self.options.ask:
            self.state.keep_entries_of([])
            written.remove(self.options.data)
        else:
            self.banks = WrittenBanks.open(self.options.data, self.state)
            self.state.keep_entries_of(numbers, self.banks.apply)
        for number, source in zip(numbers, self.options.sources, strict=True):
            self.connections.append(self._connection(number, source))
        self.tell()

    def close(self) -> None:
        """Close everything and let another process keep the directory."""
        self.state.close(*([self.banks.close] if self.banks is not None else []))

    async def run(self) -> None:
        """Follow and send until something fails that a new keeper must look at."""
        jobs: Sequence[Coroutine[Any, Any, None]] = [
            self._look_after(),
            *(each.courier.run() for each in self.connections),
            *(each.follower.run() for each in self.connections if each.follower is not None),
        ]
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for each in self.connections:
                await each.caller.close()

    def wake(self, number: int) -> None:
        """Say, from any thread, that something waits for a source."""
        for each in self.connections:
            if each.number == number:
                each.courier.wake_from_thread()

    def tell(self) -> None:
        """Write down for every process how it goes with the hubs."""
        if not self.options.ask:
            self.board.write([each.status for each in self.connections])

    async def _look_after(self) -> None:
        """Tell how it goes, and see what other processes put into the outbox."""
        version, looks = -1, 0
        while True:
            seen = await asyncio.to_thread(self._look, tell=looks % TELL_EVERY == 0)
            if seen != version:
                for each in self.connections:
                    each.courier.wake()
            version, looks = seen, looks + 1
            if self.banks is not None and self.banks.lost:
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self, *, tell: bool) -> int:
        if tell:
            self.tell()
            self.state.wipe_again()
        return self.state.version()

    # Hubs

    def _connection(self, number: int, source: Source) -> Connection:
        caller = Caller.open(source.url, ours=source.kind == "hub")
        key = KeyFile(source.key_file)
        client = HubClient(caller, key) if source.kind == "hub" else None
        status = self._status(source, number)
        receiver = self._receiver(number, client, caller, key)
        courier = Courier(number, Outbox(self.state, self.now), receiver)
        if self.banks is None:
            return Connection(number, status, caller, courier, None)
        feed: Feed = client or StopNciiFeed(
            caller,
            key,
            self.state.secret("numbers"),
            self.options.stopncii_seconds,
            status.skip,
            self.now,
        )
        if self.state.reread(number):
            log().warning("hub.reread", hub=status.name, why="more types of signal are understood")
        ledger = Holding(number, self.state, self.banks, status, self.now)
        follower = Follower(feed, ledger, _report_to(status, courier))
        return Connection(number, status, caller, courier, follower)

    def _status(self, source: Source, number: int) -> HubStatus:
        """Begin with what the last keeper told, or with what the state file remembers."""
        told = HubStatus(
            name=source.name,
            now=self.steady,
            follows=not self.options.ask,
            read_once=self.state.ever_complete(number),
            fresh_at=fresh_since(self.state.fresh_at(number), self.now, self.steady),
        )
        begun = replace(told, changed=self.tell)
        Board(self.board.path).refresh([told])
        begun.fresh_at = told.fresh_at
        return begun

    def _receiver(
        self, number: int, client: HubClient | None, caller: Caller, key: KeyFile
    ) -> Receiver:
        if client is not None:
            return HubReceiver(client)
        return StopNciiReceiver(caller, key, lambda entry: self.state.signal_of(number, entry))


def _report_to(
    status: HubStatus, courier: Courier
) -> Callable[[FeedState, Exception | None], None]:
    def report(state: FeedState, error: Exception | None) -> None:
        status.report(state, error)
        courier.wake()

    return report


def fresh_since(remembered: datetime | None, now: Clock, steady: Clock) -> datetime | None:
    """Return on the steady clock what was remembered by the one that a person may set."""
    if remembered is None:
        return None
    return steady() - max(timedelta(0), now() - remembered)


def _why(error: Exception) -> str:
    """Return what a person can do; only our own errors are known to name nobody."""
    return f"{error}. {error.hint}".strip(" .") if isinstance(error, TakebackError) else ""


@dataclass(slots=True)
class Election:
    """Makes this process the keeper whenever nobody else is."""

    options: MatcherOptions
    now: Clock
    steady: Clock
    board: Board
    keeper: Keeper | None = None

    def stand(self) -> Keeper | None:
        """Try to become the keeper; return what this process keeps, if it does.

        Raises:
            IntegrityFailure: the state file is damaged.
        """
        if self.keeper is None:
            with suppress(Conflict):
                state = State(self.options.data)
                self.keeper = Keeper(self.options, state, self.now, self.steady, self.board)
        return self.keeper

    async def run(self) -> None:
        """Stand for election for ever, and keep the directory while elected."""
        while True:
            try:
                keeper = await asyncio.to_thread(self.stand)
                await (self._keep(keeper) if keeper else asyncio.sleep(ELECTION_SECONDS))
            except Exception as error:
                log().error("keeper.failed", error=type(error).__name__, why=_why(error))
                await asyncio.sleep(AGAIN_SECONDS)

    async def _keep(self, keeper: Keeper) -> None:
        try:
            await asyncio.to_thread(keeper.open)
            log().info("keeper.elected")
            await keeper.run()
        finally:
            await asyncio.to_thread(self.step_down)

    def step_down(self) -> None:
        """Keep the directory no longer, if this process does."""
        keeper, self.keeper = self.keeper, None
        if keeper is not None:
            keeper.close()

    def wake(self, number: int) -> None:
        """Say that something waits for a source; another process finds out by itself."""
        if self.keeper is not None:
            self.keeper.wake(number)
