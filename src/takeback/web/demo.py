"""A clock that a demonstration may move on, and the address that moves it.

Only a hub started with ``--demo``, which listens on loopback alone, has either.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from litestar import Router, post
from litestar.params import JSONBody

from takeback.clock import Clock, utc_now


@dataclass(slots=True)
class DemoClock:
    """The true time, plus what the demonstration moved it on by."""

    base: Clock = utc_now
    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        """Return the instant the demonstration is at."""
        return self.base() + self.ahead

    def advance(self, days: int) -> None:
        """Move the clock on by *days*."""
        self.ahead += timedelta(days=days)


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Move the demonstration's clock on."""

    days: Annotated[int, msgspec.Meta(ge=1, le=4000)]


class Moved(msgspec.Struct, frozen=True):
    """Where the demonstration's clock stands now."""

    now: datetime


def routes(clock: DemoClock, moved: Callable[[], None]) -> Router:
    """Return the demonstration's route.

    Args:
        clock: what it moves.
        moved: called afterwards, so that what has become due is done at once.
    """

    @post("/demo/advance", status_code=200, sync_to_thread=False)
    def advance(data: JSONBody[Advance]) -> Moved:
        """Move the clock on by whole days."""
        clock.advance(data.days)
        moved()
        return Moved(clock())

    return Router("/", route_handlers=[advance], opt={"role": "demo"}, tags=["demonstration"])
