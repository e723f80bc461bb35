"""What is compared with: a bank opened for reading only.

A matcher's data directory is opened by ``cli/backscan``, which knows both; a list of signals by
``listed.py``. Here is what a scan needs of any bank.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from takeback.backscan.plan import BankFacts
from takeback.matching.lookup.found import Register
from takeback.matching.lookup.indexes import Indexes


class Entry(Protocol):
    """What is written of an entry that matches."""

    @property
    def number(self) -> str:
        """The hub's number of the entry."""

    @property
    def hub(self) -> str:
        """Whose entry it is."""

    @property
    def bank(self) -> str:
        """In which of the hub's banks."""

    @property
    def ask(self) -> str:
        """What the hub asks when it matches."""

    @property
    def view(self) -> str:
        """Which form of the picture was registered."""

    @property
    def vouched(self) -> bool:
        """Whether somebody gave their word for it."""


@dataclass(frozen=True, slots=True)
class Bank:
    """An open bank."""

    indexes: Indexes
    register: Register[Entry]
    catch_up: Callable[[], None] = lambda: None
    """Takes in what changed meanwhile and is not followed by itself; called before each shard."""

    @property
    def described(self) -> bool:
        """Whether it holds anything that keypoints can be compared with."""
        return bool(len(self.indexes.keypoints) or len(self.indexes.videos))


@dataclass(frozen=True, slots=True)
class Newer:
    """Some of the entries that came to a bank after a cursor, whole pictures' signals only."""

    ids: Sequence[int]
    entries: Mapping[int, Entry]
    """By id; one that is gone already is left out."""

    signals: NDArray[np.uint8]
    """Shape (n, 32), in the order of the ids."""

    last: int
    """The cursor after these."""


@dataclass(frozen=True, slots=True)
class BankKind:
    """How banks of one kind are opened; other processes find the functions by their names."""

    facts: Callable[[Path], BankFacts]
    """Says which bank lies there, without opening it."""

    prepare: Callable[[Path, Path], Path]
    """Returns what workers open; may make it, once, in the folder given second."""

    open: Callable[[Path], Bank]
    """Opens what was prepared."""

    newer: Callable[[Path, int], Iterator[Newer]]
    """Reads what came after a cursor, which is a ``BankFacts.mark``, in ascending order."""


def as_it_is(bank: Path, _folder: Path) -> Path:
    """Prepare nothing: workers open the bank itself."""
    return bank
