"""The composition root: every part of one matcher's process, put together from its options."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final

from takeback.clock import Clock, utc_now
from takeback.errors import NotReady, TakebackError
from takeback.exchange.client import Caller, HubClient, KeyFile
from takeback.hashing.kinds import Kind
from takeback.matcher import board
from takeback.matcher.asking import AskedHub, AskedHubs
from takeback.matcher.banks import FollowedBanks
from takeback.matcher.board import Board, since_boot
from takeback.matcher.health import HubStatus, Vitals
from takeback.matcher.keeper import AGAIN_SECONDS, Election, fresh_since
from takeback.matcher.log import log
from takeback.matcher.lookup import HeldBanks, LookUp
from takeback.matcher.metrics import Metrics
from takeback.matcher.options import MatcherOptions, Source, checked
from takeback.matcher.outbox import Outbox
from takeback.matcher.pool import Pool
from takeback.matcher.service import Matcher
from takeback.matcher.statereader import StateReader
from takeback.matching.lookup.pictures import PictureSearch
from takeback.matching.lookup.videos import VideoSearch

PROBE_SECONDS: Final = 15.0
"""How often a hub that is asked, and did not answer, is tried again."""

FOLLOW_SECONDS: Final = 0.25
"""How often a process takes in what changed, beside doing so before each upload."""

OPEN_SECONDS: Final = 30.0
"""How long the process that keeps the directory may take to make or upgrade the state file."""


def _threads() -> ThreadPoolExecutor:
    """Return threads to compare uploads in, one for each core."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="compare")


def _works(pool: Pool) -> bool:
    """Tell whether a pool can hash, or is not meant to."""
    return bool(pool.alive or not pool.size)


@dataclass(frozen=True, slots=True)
class Hub:
    """One hub of the options as this process knows it."""

    number: int
    status: HubStatus
    client: HubClient | None
    """For a hub that is asked."""


