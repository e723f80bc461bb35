"""ASGI as this matcher uses it: types, headers of a request, and an answer in one piece."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from takeback import problems
from takeback.problems import Problem

Event = MutableMapping[str, Any]
"""A scope or a message, as the ASGI specification has them: open dicts."""

Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
ASGIApp = Callable[[Event, Receive, Send], Awaitable[None]]

JSON: Final = b"application/json"
PROBLEM: Final = problems.MEDIA_TYPE.encode()


def header(scope: Event, name: bytes) -> str:
    """Return a request's header, the first of its name, or nothing."""
    for known, value in scope["headers"]:
        if known == name:
            return str(value, "latin-1")
    return ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request that is being received."""

    scope: Event
    receive: Receive

    def header(self, name: bytes) -> str:
        """Return a header, the first of its name, or nothing."""
        return header(self.scope, name)


async def reply(
    send: Send,
    body: bytes,
    media_type: bytes = JSON,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Answer a request whole."""
    sent = [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
    if headers:
        sent += [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, problem: Problem, headers: Mapping[str, str]) -> None:
    """Answer with a problem document."""
    await reply(send, msgspec.json.encode(problem), PROBLEM, problem["status"], headers)
