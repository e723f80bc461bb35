"""The composition root: the one place where the hub's parts are put together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from takeback import hubkeys
from takeback.accounts.service import Platforms
from takeback.accounts.staff import StaffAccounts
from takeback.audit.store import AuditLog, audit_events
from takeback.backup import tables
from takeback.backup.service import Backups, Replays, Restoration, Restored, check, fill
from takeback.cases.service import Cases
from takeback.clock import Clock, utc_now
from takeback.db import Database
from takeback.due import DueTable
from takeback.errors import BadSettings, Conflict, IntegrityFailure, TakebackError, Unavailable
from takeback.exchange.deliveries import Deliveries
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
    backups: Backups


@contextmanager
def open_hub(settings: Settings, *, now: Clock = utc_now) -> Iterator[Hub]:
    """Open the database, bring it up to date, wire every service; close it on the way out.

    Raises:
        BadSettings: the database's address is none.
        Unavailable: the database can't be reached, or there is no room left for it.
        NotFound: the database is in use and its key file is gone.
        IntegrityFailure: the key file is damaged or another database's, or a newer program
            used this one.
    """
    _private_directory(settings.data)
    if _mark(settings).exists():
        raise IntegrityFailure("a restore did not finish; run `takeback restore` again")
    db = _database(settings)
    try:
        migrate(db)
        hub = build_hub(settings, _keys(settings, db), db, now)
        hub.audit.refuse_other_signer()
        hub.journal.create()
        yield hub
    except sa.exc.DBAPIError as problem:
        refused = _refusal(problem)
        if refused is None:
            raise
        raise refused from None
    finally:
        db.close()


def _database(settings: Settings) -> Database:
    """Make the database's engine; nothing is opened yet."""
    try:
        return Database(settings.database_url)
    except (sa.exc.ArgumentError, ImportError):
        raise BadSettings(
            "TAKEBACK_DATABASE: expected postgresql+psycopg://user@host/name"
        ) from None


def _keys(settings: Settings, db: Database) -> HubKeys:
    """Read the key file. Only a hub in which nothing has happened yet gets a new one."""
    path = settings.data / "hub.key"
    with db.reading():
        used = db.execute(sa.select(audit_events.c.seq).limit(1)).first() is not None
    return hubkeys.load(path) if used else hubkeys.load_or_create(path)


def _refusal(problem: sa.exc.DBAPIError) -> TakebackError | None:
    """Say what the database refused, in the words of its driver; None if the fault is ours."""
    if isinstance(problem, sa.exc.OperationalError):
        reason = str(problem.orig).partition("\n")[0]
        refused = Unavailable(f"the database can't be used: {reason}")
        refused.hint = "Check that it runs, that its disk has room, and TAKEBACK_DATABASE."
        return refused
    if type(problem) is sa.exc.DatabaseError:
        return IntegrityFailure("the database is damaged, or the file is no database")
    return None


def build_hub(settings: Settings, keys: HubKeys, db: Database, now: Clock) -> Hub:
    """Wire every service over an open, migrated database."""
    journal = Journal(settings.journal_path, now)
    due = DueTable(db, now)
    audit = AuditLog(db, now, keys.signer(), settings.data / "audit-head.json")
    staff = StaffAccounts(db, audit, journal, now)
    platforms = Platforms(db, audit, journal, now, settings)
    bank = Bank(db, audit, now, settings)
    cases = Cases(
        db=db,
        audit=audit,
        journal=journal,
        bank=bank,
        due=due,
        keys=keys,
        settings=settings,
        now=now,
        staff=staff,
        platforms=platforms,
        deliveries=Deliveries(db),
    )
    return Hub(
        settings=settings,
        now=now,
        keys=keys,
        db=db,
        journal=journal,
        due=due,
        audit=audit,
        staff=staff,
        platforms=platforms,
        bank=bank,
        cases=cases,
        exchange=Exchange(db, audit, bank, cases, platforms, keys, settings, now),
        backups=Backups(db, keys, audit, now),
    )


def restore_hub(
    settings: Settings, backup: Path, identity: str, journal: Path | None, now: Clock = utc_now
) -> Restored:
    """Fill an unused hub from a backup, and take back again what was taken back since.

    A restore that was interrupted leaves a mark that keeps the hub from starting; restoring
    again begins from nothing.

    Args:
        settings: of the hub to restore; its data directory must hold the hub's key file.
        backup: the encrypted file.
        identity: the age identity that opens it.
        journal: the journal that outlived the hub; None suspends every entry instead, and takes
            keys, the feed and under-18 marks from every platform.
        now: the clock of the restored hub.

    Raises:
        BadBackupKey: *identity* does not open the backup.
        Conflict: the database is in use.
        IntegrityFailure: the backup is damaged, or belongs to a hub with another key file.
    """
    header = check(backup, identity)
    keys = hubkeys.load(settings.data / "hub.key")
    if header.key_check != keys.check_value():
        raise IntegrityFailure("this backup belongs to a hub with another key file")
    db = _database(settings)
    try:
        _claim(settings, db)
        rows = fill(db, backup, identity, header)
        replayed, taken = _restoration(build_hub(settings, keys, db, now)).finish(header, journal)
        _mark(settings).unlink()
    finally:
        db.close()
    return Restored(header.made_at, rows, replayed, taken)


def _restoration(hub: Hub) -> Restoration:
    """Return the last steps of a restore over *hub*'s services."""
    replays: dict[str, Replays] = {
        "case": hub.cases,
        "item": hub.cases,
        "key": hub.platforms,
        "platform": hub.platforms,
        "staff": hub.staff,
    }
    return Restoration(hub.db, hub.audit, hub.bank, hub.platforms, replays)


def _claim(settings: Settings, db: Database) -> None:
    """Mark that a restore is under way; only what an earlier one left behind is erased."""
    mark = _mark(settings)
    if mark.exists():
        tables.erase(db)
    elif tables.used(db):
        raise Conflict("this database is in use; restore into an empty one")
    mark.touch()


def _mark(settings: Settings) -> Path:
    return settings.data / "restore-under-way"


def _private_directory(path: Path) -> None:
    """Make the data directory, readable by this user only."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
