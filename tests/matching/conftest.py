"""An empty bank, and a platform that follows it."""

import pytest

from takeback.db import Database
from takeback.matching.service import Bank
from tests.conftest import FakeClock
from tests.matching.banking import Follower, make_bank


@pytest.fixture
def bank(database: Database, clock: FakeClock) -> Bank:
    """An empty bank, on each of the two databases in turn."""
    return make_bank(database, clock)


@pytest.fixture
def follower(bank: Bank) -> Follower:
    """A platform's matcher that may see every bank."""
    return Follower(bank)
