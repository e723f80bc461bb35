"""Fixtures of the back-scan."""

import pytest

from tests.backscan.library import Library, make


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A small library with a bank; nobody may change it."""
    return make(tmp_path_factory.mktemp("backscan"))
