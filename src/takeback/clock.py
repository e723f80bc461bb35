"""The time, as a function that can be handed in. Nothing else here reads a clock."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Answers the current instant, aware, in UTC."""


def utc_now() -> datetime:
    """Return the current instant in UTC."""
    return datetime.now(UTC)
