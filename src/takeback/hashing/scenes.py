"""Which frames of a video stand for it: one a second and after every cut, without repeats.

Everything here is bounded whatever the length of the video: where there is too much, every
second one goes, evenly over time. Knows no files and no pixels beyond a tiny grey sample.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.signal import Signal

SAMPLE_SIDE: Final = 24
"""Points along each side of the tiny sample in which cuts are looked for."""

CUT_LEVELS: Final = 22.0
"""Mean change of a sample, in levels of 255, from one frame to the next that may be a cut …"""

CUT_FACTOR: Final = 3.0
"""… if it is also so many times the usual change."""

LEAST_GAP: Final = 250
"""Milliseconds between two frames that are hashed, at least, however often there are cuts."""

FAST: Final = 64
"""An upload whose frames are further apart than this many bits is looked at twice as often …"""

CALM: Final = 28
"""… and half as often again when they are nearer than this many."""

LEAST_STEP: Final = 30
"""Milliseconds between frames of an upload, however fast it moves."""

SAME: Final = 6
"""A frame within so many bits of the one kept before it is left out."""

OTHER: Final = 24
"""A chosen frame is further than this many bits from the one chosen before it."""

Kept = TypeVar("Kept")
Sample = NDArray[np.int16]


class Pace:
    """Says of each decoded frame whether it is to be hashed."""

    def __init__(self, every: int) -> None:
        """Take a frame every so many milliseconds, and after every cut."""
        self._every = self._step = every
        self._due = 0
        self._last = -LEAST_GAP
        self._before: Sample | None = None
        self._usual = 0.0

    def wants(self, time: int, luma: NDArray[np.uint8]) -> bool:
        """Say whether to hash the frame at that time."""
        cut = self._is_cut(luma) and time >= self._last + LEAST_GAP
        if not cut and time < self._due:
            return False
        if time >= self._due:
            self._due = (time // self._step + 1) * self._step
        self._last = time
        return True

    def hurry(self, bits: int) -> None:
        """Take frames sooner or later, by how far this one is from the one taken before."""
        if bits > FAST:
            self._step = max(LEAST_STEP, self._step // 2)
        elif bits < CALM:
            self._step = min(self._every, self._step * 2)
        self._due = min(self._due, self._last + self._step)

    def slow_down(self, every: int) -> None:
        """Take a frame every so many milliseconds from now on."""
        self._every = self._step = every

    def _is_cut(self, luma: NDArray[np.uint8]) -> bool:
        rows, columns = (max(1, side // SAMPLE_SIDE) for side in luma.shape)
        sample = luma[rows // 2 :: rows, columns // 2 :: columns].astype(np.int16)
        before, self._before = self._before, sample
        if before is None or before.shape != sample.shape:
            return True
        change = float(np.abs(sample - before).mean())
        usual, self._usual = self._usual, 0.9 * self._usual + 0.1 * min(change, CUT_LEVELS)
        return change > max(CUT_LEVELS, CUT_FACTOR * usual)


@dataclass(frozen=True, slots=True, eq=False)
class Timed(Generic[Kept]):
    """Something that belongs to a time in milliseconds."""

    time: int
    kept: Kept


class Spread(Generic[Kept]):
    """Keeps at most so many things, evenly spread over time.

    When there are too many, time is cut into cells of one length, and each keeps the best that
    lies in it, the first among equals. When that is too many still, cells become twice as long.
    """

    def __init__(self, most: int, cell: int, worth: Callable[[Kept], int] = lambda _: 0) -> None:
        """Keep *most* things; cells are *cell* milliseconds long at first."""
        self.most = most
        self.cell = cell
        self.items: list[Timed[Kept]] = []
        self._worth = worth

    def add(self, time: int, kept: Kept) -> bool:
        """Add something later than all before, and say whether it had to be thinned."""
        self.items.append(Timed(time, kept))
        return self.thin()

    def thin(self) -> bool:
        """Make room, and say whether that was needed."""
        needed = len(self.items) > self.most
        while len(self.items) > self.most:
            self._merge_cells()
            if len(self.items) > self.most:
                self.cell *= 2
        return needed

    def _merge_cells(self) -> None:
        best: dict[int, Timed[Kept]] = {}
        for item in self.items:
            cell = item.time // self.cell
            if cell not in best or self._worth(item.kept) > self._worth(best[cell].kept):
                best[cell] = item
        self.items = list(best.values())


def differs(signal: Signal, before: Signal | None, bits: int) -> bool:
    """Say whether a frame is further than so many bits from an earlier one, if there is one."""
    return before is None or signal.distance(before) > bits
