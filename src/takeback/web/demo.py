"""A clock that a demonstration may move on, and the address that moves it.

Only a hub started with ``--demo``, which listens on loopback alone, has either, and only in
a data directory that was a demonstration's from its first day: moving the clock purges what
has become due.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
from litestar import Router, post
from litestar.params import JSONBody

from takeback.audit.store import AuditLog
from takeback.clock import Clock, utc_now
from takeback.db import Database
from takeback.errors import Conflict

MARK = "demonstration"
"""File in the data directory that says that nobody is protected by what lies there."""


def claim(data: Path, *, demo: bool) -> None:
    """See that a demonstration and a hub for real cases never share a data directory.

    Raises:
        Conflict: the directory is the other's.
    """
    marked = (data / MARK).exists()
    if demo and not marked:
        if data.exists() and os.listdir(data):
            raise Conflict("this data directory is not a demonstration's")
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / MARK).touch(mode=0o600)
    if marked and not demo:
        raise Conflict("this data directory is a demonstration's, which protects nobody")


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


def routes(clock: DemoClock, db: Database, audit: AuditLog, moved: Callable[[], None]) -> Router:
    """Return the demonstration's route.

    Args:
        clock: what it moves.
        db: where the audit log is.
        audit: where it is written down that the clock was moved.
        moved: called afterwards, so that what has become due is done at once.
    """

    @post("/demo/advance", status_code=200, sync_to_thread=True)
    def advance(data: JSONBody[Advance]) -> Moved:
        """Move the clock on by whole days."""
        with db.transaction():
            audit.append("demo.advanced", "operator", hours=24 * data.days)
        clock.advance(data.days)
        moved()
        return Moved(clock())

    return Router("/", route_handlers=[advance], opt={"role": "demo"}, tags=["demonstration"])
