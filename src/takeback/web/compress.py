"""Compressing what platforms fetch: gzip where the caller takes it, in a thread.

Only a partner's answers pass through here; a reporter's never do, since they hold a code.
"""

import gzip
from dataclasses import dataclass
from typing import Any

from anyio import to_thread
from litestar.types import ASGIApp, Message, Receive, Scope, Send

WORTH_IT = 1024
"""Bytes below which compressing costs more than it saves."""

LEVEL = 3


@dataclass(slots=True)
class Compress:
    """A middleware for routes that answer in one piece."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, compressed where it is worth it."""
        if not takes_gzip(dict(scope["headers"]).get(b"accept-encoding", b"").decode("latin-1")):
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Compressed(send))


@dataclass(slots=True)
class _Compressed:
    """Holds the start of an answer back until its body is known."""

    send: Send
    start: Any = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            return
        if self.start is not None:
            message = await self._begin(message)
        await self.send(message)

    async def _begin(self, message: Any) -> Any:  # noqa: ANN401  ASGI messages are open dicts
        start, self.start = self.start, None
        body = message.get("body", b"")
        if len(body) >= WORTH_IT and not message.get("more_body"):
            body = await to_thread.run_sync(_pack, body)
            start = {**start, "headers": _replaced(start["headers"], len(body))}
        await self.send(start)
        return {**message, "body": body}


def takes_gzip(accept_encoding: str) -> bool:
    """Whether a caller that sends this ``Accept-Encoding`` takes gzip."""
    for entry in accept_encoding.lower().split(","):
        name, _, weight = entry.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _pack(body: bytes) -> bytes:
    return gzip.compress(body, LEVEL, mtime=0)


def _replaced(headers: list[tuple[bytes, bytes]], length: int) -> list[tuple[bytes, bytes]]:
    kept = [pair for pair in headers if pair[0].lower() != b"content-length"]
    return [
        *kept,
        (b"content-length", str(length).encode()),
        (b"content-encoding", b"gzip"),
        (b"vary", b"accept-encoding"),
    ]
