"""The composition root: every part of one matcher, put together from its options."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from takeback.clock import Clock, utc_now
from takeback.errors import TakebackError
from takeback.exchange.client import Caller, HubClient, KeyFile
from takeback.exchange.follow import Feed, Follower
from takeback.hashing.kinds import Kind
from takeback.matcher.asking import AskedHub, AskedHubs
from takeback.matcher.banks import Banks
from takeback.matcher.courier import Courier, Receiver
from takeback.matcher.health import HubStatus, Metrics, Vitals
from takeback.matcher.holdings import Holding
from takeback.matcher.log import log
from takeback.matcher.lookup import HeldBanks, LookUp
from takeback.matcher.options import MatcherOptions, Source, checked
from takeback.matcher.outbox import Outbox
from takeback.matcher.pool import Pool
from takeback.matcher.receivers import HubReceiver
from takeback.matcher.service import Matcher
from takeback.matcher.state import State
from takeback.matcher.stopncii import StopNciiFeed, StopNciiReceiver
from takeback.matching.lookup.pictures import PictureSearch
from takeback.matching.lookup.videos import VideoSearch

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


def _threads() -> ThreadPoolExecutor:
    """Return threads to compare uploads in, one for each core."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="compare")


def _works(pool: Pool) -> bool:
    """Tell whether a pool can hash, or is not meant to."""
    return bool(pool.alive or not pool.size)


@dataclass(slots=True)
class Assembly:
    """Every part of one matcher, put together from its options."""

    options: MatcherOptions
    state: State
    banks: Banks
    now: Clock
    connections: list[Connection] = field(default_factory=list)
    threads: ThreadPoolExecutor = field(default_factory=_threads)

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

        if self.state.reread(number):
            log().warning("hub.reread", hub=status.name, why="more types of signal are understood")
        ledger = Holding(number, self.state, self.banks, status, self.now)
        return Follower(feed, ledger, report)

    def matcher(self) -> Matcher:
        """Return what the platform's programs call."""
        options = self.options
        pools = self._pools()
        outbox = Outbox(self.state, self.now)
        hubs = tuple(connection.status for connection in self.connections)
        couriers = {connection.number: connection.courier for connection in self.connections}
        metrics = Metrics()
        metrics.watch_hubs(hubs)
        metrics.watch("entries", "Entries that are matched.", lambda: len(self.banks))
        metrics.watch("outbox_waiting", "What waits to be sent to a hub.", outbox.waiting)
        metrics.watch("reports_refused", "Reports that a hub refused for good.", outbox.refused)
        pictures, videos = pools["picture"], pools["video"]
        metrics.watch("pictures_under_way", "Pictures being hashed.", lambda: pictures.taken)
        metrics.watch("videos_under_way", "Videos being hashed.", lambda: videos.taken)
        metrics.watch("hashers", "Processes that can hash pictures.", lambda: pictures.alive)
        metrics.watch("video_hashers", "Processes that can hash videos.", lambda: videos.alive)
        return Matcher(
            lookup=self._lookup(),
            pools=pools,
            outbox=outbox,
            sources={connection.status.name: connection.number for connection in self.connections},
            vitals=Vitals(hubs, options.stale_after, lambda: all(map(_works, pools.values()))),
            metrics=metrics,
            wake=lambda number: couriers[number].wake_from_thread(),
            largest={"picture": options.picture_bytes, "video": options.video_bytes},
        )

    def _pools(self) -> dict[Kind, Pool]:
        """Prepare the processes that hash; a matcher that asks its hubs takes no videos."""
        options = self.options
        return {
            "picture": Pool(
                options.hashers,
                options.waiting_pictures,
                options.picture_seconds,
                options.picture_memory,
            ),
            "video": Pool(
                0 if options.ask else options.video_hashers,
                options.waiting_videos,
                options.video_seconds,
                options.video_memory,
                "video",
            ),
        }

    def _lookup(self) -> LookUp:
        if not self.options.ask:
            hubs = {connection.number: connection.status for connection in self.connections}
            pictures = PictureSearch(self.banks, self.state)
            videos = VideoSearch(self.banks, self.state)
            return HeldBanks(pictures, videos, hubs, self.threads, self.banks.described)
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
        for pool in matcher.pools.values():
            pool.open()
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
            await asyncio.gather(*(pool.close() for pool in matcher.pools.values()))
            self.threads.shutdown(wait=False, cancel_futures=True)
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
        assembly = Assembly(options, state, Banks(), now)
        assembly.connect()
        kept = [] if options.ask else [connection.number for connection in assembly.connections]
        state.keep_entries_of(kept)
        assembly.banks.load(state)
        yield assembly
    finally:
        state.close()
