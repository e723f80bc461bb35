"""A centre: cases with the real bank, audit log and accounts on a real database."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from takeback.accounts.model import Role, Staff
from takeback.accounts.service import Platforms
from takeback.accounts.staff import StaffAccounts
from takeback.audit.store import AuditLog
from takeback.cases.service import Cases
from takeback.cases.wire import AgeBand, Opened, Receipt
from takeback.db import Database
from takeback.due import DueTable
from takeback.ids import ItemId, PlatformId
from takeback.journal import Journal
from takeback.matching.model import BANKS, Found
from takeback.matching.paging import Reader
from takeback.matching.service import Bank
from takeback.settings import Settings
from tests.cases.fakes import CountingKdf, MemoryPlatforms
from tests.cases.world import KEYS, access, document, item, signal
from tests.conftest import FakeClock

EVERYTHING = Reader(PlatformId("platform_0000000000000000"), frozenset(BANKS))


@dataclass
class Centre:
    """A hub without an exchange."""

    db: Database
    now: FakeClock
    audit: AuditLog
    bank: Bank
    staff: StaffAccounts
    platforms: Platforms
    journal: Journal
    due: DueTable
    cases: Cases
    served: MemoryPlatforms

    def open(self, name: str, age_band: AgeBand = "adult") -> Opened:
        """Open a case with one signal."""
        sent = msgspec.structs.replace(document(item(name, note="n")), age_band=age_band)
        return self.cases.open(sent)

    def find(self, name: str, reader: Reader = EVERYTHING) -> Found:
        """Look a signal up."""
        bits = np.frombuffer(bytes.fromhex(signal(name).value), np.uint8).reshape(1, 32)
        return self.bank.search(bits, reader, 10)[0]

    def receipt(self, opened: Opened) -> Receipt:
        """Read the receipt."""
        return self.cases.receipt(access(opened))

    def first_staff(self) -> Staff:
        """Return the centre's lead."""
        return self.staff.add("Lead", Role.LEAD, None)[0]

    def item_id(self, opened: Opened) -> ItemId:
        """Return the id of the case's only item."""
        return ItemId(self.receipt(opened).items[0].item_id)

    def work(self) -> int:
        """Do everything that is due now, and say how much that was."""
        return self.due.run(self.cases.handlers(), limit=100)


def make_centre(
    database: Database, clock: FakeClock, folder: Path, *, offer_keypoints: bool = True
) -> Centre:
    """Return a centre on *database*."""
    settings = Settings(
        openings_per_second=10_000, proof_of_work_bits=0, offer_keypoints=offer_keypoints
    )
    served = MemoryPlatforms()
    journal = Journal(folder / "journal.jsonl", clock)
    audit = AuditLog(database, clock, KEYS.signer())
    bank = Bank(database, audit, clock, settings)
    staff = StaffAccounts(database, audit, journal, clock)
    platforms = Platforms(database, audit, journal, clock)
    due = DueTable(database, clock)
    cases = Cases(
        db=database,
        audit=audit,
        journal=journal,
        bank=bank,
        due=due,
        keys=KEYS,
        settings=settings,
        now=clock,
        staff=staff,
        platforms=platforms,
        deliveries=served,
        kdf=CountingKdf(),
    )
    return Centre(database, clock, audit, bank, staff, platforms, journal, due, cases, served)
