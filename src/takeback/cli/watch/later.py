"""Objects that could not be asked about: they come after all others, and less and less often."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from takeback.cli.watch.memory import digest_of
from takeback.cli.watch.places import Object

FIRST: Final = 10.0
"""Seconds after which an object is asked about again for the first time."""

LONGEST: Final = 3600.0
"""Seconds, at most, until it is asked about again."""


@dataclass(frozen=True, slots=True)
class Wait:
    """How long one object is left alone."""

    pause: float
    until: float
    """An instant of the monotonic clock."""


@dataclass(slots=True)
class Later:
    """What failed, by digest; so one bad object delays neither the others nor the next look."""

    waits: dict[bytes, Wait] = field(default_factory=dict)

    def put_off(self, failed: Object) -> None:
        """Leave an object alone for a while, each time twice as long."""
        before = self.waits.get(digest_of(failed))
        pause = min(2 * before.pause, LONGEST) if before else FIRST
        self.waits[digest_of(failed)] = Wait(pause, time.monotonic() + pause)

    def last(self, objects: Iterable[Object]) -> Iterator[Object]:
        """Put what failed before behind all others, and leave out what is not due yet."""
        behind, gone = [], set(self.waits)
        for each in objects:
            if digest_of(each) in gone:
                gone.remove(digest_of(each))
                behind.append(each)
            else:
                yield each
        for digest in gone:
            del self.waits[digest]
        yield from [each for each in behind if self._due(each)]

    def _due(self, failed: Object) -> bool:
        return self.waits[digest_of(failed)].until <= time.monotonic()