@dataclass(slots=True)
class Assembly:
    """Every part of one process, put together from the matcher's options."""

    options: MatcherOptions
    reader: StateReader
    banks: FollowedBanks
    election: Election
    now: Clock
    steady: Clock
    hubs: list[Hub] = field(default_factory=list)
    threads: ThreadPoolExecutor = field(default_factory=_threads)

    def connect(self) -> None:
        """Prepare every hub of the options; nothing is sent yet."""
        self.hubs = [self._hub(source) for source in self.options.sources]
        self._refresh()

    def _hub(self, source: Source) -> Hub:
        number = self.reader.source(source.url)
        if self.options.ask:
            status = HubStatus(source.name, self.steady, follows=False, read_once=True)
            caller = Caller.open(source.url, ours=True)
            return Hub(number, status, HubClient(caller, KeyFile(source.key_file)))
        status = HubStatus(
            name=source.name,
            now=self.steady,
            follows=True,
            read_once=self.reader.ever_complete(number),
            fresh_at=fresh_since(self.reader.fresh_at(number), self.now, self.steady),
        )
        return Hub(number, status, None)

    def _refresh(self) -> None:
        """Take in how it goes with the hubs that the keeper follows."""
        if not self.options.ask:
            self.election.board.refresh([hub.status for hub in self.hubs])

    def matcher(self) -> Matcher:
        """Return what the platform's programs call."""
        options = self.options
        pools = self._pools()
        outbox = Outbox(self.reader, self.now)
        statuses = tuple(hub.status for hub in self.hubs)
        metrics = Metrics(refresh=self._refresh)
        metrics.watch_hubs(statuses)
        metrics.watch("entries", "Entries that are matched.", lambda: len(self.banks))
        metrics.watch("outbox_waiting", "What waits to be sent to a hub.", outbox.waiting)
        metrics.watch("reports_refused", "Reports that a hub refused for good.", outbox.refused)
        pictures, videos = pools["picture"], pools["video"]
        metrics.add_up("pictures_under_way", "Pictures being hashed.", lambda: pictures.taken)
        metrics.add_up("videos_under_way", "Videos being hashed.", lambda: videos.taken)
        metrics.add_up("hashers", "Processes that can hash pictures.", lambda: pictures.alive)
        metrics.add_up("video_hashers", "Processes that can hash videos.", lambda: videos.alive)
        return Matcher(
            lookup=self._lookup(),
            pools=pools,
            outbox=outbox,
            sources={hub.status.name: hub.number for hub in self.hubs},
            vitals=Vitals(
                statuses,
                options.stale_after,
                lambda: all(map(_works, pools.values())),
                self._refresh,
                self._hindrance,
            ),
            metrics=metrics,
            wake=self.election.wake,
            largest={"picture": options.picture_bytes, "video": options.video_bytes},
        )

    def _hindrance(self) -> str:
        return "" if self.options.ask else self.banks.hindrance()

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
            hubs = {hub.number: hub.status for hub in self.hubs}
            pictures = PictureSearch(self.banks.indexes, self.reader)
            videos = VideoSearch(self.banks.indexes, self.reader)
            return HeldBanks(pictures, videos, hubs, self.threads, self.banks, self._refresh)
        return AskedHubs([AskedHub(hub.client, hub.status) for hub in self.hubs if hub.client])

    def _whole(self, matcher: Matcher) -> bool:
        """Tell whether uploads of every kind can be hashed and compared."""
        held = self.options.ask or (self.banks.loaded and not self.banks.hindrance())
        return held and matcher.vitals.can_hash()

    async def _follow(self, metrics: Metrics) -> None:
        """Take in what the keeper wrote, also while nobody asks."""
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            metrics.tell()
            if not self.options.ask:
                await self._catch_up()

    async def _catch_up(self) -> None:
        try:
            await asyncio.to_thread(self.banks.catch_up)
        except Exception as error:
            log().error("bank.not_followed", error=type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)

    @asynccontextmanager
    async def running(self, matcher: Matcher, *, whole: bool = False) -> AsyncIterator[None]:
        """Follow, send and hash until the way out; *whole* waits until all of it goes."""
        for pool in matcher.pools.values():
            pool.open()
        probes = [_Probe(hub.client, hub.status).run() for hub in self.hubs if hub.client]
        jobs = [
            asyncio.create_task(job)
            for job in (self.election.run(), self._follow(matcher.metrics), *probes)
        ]
        try:
            if whole:
                await _until(lambda: self._whole(matcher))
            yield
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await asyncio.gather(*(pool.close() for pool in matcher.pools.values()))
            self.threads.shutdown(wait=False, cancel_futures=True)
            for hub in self.hubs:
                if hub.client is not None:
                    await hub.client.caller.close()


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


async def _until(holds: Callable[[], bool]) -> None:
    """Wait until it holds, but not for ever."""
    until = time.monotonic() + OPEN_SECONDS
    while not holds() and time.monotonic() < until:
        await asyncio.sleep(0.02)


@contextmanager
def assembled(
    options: MatcherOptions, now: Clock = utc_now, steady: Clock = since_boot
) -> Iterator[Assembly]:
    """Open the state file and the indexes, prepare the hubs; close the file on the way out.

    Args:
        options: what was chosen.
        now: the time, which a person may set.
        steady: a clock that only moves on, the same in every process of this machine.

    Raises:
        BadSettings: the options are wrong.
        IntegrityFailure: the state file is damaged.
    """
    options = checked(options)
    election = Election(options, now, steady, Board(options.data / board.FILE_NAME))
    try:
        reader = _opened(election)
        try:
            banks = FollowedBanks.open(reader, options.data)
            assembly = Assembly(options, reader, banks, election, now, steady)
            assembly.connect()
            yield assembly
        finally:
            reader.close()
    finally:
        election.step_down()


def _opened(election: Election) -> StateReader:
    """Open the state file, which this process or the one that keeps the directory makes."""
    until = time.monotonic() + OPEN_SECONDS
    while True:
        keeps = election.stand() is not None
        try:
            return StateReader(election.options.data)
        except NotReady:
            if keeps or time.monotonic() > until:
                raise
            time.sleep(0.05)
