"""Looking up in the banks that are held here. ``asking.py`` asks the hubs instead."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from takeback.errors import IntegrityFailure, NotReady
from takeback.hashing.picture import PictureSignals
from takeback.hashing.signal import MATCH_DISTANCE, SIGNAL_BYTES
from takeback.hashing.video_signals import VideoSignals
from takeback.matcher.banks import FollowedBanks
from takeback.matcher.documents import MatchAnswer, MatchResult, hub_match
from takeback.matcher.health import HubStatus
from takeback.matcher.state import Held
from takeback.matching.evidence import same_file
from takeback.matching.lookup.found import Found, known
from takeback.matching.lookup.pictures import PictureSearch
from takeback.matching.lookup.videos import VideoSearch

Signals = NDArray[np.uint8]
"""Shape (n, 32)."""

QUICK = 16
"""Signals that are searched faster than a thread is found for them."""


Pay = Callable[[int], None]
"""Told how many look-ups an upload takes beyond the one that every upload is."""


class LookUp(Protocol):
    """Answers questions. Each raises ``Unavailable`` if nothing could be compared with at all."""

    @property
    def keypoints(self) -> bool:
        """Whether there is anything to compare a picture's keypoints with."""

    async def signals(self, signals: Signals, limit: int) -> MatchAnswer:
        """Return one result for each signal."""

    async def picture(self, upload: PictureSignals, limit: int, pay: Pay) -> MatchAnswer:
        """Return one result for the picture."""

    async def video(self, upload: VideoSignals, limit: int) -> MatchAnswer:
        """Return one result for the video."""


def signals_of(texts: Sequence[str]) -> Signals:
    """Pack signals as texts."""
    return np.frombuffer(bytes.fromhex("".join(texts)), np.uint8).reshape(-1, SIGNAL_BYTES)


@dataclass(frozen=True, slots=True)
class HeldBanks:
    """Looks up in the banks that are followed."""

    pictures: PictureSearch[Held]
    videos: VideoSearch[Held]
    hubs: Mapping[int, HubStatus]
    """Each source with its hub."""

    threads: Executor
    """Where uploads are compared, so that signals never wait for them."""

    banks: FollowedBanks

    refresh: Callable[[], None]
    """Brings the hubs up to what the process says that follows them."""

    @property
    def keypoints(self) -> bool:
        """Whether any entry has keypoints."""
        self.banks.catch_up(wait=False)
        return self.banks.indexes.described

    def look_up(
        self, signals: Signals, limit: int, radius: int = MATCH_DISTANCE
    ) -> list[Found[Held]]:
        """Compare signals, shape (n, 32), each by itself; the loops run without the GIL.

        Raises:
            NotReady: no bank was read yet.
        """
        self.missing()
        with self._damage_reported():
            return self.pictures.signals(signals, limit, radius)

    def find_file(self, md5: bytes, limit: int) -> Found[Held]:
        """Return the entries of a video's file with this MD5.

        Raises:
            NotReady: no bank was read yet.
        """
        self.missing()
        self.banks.require_all()
        entries = self.videos.indexes.digests.find(md5)
        return known(self.videos.register, dict.fromkeys(entries, same_file())).cut(limit)

    def find_picture(self, upload: PictureSignals, limit: int) -> Found[Held]:
        """Compare a picture with what is held.

        Raises:
            NotReady: no bank was read yet, or not all of it is here.
        """
        self.missing()
        return self._compared(lambda: self.pictures.picture(upload, limit))

    def sizes(self) -> Mapping[str, int]:
        """Count the entries of each type of signal."""
        return {kind: len(index) for kind, index in self.pictures.indexes.by_type.items()}

    def hub_of(self, held: Held) -> str:
        """Return the name of the hub whose entry it is."""
        return self.hubs[held.source].name

    async def signals(self, signals: Signals, limit: int) -> MatchAnswer:
        """Return one result for each signal, from what is held."""
        missing = self.missing()
        if len(signals) <= QUICK:
            found = self.look_up(signals, limit)
        else:
            found = await asyncio.to_thread(self.look_up, signals, limit)
        return MatchAnswer([self._result(one) for one in found], missing)

    async def picture(self, upload: PictureSignals, limit: int, pay: Pay) -> MatchAnswer:
        """Return one result for the picture, from what is held, in one look-up."""
        del pay
        return await self._upload(lambda: self.pictures.picture(upload, limit))

    async def video(self, upload: VideoSignals, limit: int) -> MatchAnswer:
        """Return one result for the video, from what is held."""
        return await self._upload(lambda: self.videos.video(upload, limit))

    async def _upload(self, search: Callable[[], Found[Held]]) -> MatchAnswer:
        missing = self.missing()
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self.threads, self._compared, search)
        return MatchAnswer([self._result(found)], missing)

    def _compared(self, search: Callable[[], Found[Held]]) -> Found[Held]:
        self.banks.require_all()
        with self._damage_reported():
            return search()

    @contextmanager
    def _damage_reported(self) -> Iterator[None]:
        """Have damaged indexes made anew.

        Raises:
            NotReady: they are damaged.
        """
        try:
            yield
        except IntegrityFailure:
            self.banks.report_damage()
            self.banks.require()
            raise

    def missing(self) -> list[str]:
        """Name the hubs whose bank was not read yet.

        Raises:
            NotReady: none was, or there is no whole index.
        """
        missing = self._unread()
        if missing:
            self.refresh()
            missing = self._unread()
        if len(missing) == len(self.hubs):
            raise NotReady("no hub's bank was read to its end yet")
        self.banks.require()
        return missing

    def _unread(self) -> list[str]:
        return [hub.name for hub in self.hubs.values() if not hub.read_once]

    def _result(self, found: Found[Held]) -> MatchResult:
        matches = [hub_match(held, evidence, self.hub_of(held)) for held, evidence in found.matches]
        return MatchResult(matches, more=found.more)
