"""Everything that goes on at once during a soak."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
from benchmarks.served.programs import Served
from benchmarks.soak.asking import CONNECTIONS, Asking, Question
from benchmarks.soak.hub import Hub, Record
from benchmarks.soak.model import Asked, Model
from benchmarks.soak.watching import Watch
from numpy.typing import NDArray

TICK: Final = 0.005
COMPARED: Final = 0.02
"""Share of the look-ups, beside those of changed signals, that the linear scan answers too."""

PLANTED: Final = 0.2
"""Share of look-ups near an entry."""

KIN: Final = 0.1
"""Share of new entries that are near an older one."""

RECENT: Final = 500
SETTLING: Final = 300.0
"""Seconds after which memory may no longer grow; a sixth of a shorter run."""

LAST_ANSWERS: Final = 60.0
"""Seconds that answers may be waited for at the end."""

MOST_COMPARED: Final = 400
"""Answers compared in one scan."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How much a second."""

    lookups: int
    adds: int
    withdrawals: int


class Soak:
    """One run."""

    def __init__(self, bank: NDArray[np.uint8], rates: Rates, seconds: float) -> None:
        """Prepare to begin with *bank*."""
        self.rates, self.seconds = rates, seconds
        self.model = Model(bank, room=int(rates.adds * seconds * 1.1) + 1000)
        self.first = len(bank)
        self.hub = Hub(self._stored)
        self.asking = Asking(self._answered)
        self.watch = Watch(0)
        self.wrong: list[str] = []
        self.compared = self.compared_changes = self.asked = 0
        self.added = self.withdrawn = 0
        self.began = self.ended = 0.0
        self._to_compare: list[Asked] = []
        self._comparison: asyncio.Future[None] = asyncio.Future()
        self._comparison.set_result(None)
        self._random = random.Random(17)
        self._bits = np.random.default_rng(17)

    async def run(self, served: Served, directory: Path) -> None:
        """Let everything go on until the time is over."""
        self.watch = Watch(served.process)
        self.began = perf_counter()
        asking = [
            asyncio.create_task(self.asking.connection(served.url)) for _ in range(CONNECTIONS)
        ]
        await _for(
            self.seconds,
            self._every(1 / self.rates.adds, self._add),
            self._every(1 / self.rates.withdrawals, self._withdraw),
            self._every(1 / self.rates.lookups, self._ask),
            self._sampling(directory),
            self._comparing(),
        )
        self.ended = perf_counter()
        await asyncio.wait_for(self.asking.queue.join(), LAST_ANSWERS)
        await _cancelled(asking)
        await self._comparison
        await asyncio.to_thread(self._compare, self._to_compare)

    # What changes

    def _add(self) -> None:
        kin = self._random.random() < KIN
        signal = self._near(self._any()) if kin else self._bits.integers(0, 256, 32, np.uint8)
        entry = self.model.offer(signal, perf_counter())
        self.hub.put(entry, signal.tobytes())
        self.added += 1

    def _withdraw(self) -> None:
        entry = self._any()
        if self.model.is_there(entry):
            self.model.offer_gone(entry, perf_counter())
            self.hub.withdraw(entry)
            self.withdrawn += 1

    def _stored(self, record: Record) -> None:
        """Look the changed signal up, now that the matcher says it knows."""
        self.model.store(record.entry, perf_counter())
        self._put(self.model.signal(record.entry), kept=True)
        self.compared_changes += 1

    # What is asked

    def _ask(self) -> None:
        planted = self._random.random() < PLANTED
        signal = self._near(self._any()) if planted else self._bits.integers(0, 256, 32, np.uint8)
        self._put(signal, kept=self._random.random() < COMPARED)

    def _put(self, signal: NDArray[np.uint8], *, kept: bool) -> None:
        self.asked += 1
        self.asking.queue.put_nowait(Question(signal, perf_counter(), kept))

    def _any(self) -> int:
        """Choose an entry, every other time a recent one."""
        if self._random.random() < 0.5 and self.added:
            return self.model.size - 1 - self._random.randrange(min(RECENT, self.added))
        return self._random.randrange(self.model.size)

    def _near(self, entry: int) -> NDArray[np.uint8]:
        bits = np.unpackbits(self.model.signal(entry))
        bits[self._random.sample(range(256), self._random.randint(0, 31))] ^= 1
        return np.packbits(bits)

    # What is compared

    def _answered(self, asked: Asked) -> None:
        self._to_compare.append(asked)

    async def _comparing(self) -> None:
        while True:
            await asyncio.sleep(1)
            answers, self._to_compare = self._to_compare, []
            self._comparison = asyncio.ensure_future(asyncio.to_thread(self._compare, answers))
            await asyncio.shield(self._comparison)

    def _compare(self, answers: list[Asked]) -> None:
        for begin in range(0, len(answers), MOST_COMPARED):
            some = answers[begin : begin + MOST_COMPARED]
            self.wrong += self.model.wrong(some)
            self.compared += len(some)

    # What goes on meanwhile

    async def _sampling(self, directory: Path) -> None:
        while True:
            self.watch.sample(directory)
            await asyncio.sleep(1)

    async def _every(self, period: float, act: Callable[[], None]) -> None:
        """Act so often, catching up after a delay."""
        due = perf_counter()
        while True:
            while due <= perf_counter():
                act()
                due += period
            with suppress(TimeoutError):
                await asyncio.sleep(TICK)


async def _for(seconds: float, *jobs: Coroutine[None, None, None]) -> None:
    """Run jobs that never end for so long; raise what one of them raises."""
    tasks = [asyncio.create_task(job) for job in jobs]
    failed, _ = await asyncio.wait(tasks, timeout=seconds, return_when="FIRST_EXCEPTION")
    await _cancelled(tasks)
    for task in failed:
        task.result()


async def _cancelled(tasks: "Sequence[asyncio.Task[None]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
