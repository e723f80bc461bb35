"""Fixtures for the tests of platforms and staff."""

import secrets
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from takeback.accounts import Platforms, Role, Staff, StaffAccounts
from takeback.accounts import store as tables
from takeback.accounts.model import MadeUp
from takeback.audit import AuditLog
from takeback.db import Database
from takeback.journal import Journal
from takeback.settings import Settings
from tests.conftest import FakeClock


@dataclass(frozen=True, slots=True)
class Desk:
    """The services, and one person of each role."""

    db: Database
    audit: AuditLog
    journal: Journal
    platforms: Platforms
    accounts: StaffAccounts
    operator: Staff
    caseworker: Staff
    lead: Staff

    def actions(self) -> list[str]:
        """Return what the audit log says happened, the fixture's three accounts left out."""
        return [event.action for _, event in self.audit.every_event(after=3)]

    def facts(self) -> dict[str, bool | int | str]:
        """Return the facts of the newest event."""
        return dict(self.audit.every_event()[-1][1].facts)

    def rows(self) -> list[tuple[object, ...]]:
        """Return everything that the accounts' tables hold."""
        stored = [table for table in vars(tables).values() if isinstance(table, sa.Table)]
        with self.db.reading():
            return [tuple(row) for table in stored for row in self.db.execute(table.select())]


def made_up(count: int) -> list[list[MadeUp]]:
    """Return the canaries of so many pictures: a whole and a mirror, and keypoints of it."""
    return [
        [
            MadeUp("pdq", secrets.token_bytes(32), 100, "whole"),
            MadeUp("pdq", secrets.token_bytes(32), 100, "mirror"),
            MadeUp("kp1", secrets.token_bytes(72), 0, "whole"),
        ]
        for _ in range(count)
    ]


@pytest.fixture
def desk(database: Database, clock: FakeClock, tmp_path: Path) -> Desk:
    """A hub with an operator, a caseworker and a lead, and no platform."""
    audit = AuditLog(database, clock, Ed25519PrivateKey.generate())
    journal = Journal(tmp_path / "journal.jsonl", clock)
    settings = Settings(lookup_quota_per_day=100, submit_quota_per_day=10, report_quota_per_day=20)
    accounts = StaffAccounts(database, audit, journal, clock)
    operator, _ = accounts.add("Ola", Role.OPERATOR, None)
    caseworker, _ = accounts.add("Cho", Role.CASEWORKER, operator)
    lead, _ = accounts.add("Lee", Role.LEAD, operator)
    platforms = Platforms(database, audit, journal, clock, settings)
    return Desk(database, audit, journal, platforms, accounts, operator, caseworker, lead)
