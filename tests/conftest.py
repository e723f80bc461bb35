"""Fixtures that every test may ask for."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import pytest

import takeback
from takeback import db
from takeback.db import Database
from tests.postgres import PostgresServer, running_postgres

# No example fails because the machine was busy.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

NOON = datetime(2030, 3, 5, 12, 0, tzinfo=UTC)


class FakeClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, instant: datetime = NOON) -> None:
        """Start at *instant*."""
        self.instant = instant

    def __call__(self) -> datetime:
        """Return the instant the clock shows."""
        return self.instant

    def advance(self, by: timedelta) -> None:
        """Move the clock on."""
        self.instant += by


@pytest.fixture
def clock() -> FakeClock:
    """A clock that shows noon of 5 March 2030."""
    return FakeClock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL server for the whole run."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, on each of the two kinds in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with every table, empty, on each of the two kinds in turn."""
    for module in pkgutil.walk_packages(takeback.__path__, "takeback."):
        if module.name.endswith(".store"):
            importlib.import_module(module.name)
    opened = Database(database_url)
    db.metadata.create_all(opened.engine)
    yield opened
    opened.close()
