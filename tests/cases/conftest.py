"""Fixtures for the tests of cases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from takeback import db
from takeback.db import Database
from tests.cases.centre import Centre, make_centre
from tests.cases.world import World
from tests.conftest import FakeClock


@pytest.fixture
def world(database: Database, clock: FakeClock, tmp_path: Path) -> World:
    """Cases on each of the two databases in turn."""
    return World(database, clock, tmp_path)


@pytest.fixture
def quick(tmp_path: Path, clock: FakeClock) -> Iterator[World]:
    """Cases on SQLite alone, for rules that no database has a say in."""
    opened = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    db.metadata.create_all(opened.engine)
    yield World(opened, clock, tmp_path)
    opened.close()


@pytest.fixture
def centre(database: Database, clock: FakeClock, tmp_path: Path) -> Centre:
    """A centre on each of the two databases in turn."""
    return make_centre(database, clock, tmp_path)
