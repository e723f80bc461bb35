"""Fixtures for the audit log's tests."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from takeback.audit import AuditLog
from takeback.db import Database
from tests.conftest import FakeClock

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture
def head_file(tmp_path: Path) -> Path:
    """Where the copy of the head is kept."""
    return tmp_path / "audit-head.json"


@pytest.fixture
def log(database: Database, clock: FakeClock, head_file: Path) -> AuditLog:
    """An empty log."""
    return AuditLog(database, clock, SIGNER, head_file)
