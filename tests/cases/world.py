"""A hub with cases only, and short ways to say what a reporter does."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec

from takeback.cases.model import Case
from takeback.cases.service import Cases
from takeback.cases.wire import (
    Access,
    Choices,
    ItemDocument,
    Opened,
    PdqDocument,
    Receipt,
    RegistrationDocument,
)
from takeback.clock import Clock
from takeback.db import Database
from takeback.due import DueTable
from takeback.hubkeys import HubKeys
from takeback.ids import CaseId, ItemId, new_id
from takeback.journal import Journal
from takeback.settings import Settings
from tests.cases.fakes import CountingKdf, MemoryAudit, MemoryBank, MemoryPlatforms, TableOfRoles
from tests.conftest import FakeClock

KEYS = HubKeys(bytes(range(32)))


def signal(name: str, quality: int = 90) -> PdqDocument:
    """Return a made-up signal; the same name gives the same one."""
    return PdqDocument(hashlib.sha256(name.encode()).hexdigest(), quality)


def item(*names: str, locators: Sequence[str] = (), note: str = "") -> ItemDocument:
    """Return an item with made-up signals."""
    return ItemDocument([signal(name) for name in names], list(locators), note)


def document(*items: ItemDocument, choices: Choices | None = None) -> RegistrationDocument:
    """Return an adult's registration of *items*, in English."""
    return RegistrationDocument(
        version=1,
        kind="shared",
        age_band="adult",
        language="en",
        items=list(items),
        choices=choices or Choices(),
    )


def access(opened: Opened, slip: str = "") -> Access:
    """Return what she types to get in."""
    return Access(opened.code, opened.pin, slip)


def wrong_pin(opened: Opened) -> Access:
    """Return the right code with a PIN that is not hers."""
    return Access(opened.code, f"{(int(opened.pin) + 1) % 1_000_000:06}")


def without_ids(receipt: Receipt) -> bytes:
    """Return the receipt's bytes with the ids left out; its days stay."""
    items = [msgspec.structs.replace(one, item_id="") for one in receipt.items]
    withdrawals = [msgspec.structs.replace(one, item_id="") for one in receipt.withdrawals]
    bare = msgspec.structs.replace(receipt, case_id="", items=items, withdrawals=withdrawals)
    return msgspec.json.encode(bare)


@dataclass
class World:
    """Cases on a real database, with fakes for the other domains."""

    db: Database
    clock: FakeClock
    folder: Path
    settings: Settings = field(
        default_factory=lambda: Settings(openings_per_second=10_000, proof_of_work_bits=0)
    )
    audit: MemoryAudit = field(default_factory=MemoryAudit)
    bank: MemoryBank = field(default_factory=MemoryBank)
    platforms: MemoryPlatforms = field(default_factory=MemoryPlatforms)
    kdf: CountingKdf = field(default_factory=CountingKdf)

    def __post_init__(self) -> None:
        now: Clock = self.clock
        self.due = DueTable(self.db, now)
        self.journal = Journal(self.folder / "journal.jsonl", now)
        self.cases = self.another_process()

    def another_process(self, settings: Settings | None = None) -> Cases:
        """Return cases as a second process of the same hub would have them."""
        return Cases(
            self.db,
            self.audit,
            self.journal,
            self.bank,
            self.due,
            KEYS,
            settings or self.settings,
            self.clock,
            TableOfRoles(),
            self.platforms,
            self.platforms,
            self.kdf,
        )

    def open(self, *items: ItemDocument, choices: Choices | None = None) -> Opened:
        """Open a case with *items*, or one signal when there are none given."""
        return self.cases.open(document(*(items or (item("a"),)), choices=choices))

    def receipt(self, opened: Opened) -> Receipt:
        """Read the receipt."""
        return self.cases.receipt(access(opened))

    def case(self, opened: Opened) -> Case:
        """Return the case as it is stored."""
        with self.db.reading():
            return self.cases.lifecycle.store.get(CaseId(opened.case_id))

    def item_id(self, opened: Opened, place: int = 0) -> ItemId:
        """Return the id of one of the case's items."""
        return ItemId(self.receipt(opened).items[place].item_id)

    def work(self) -> int:
        """Do everything that is due now, and say how much that was."""
        return self.due.run(self.cases.handlers(), limit=100)

    def later(self, **time: float) -> None:
        """Let time pass and do everything that became due."""
        self.clock.advance(timedelta(**time))
        self.work()

    def journalled(self) -> list[str]:
        """Return the kinds of the journal's lines."""
        return [line.kind for line in self.journal.lines()]


def unknown_code(opened: Opened) -> Access:
    """Return a code that no case has, with a PIN."""
    return Access(new_id("x")[2:15], opened.pin)
