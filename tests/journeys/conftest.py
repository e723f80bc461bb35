"""A whole hub on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import FakeClock
from tests.journeys.story import Story, settings_for, telling


@pytest.fixture
def story(tmp_path: Path, database_url: str, clock: FakeClock) -> Iterator[Story]:
    """A hub with an operator, a lead and a caseworker, on each database in turn."""
    with telling(settings_for(tmp_path, database_url), clock) as told:
        yield told
