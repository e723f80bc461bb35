"""What programs acknowledged while they were being killed, written down by those who asked.

A change whose answer never came may have happened or not: what it concerns is unsure from
then on, and nobody touches it again.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

import httpx2

from takeback.cases.wire import Opened


class Standing(Enum):
    """How something stands by the last word that came back."""

    PROTECTED = "protected"
    LEAVING = "a withdrawal was acknowledged, and the worker will do it"
    WITHDRAWN = "withdrawn"
    UNSURE = "the answer never came"


@dataclass(eq=False)
class Picture:
    """One registered picture."""

    signal: str
    standing: Standing = Standing.UNSURE
    item_id: str = ""
    moves: int = 0
    """How often its standing changed."""


@dataclass(eq=False)
class Filed:
    """A case whose opening was acknowledged."""

    opened: Opened
    locked: bool
    pictures: list[Picture]
    standing: Standing = Standing.PROTECTED
    moves: int = 0

    @property
    def sure(self) -> bool:
        """Whether every answer about it came."""
        standings = {self.standing, *(picture.standing for picture in self.pictures)}
        return Standing.UNSURE not in standings

    def protected(self) -> list[Picture]:
        """Return the pictures that nobody withdrew."""
        return [each for each in self.pictures if each.standing is Standing.PROTECTED]


Movable = Picture | Filed


@dataclass
class Ledger:
    """Everything that was acknowledged."""

    cases: list[Filed] = field(default_factory=list)
    responses: set[str] = field(default_factory=set)
    """Ids of acknowledged responses."""
    opinions: set[tuple[str, str]] = field(default_factory=set)
    """Platform and number of acknowledged opinions."""
    wrong: list[str] = field(default_factory=list)
    """What must not have happened, in words."""
    _pictures: dict[str, list[Picture]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def holds(self, *pictures: Picture) -> None:
        """Remember pictures that are about to be registered."""
        with self._lock:
            for picture in pictures:
                self._pictures[picture.signal].append(picture)

    def signals(self) -> list[str]:
        """Return every signal that was ever sent."""
        with self._lock:
            return list(self._pictures)

    def expected(self, signal: str) -> tuple[bool | None, int]:
        """Return whether a signal must match, or None; and a number that changes when that may."""
        with self._lock:
            pictures = list(self._pictures[signal])
        standings = {picture.standing for picture in pictures}
        moves = sum(picture.moves for picture in pictures) + len(pictures)
        if Standing.PROTECTED in standings:
            return True, moves
        return (False if standings == {Standing.WITHDRAWN} else None), moves

    @contextmanager
    def moving(self, things: Sequence[Movable], to: Standing) -> Iterator[None]:
        """Let *things* be unsure until the block has ended; a hub that was away did nothing."""
        before = [thing.standing for thing in things]
        _move(things, [Standing.UNSURE] * len(things))
        try:
            yield
        except httpx2.ConnectError:
            _move(things, before)
            raise
        _move(things, [to] * len(things))


def _move(things: Sequence[Movable], standings: Sequence[Standing]) -> None:
    for thing, standing in zip(things, standings, strict=True):
        thing.standing = standing
        thing.moves += 1
