"""Fixtures for tests over HTTP."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Run coroutines on asyncio, as uvicorn does."""
    return "asyncio"
