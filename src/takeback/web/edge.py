"""The outermost layer of the hub's web: what every answer has in common.

Headers that let a browser do nothing, one log line and one count for each request, and a
bell that rings after each change. Knows no route.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from takeback.web import logging
from takeback.web.bell import Bell
from takeback.web.metrics import Metrics

Event = MutableMapping[str, Any]
"""A scope or a message, as the ASGI specification has them: open dicts."""

Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
ASGIApp = Callable[[Event, Receive, Send], Awaitable[None]]

HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""Sent with every answer; a route may replace one with its own."""

DEMO = {"takeback-demo": "true"}


@dataclass(slots=True)
class Edge:
    """An ASGI application around the hub's."""

    app: ASGIApp
    metrics: Metrics
    bell: Bell
    demo: bool = False

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """Answer one request, or pass the lifespan on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = _Answer(send, {**HEADERS, **(DEMO if self.demo else {})})
        began = time.perf_counter()
        try:
            await self.app(scope, receive, answer)
        finally:
            self._note(scope, answer.status, time.perf_counter() - began)

    def _note(self, scope: Event, status: int, seconds: float) -> None:
        """Log and count the request, by its template only; ring after a change."""
        route, role = template_of(scope)
        self.metrics.answered(role, route, status, seconds)
        facts: dict[str, str | int | float] = {
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        if platform := scope.get("state", {}).get("platform"):
            facts["platform"] = platform.id
        logging.log().info("request", **facts)
        if scope["method"] == "POST" and status < 300:
            self.bell.ring()


def template_of(scope: Event) -> tuple[str, str]:
    """Return the template of the route that answered and its role; never the path itself."""
    handler = scope.get("route_handler")
    if handler is None:
        return "none", "none"
    return str(scope["path_template"]), str(handler.opt.get("role", "none"))


@dataclass(slots=True)
class _Answer:
    """Passes an answer on, with the headers that every answer has."""

    send: Send
    headers: Mapping[str, str]
    status: int = field(default=500)

    async def __call__(self, message: Event) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            sent = {name.lower() for name, _ in message["headers"]}
            missing = [
                (name.encode(), value.encode())
                for name, value in self.headers.items()
                if name.encode() not in sent
            ]
            message = {**message, "headers": [*message["headers"], *missing]}
        await self.send(message)
