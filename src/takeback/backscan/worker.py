"""Whoever does shards, in a process of this machine or of a cluster: the same everywhere."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from takeback.backscan.bank import Bank, BankKind
from takeback.backscan.child import Hasher
from takeback.backscan.files import Files
from takeback.backscan.outcome import Outcome, Sheet, Task
from takeback.backscan.plan import Choices, Kind
from takeback.backscan.ready import Ready
from takeback.backscan.tables import unpacked
from takeback.hashing.hasher import Wanted
from takeback.matching.lookup.indexes import warm_up


@dataclass(frozen=True, slots=True)
class Work:
    """All that a worker must know before its first shard."""

    kind: Kind
    base: str
    """Where relative paths begin."""

    bank: Path
    bank_kind: BankKind
    choices: Choices


@dataclass(slots=True)
class Worker:
    """Does shards, one after the other, with a bank and children of its own."""

    work: Work
    _bank: Bank
    _scanner: Files | Ready
    _hasher: Hasher

    @classmethod
    def of(cls, work: Work) -> Self:
        """Open the bank and get ready."""
        warm_up()
        bank = work.bank_kind.open(work.bank)
        hasher = Hasher(_wanted(work.choices, bank), work.choices.videos)
        files = work.kind == "files"
        scanner = (
            Files(bank, work.choices, work.base, hasher) if files else Ready(bank, work.choices)
        )
        if files:
            hasher.get_ready()
        return cls(work, bank, scanner, hasher)

    def do(self, task: Task) -> Outcome:
        """Do one shard."""
        rows, sheet = unpacked(task.rows), Sheet()
        self._bank.catch_up()
        with sheet.seconds.spent_on("total"):
            self._scanner.scan(rows, sheet)
        return sheet.outcome(task.number, len(rows), keep=self.work.choices.keep)

    def close(self) -> None:
        """End the children."""
        self._hasher.close()


def _wanted(choices: Choices, bank: Bank) -> Wanted:
    """Return what is made of a picture: keypoints only where something has any."""
    if choices.views == "plain":
        return Wanted.PLAIN
    return Wanted.KEYPOINTS if bank.described else Wanted.VIEWS
