"""How it goes with each hub, in a file that the keeper swaps and every process reads.

Freshness is told in time since the machine started: whoever sets its clock makes no bank
older or younger. A file of before the machine's last start says nothing any more.
"""

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from takeback.exchange.follow import State
from takeback.matcher.health import HubStatus
from takeback.matcher.log import log
from takeback.matching.disk.boot import boot_id

FILE_NAME: Final = "status.json"


def since_boot() -> datetime:
    """Return a clock's instant that only ever moves on: 1970 is when this machine started."""
    return datetime.fromtimestamp(time.clock_gettime(time.CLOCK_BOOTTIME), UTC)


class HubNote(msgspec.Struct):
    """How it goes with one hub."""

    name: str
    state: State
    read_once: bool
    fresh_at: float | None
    """Seconds of the clock that :func:`since_boot` reads."""

    skipped: int


class Notes(msgspec.Struct):
    """What the file holds."""

    boot: str
    hubs: list[HubNote]


@dataclass(slots=True)
class Board:
    """The file, written by one process and read by all."""

    path: Path
    _seen: tuple[int, int] = (0, 0)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _failed: bool = False

    def write(self, hubs: Sequence[HubStatus]) -> None:
        """Say how it goes; where the disk is full the hubs grow stale for those who read."""
        notes = Notes(str(boot_id()), [_note_of(hub) for hub in hubs])
        with self._lock:
            try:
                self._swap(msgspec.json.encode(notes))
                self._failed = False
            except OSError as problem:
                if not self._failed:
                    log().warning("status.not_written", error=problem.strerror)
                self._failed = True

    def _swap(self, content: bytes) -> None:
        beside = self.path.with_suffix(".new")
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        beside.replace(self.path)

    def refresh(self, hubs: Sequence[HubStatus]) -> None:
        """Bring *hubs* up to what the file says, if it says anything new."""
        with self._lock, suppress(OSError, msgspec.DecodeError):
            about = self.path.stat()
            if (about.st_ino, about.st_mtime_ns) == self._seen:
                return
            notes = msgspec.json.decode(self.path.read_bytes(), type=Notes)
            self._seen = (about.st_ino, about.st_mtime_ns)
            if notes.boot == str(boot_id()):
                _take(notes.hubs, hubs)


def _note_of(hub: HubStatus) -> HubNote:
    fresh = None if hub.fresh_at is None else hub.fresh_at.timestamp()
    return HubNote(hub.name, hub.state, hub.read_once, fresh, hub.skipped)


def _take(notes: Sequence[HubNote], hubs: Sequence[HubStatus]) -> None:
    known = {note.name: note for note in notes}
    for hub in hubs:
        if note := known.get(hub.name):
            fresh = note.fresh_at
            hub.fresh_at = None if fresh is None else datetime.fromtimestamp(fresh, UTC)
            hub.state, hub.read_once, hub.skipped = note.state, note.read_once, note.skipped
