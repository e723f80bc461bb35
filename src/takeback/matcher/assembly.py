"""The composition root: every part of one matcher, put together from its options."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from takeback.clock import Clock, utc_now
from takeback.errors import TakebackError
from takeback.exchange.client import Caller, HubClient, KeyFile
from takeback.exchange.follow import Feed, Follower
from takeback.matcher import holdings
from takeback.matcher.courier import Courier, Receiver
from takeback.matcher.health import HubStatus, Metrics, Vitals
from takeback.matcher.holdings import Holding
from takeback.matcher.lookup import AskedHub, AskedHubs, HeldBanks, LookUp
from takeback.matcher.options import MatcherOptions, Source, checked
from takeback.matcher.outbox import Outbox
from takeback.matcher.pool import Pool
from takeback.matcher.receivers import HubReceiver
from takeback.matcher.service import Matcher
from takeback.matcher.state import State
from takeback.matcher.stopncii import StopNciiFeed, StopNciiReceiver
from takeback.matching import Index

PROBE_SECONDS: Final = 15.0
"""How often a hub that is asked, and did not answer, is tried again."""


@dataclass(slots=True)
class Connection:
    """One hub: how it goes, and the jobs that keep it going."""

    number: int
    status: HubStatus
    caller: Caller
    courier: Courier
    job: Callable[[], Coroutine[Any, Any, None]]
    """Follows its feed, or probes a hub that is asked."""

    client: HubClient | None
    """For a hub that speaks our own interface."""


@dataclass(slots=True)
class Assembly:
    """Every part of one matcher, put together from its options."""

    options: MatcherOptions
    state: State
    index: Index
    now: Clock
    connections: list[Connection] = field(default_factory=list)

    def connect(self) -> None:
        """Prepare every hub of the options; nothing is sent yet."""
        outbox = Outbox(self.state, self.now)
        for source in self.options.sources:
            self.connections.append(self._connection(source, outbox))

    def _connection(self, source: Source, outbox: Outbox) -> Connection:
        number = self.state.source(source.url)
        caller = Caller.open(source.url, ours=source.kind == "hub")
        follows = not self.options.ask
        status = HubStatus(
            name=source.name,
            now=self.now,
            follows=follows,
            read_once=not follows or self.state.ever_complete(number),
            fresh_at=self.state.fresh_at(number) if follows else None,
        )
        key = KeyFile(source.key_file)
        client = HubClient(caller, key) if source.kind == "hub" else None
        courier = Courier(number, outbox, self._receiver(number, client, caller, key))
        if client is not None and self.options.ask:
            return Connection(number, status, caller, courier, _Probe(client, status).run, client)
        feed: Feed = client or StopNciiFeed(
            caller,
            key,
            self.state.secret("numbers"),
            self.options.stopncii_seconds,
            status.skip,
            self.now,
        )
        follower = self._follower(number, feed, status, courier)
        return Connection(number, status, caller, courier, follower.run, client)

    def _receiver(
        self, number: int, client: HubClient | None, caller: Caller, key: KeyFile
    ) -> Receiver:
        if client is not None:
            return HubReceiver(client)
        return StopNciiReceiver(caller, key, lambda entry: self.state.signal_of(number, entry))

    def _follower(self, number: int, feed: Feed, status: HubStatus, courier: Courier) -> Follower:
        def report(*outcome: Any) -> None:  # noqa: ANN401 - passed on as it comes
            status.report(*outcome)
            courier.wake()

        ledger = Holding(number, self.state, self.index, status, self.now)
        return Follower(feed, ledger, report)

    def matcher(self) -> Matcher:
        """Return what the platform's programs call."""
        options = self.options
        pool = Pool(
            options.hashers,
            options.waiting_pictures,
            options.picture_seconds,
            options.picture_memory,
        )
        outbox = Outbox(self.state, self.now)
        hubs = tuple(connection.status for connection in self.connections)
        couriers = {connection.number: connection.courier for connection in self.connections}
        metrics = Metrics()
        metrics.watch_hubs(hubs)
        metrics.watch("entries", "Entries that are matched.", lambda: len(self.index))
        metrics.watch("outbox_waiting", "What waits to be sent to a hub.", outbox.waiting)
        metrics.watch("reports_refused", "Reports that a hub refused for good.", outbox.refused)
        metrics.watch("pictures_under_way", "Pictures that are being hashed.", lambda: pool.taken)
        metrics.watch("hashers", "Processes that can hash.", lambda: pool.alive)
        return Matcher(
            lookup=self._lookup(),
            pool=pool,
            outbox=outbox,
            sources={connection.status.name: connection.number for connection in self.connections},
            vitals=Vitals(hubs, options.stale_after, lambda: pool.alive),
            metrics=metrics,
            wake=lambda number: couriers[number].wake_from_thread(),
            picture_bytes=options.picture_bytes,
        )

    def _lookup(self) -> LookUp:
        if not self.options.ask:
            hubs = {connection.number: connection.status for connection in self.connections}
            return HeldBanks(self.index, self.state, hubs)
        return AskedHubs(
            [
                AskedHub(connection.client, connection.status)
                for connection in self.connections
                if connection.client is not None
            ]
        )

    @asynccontextmanager
    async def running(self, matcher: Matcher) -> AsyncIterator[None]:
        """Follow, send and hash until the way out."""
        matcher.pool.open()
        jobs = [
            asyncio.create_task(run())
            for connection in self.connections
            for run in (connection.job, connection.courier.run)
        ]
        try:
            yield
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await matcher.pool.close()
            for connection in self.connections:
                await connection.caller.close()


@dataclass(frozen=True, slots=True)
class _Probe:
    """Finds out when a hub that is asked, and could not be reached, is back."""

    client: HubClient
    status: HubStatus

    async def run(self) -> None:
        """Probe for ever, while the last question failed."""
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            if self.status.state in {"following", "starting"}:
                continue
            try:
                await self.client.ping()
            except TakebackError:
                continue
            self.status.report("starting", None)


@contextmanager
def assembled(options: MatcherOptions, now: Clock = utc_now) -> Iterator[Assembly]:
    """Open the state file, load the index, prepare the hubs; close the file on the way out.

    Raises:
        BadSettings: the options are wrong.
        Conflict: another matcher uses the same data directory.
        IntegrityFailure: the state file is damaged.
    """
    options = checked(options)
    state = State(options.data)
    try:
        assembly = Assembly(options, state, Index(), now)
        assembly.connect()
        kept = [] if options.ask else [connection.number for connection in assembly.connections]
        state.keep_entries_of(kept)
        holdings.load(state, assembly.index)
        yield assembly
    finally:
        state.close()
