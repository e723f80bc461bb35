"""What a matcher may answer at each moment, and a linear scan that says what lies near.

An entry has four times: when the hub first offered it, when the matcher asked for what comes
after it (so it is stored), and both again for its end. A look-up that was sent and answered
between two moments *must* find what was stored before the first and not offered as gone before
the second, and *may* find what was offered before the second and not stored as gone before
the first. Everything else is a wrong answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from benchmarks.oracle import scan
from numpy.typing import NDArray

Signals = NDArray[np.uint8]

RADIUS: Final = 31
NEVER: Final = np.inf
ALWAYS: Final = -np.inf


@dataclass(frozen=True, slots=True)
class Asked:
    """One look-up and its answer."""

    signal: Signals
    """Shape (32,)."""

    sent: float
    answered: float
    found: Sequence[tuple[int, int]]
    """Entry and distance, in the order answered."""

    more: bool


class Model:
    """Every entry that ever was; positions are never used twice."""

    def __init__(self, bank: Signals, room: int) -> None:
        """Begin with a bank that is stored already, and room for more entries."""
        self._columns = np.zeros((4, len(bank) + room), np.uint64)
        self._columns[:, : len(bank)] = bank.view(np.uint64).T
        self._offered = np.full(len(bank) + room, NEVER)
        self._stored = np.full(len(bank) + room, NEVER)
        self._offered[: len(bank)] = self._stored[: len(bank)] = ALWAYS
        self._gone_offered = np.full(len(bank) + room, NEVER)
        self._gone_stored = np.full(len(bank) + room, NEVER)
        self.size = len(bank)

    def signal(self, entry: int) -> Signals:
        """Return an entry's signal."""
        return np.ascontiguousarray(self._columns[:, entry]).view(np.uint8)

    def offer(self, signal: Signals, now: float) -> int:
        """The hub offers an entry; return its position."""
        entry = self.size
        self._columns[:, entry] = signal.view(np.uint64)
        self._offered[entry] = now
        self.size += 1
        return entry

    def offer_gone(self, entry: int, now: float) -> None:
        """The hub offers that an entry is gone."""
        self._gone_offered[entry] = now

    def store(self, entry: int, now: float) -> None:
        """The matcher has stored the entry, or that it is gone."""
        gone = self._gone_offered[entry] < NEVER and self._stored[entry] < NEVER
        (self._gone_stored if gone else self._stored)[entry] = now

    def is_there(self, entry: int) -> bool:
        """Tell whether it is stored and nobody has said that it is gone."""
        return bool(self._stored[entry] < NEVER and self._gone_offered[entry] == NEVER)

    def wrong(self, asked: Sequence[Asked]) -> list[str]:
        """Compare answers with a linear scan; return what is wrong, without any signal."""
        signals = np.stack([each.signal for each in asked])
        hits = scan(self._columns, signals, RADIUS, self.size)
        bounds = np.searchsorted(hits[:, 0], np.arange(len(asked) + 1))
        return [
            fault
            for number, each in enumerate(asked)
            for fault in self._faults(each, hits[bounds[number] : bounds[number + 1], 1:])
        ]

    def _faults(self, asked: Asked, hits: NDArray[np.int64]) -> list[str]:
        near = {int(entry): int(distance) for entry, distance in hits}
        found = dict(asked.found)
        distances = [distance for _, distance in asked.found]
        faults = ["an entry twice"] * (len(found) != len(asked.found))
        faults += ["not nearest first"] * (distances != sorted(distances))
        farthest = max(distances, default=RADIUS) if asked.more else RADIUS + 1
        for entry, distance in near.items():
            if self._must(entry, asked) and distance < farthest and entry not in found:
                faults.append(f"entry {entry} is missing")
        for entry, distance in found.items():
            if near.get(entry) != distance:
                faults.append(f"entry {entry} is not at distance {distance}")
            elif not self._may(entry, asked):
                faults.append(f"entry {entry} is not, or no longer, to be found")
        return faults

    def _must(self, entry: int, asked: Asked) -> bool:
        return bool(self._stored[entry] < asked.sent and self._gone_offered[entry] > asked.answered)

    def _may(self, entry: int, asked: Asked) -> bool:
        return bool(self._offered[entry] < asked.answered and self._gone_stored[entry] > asked.sent)
