"""Ask a matcher from your own program.

:class:`Client` waits, :class:`AsyncClient` awaits; both have the same methods. Needs httpx2
and msgspec, and of Takeback nothing else. ``docs/reference/client.md``.
"""

from typing import TYPE_CHECKING

from takeback.client.blocking import Client
from takeback.client.documents import Answer, Health, HubHealth, Match, Opinion, Response, Result
from takeback.client.errors import (
    BadAnswer,
    Busy,
    KeyRefused,
    MalformedSignal,
    MatcherError,
    NotReadable,
    OutOfTime,
    QuotaSpent,
    Refused,
    TooLarge,
    TooLargeForProxy,
    Unavailable,
    Unreachable,
)

if TYPE_CHECKING:
    from takeback.client.awaiting import AsyncClient

__all__ = [
    "Answer",
    "AsyncClient",
    "BadAnswer",
    "Busy",
    "Client",
    "Health",
    "HubHealth",
    "KeyRefused",
    "MalformedSignal",
    "Match",
    "MatcherError",
    "NotReadable",
    "Opinion",
    "OutOfTime",
    "QuotaSpent",
    "Refused",
    "Response",
    "Result",
    "TooLarge",
    "TooLargeForProxy",
    "Unavailable",
    "Unreachable",
]


def __getattr__(name: str) -> object:
    """Import the client that awaits when it is asked for: asyncio takes as long as all the rest."""
    if name != "AsyncClient":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from takeback.client.awaiting import AsyncClient

    return AsyncClient
