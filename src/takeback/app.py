"""The composition root: the one place where the hub's parts are put together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from takeback import hubkeys
from takeback.accounts.service import Platforms, StaffAccounts
from takeback.audit.store import AuditLog
from takeback.cases.service import Cases
from takeback.clock import Clock, utc_now
from takeback.db import Database
from takeback.due import DueTable
from takeback.exchange.service import Exchange
from takeback.hubkeys import HubKeys
from takeback.journal import Journal
from takeback.matching.service import Bank
from takeback.migrations import migrate
from takeback.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Everything an entry point may call. Built once per process."""

    settings: Settings
    now: Clock
    keys: HubKeys
    db: Database
    journal: Journal
    due: DueTable
    audit: AuditLog
    staff: StaffAccounts
    platforms: Platforms
    bank: Bank
    cases: Cases
    exchange: Exchange


@contextmanager
def open_hub(settings: Settings, *, now: Clock = utc_now) -> Iterator[Hub]:
    """Open the database, bring it up to date, wire every service; close it on the way out.

    Raises:
        IntegrityFailure: the key file is damaged, or a newer program used the database.
    """
    _private_directory(settings.data)
    keys = hubkeys.load_or_create(settings.data / "hub.key")
    db = Database(settings.database_url)
    try:
        migrate(db)
        yield build_hub(settings, keys, db, now)
    finally:
        db.close()


def build_hub(settings: Settings, keys: HubKeys, db: Database, now: Clock) -> Hub:
    """Wire every service over an open, migrated database."""
    journal = Journal(settings.journal_path, now)
    due = DueTable(db, now)
    audit = AuditLog(db, now, keys.signer())
    platforms = Platforms(db, audit, journal, now)
    bank = Bank(db, audit, now, settings)
    cases = Cases(db, audit, journal, bank, due, keys, settings, now)
    return Hub(
        settings=settings,
        now=now,
        keys=keys,
        db=db,
        journal=journal,
        due=due,
        audit=audit,
        staff=StaffAccounts(db, audit, journal, now),
        platforms=platforms,
        bank=bank,
        cases=cases,
        exchange=Exchange(db, audit, bank, cases, platforms, keys, settings, now),
    )


def _private_directory(path: Path) -> None:
    """Make the data directory, readable by this user only."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
