"""When to ask again: full jitter, what the other side asked for, and a limit to it all.

Source: Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015); for
Retry-After RFC 9110, section 10.2.3.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import SystemRandom
from typing import Final

FIRST: Final = 0.1
"""Seconds that the first pause lasts at most; each later one at most twice as long."""

LONGEST: Final = 10.0
"""Seconds that a pause lasts at most where the other side asked for none."""

_until: Final[ContextVar[float]] = ContextVar("until", default=float("inf"))

_random: Final = SystemRandom()


def pause(failed: int, retry_after: float) -> float:
    """Return how many seconds to wait before asking again.

    Never less than *retry_after*, and a random part on top, so that many callers who were
    refused together don't come back together.

    Args:
        failed: how often it failed so far, at least 1.
        retry_after: seconds that the other side asked for.
    """
    return retry_after + _random.uniform(0.0, min(LONGEST, FIRST * 2.0 ** min(failed - 1, 20)))


def seconds(retry_after: str | None) -> float:
    """Read Retry-After, in seconds or as a date; 0 if there is none that can be read."""
    text = (retry_after or "").strip()
    if text.isdecimal() and text.isascii():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
        left = when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)
    except (ValueError, OverflowError):  # OverflowError: a day or a zone beyond any calendar
        return 0.0
    return max(0.0, left.total_seconds())


def left(until: float) -> float:
    """Return the seconds left until an instant of the monotonic clock, none below 0."""
    return max(0.0, until - time.monotonic())


@contextmanager
def ending(until: float) -> Iterator[None]:
    """Have what this thread sends and receives in the block end at *until*."""
    token = _until.set(until)
    try:
        yield
    finally:
        _until.reset(token)


def left_of_call() -> float:
    """Return the seconds left to what this thread is doing, for ever outside of ``ending``."""
    return left(_until.get())
