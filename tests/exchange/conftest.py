"""Fixtures of the exchange's tests."""

from pathlib import Path

import pytest

from takeback.db import Database
from takeback.settings import Settings
from tests.conftest import FakeClock
from tests.exchange.partners import Partners, make_partners


@pytest.fixture
def partners(database: Database, clock: FakeClock, tmp_path: Path) -> Partners:
    """An exchange on each of the two databases in turn."""
    return make_partners(database, clock, tmp_path, Settings())
