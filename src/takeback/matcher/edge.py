"""The outermost layer of the matcher's web: what every request and every answer has in common.

Whoever has no key gets no further. Each request has an id, its own or a new one, which its
answer carries. The busiest addresses are answered here, the others by Litestar. Knows no bank.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from litestar.exceptions import HTTPException

from takeback import problems
from takeback.errors import MalformedBody, NotSignedIn, TakebackError
from takeback.matcher.access import ANYBODY, Caller, Door
from takeback.matcher.asgi import ASGIApp, Event, Incoming, Receive, Send, header, refuse
from takeback.matcher.log import log
from takeback.matcher.timings import Timings
from takeback.problems import Problem

HEADERS: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
"""Of every answer."""

OPEN: Final = frozenset({"/health", "/ready", "/status", "/status/live"})
"""Addresses that need no key: a load balancer has none."""

REQUEST_ID: Final = b"x-request-id"

_ID: Final = re.compile(r"[A-Za-z0-9._:=-]{1,48}")
"""A request's id that is taken over; no signal is so short."""

HTTP: Final[Mapping[int, tuple[str, str]]] = {
    400: ("the request is malformed", "docs/reference/matcher-api.md shows what is expected."),
    404: ("there is nothing here", "docs/reference/matcher-api.md lists every address."),
    405: ("no such method here", "docs/reference/matcher-api.md lists the methods."),
    408: ("the body did not arrive in time", "Send it again on a faster connection."),
    415: (
        "the content type is not accepted here",
        "Send application/json in UTF-8, or to /v1/match also image/*, video/* or "
        "application/octet-stream; not compressed.",
    ),
    500: ("the matcher could not do this", "Try again; if it stays, look into the matcher's log."),
}
"""Detail and hint for refusals that come from HTTP itself."""

HINTS: Final[Mapping[type[TakebackError], str]] = {
    NotSignedIn: "Send one of the keys in the file that was given as --require-key-file.",
    MalformedBody: "docs/reference/matcher-api.md shows the body that is expected.",
}
"""Instead of an error's own hint, which is for the callers of a hub."""

Raw = Callable[[Incoming, Send, Caller], Awaitable[None]]
"""Answers one address without a framework."""


@dataclass(frozen=True, slots=True)
class Edge:
    """An ASGI application around the matcher's."""

    app: ASGIApp
    door: Door
    posts: Mapping[str, Raw]
    """What answers a POST, by path; no other method is taken there."""

    timings: Timings

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """Answer one request, or pass the lifespan on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = _Answer(send, _request_id(scope))
        try:
            await self._answer(scope, receive, answer, answer.request_id.decode())
        except Exception as error:
            if answer.status:
                raise
            await refuse(answer, *described(error, answer.request_id.decode()))
        if answer.status >= HTTPStatus.BAD_REQUEST:
            self.timings.refused.labels(answer.status).inc()

    async def _answer(self, scope: Event, receive: Receive, send: Send, request_id: str) -> None:
        path = scope["path"]
        caller = ANYBODY if path in OPEN else self.door.admit(scope)
        handler = self.posts.get(path)
        if handler is not None:
            if scope["method"] != "POST":
                raise HTTPException(status_code=405, headers={"Allow": "POST"})
            await handler(Incoming(scope, receive), send, caller)
            return
        scope["state"] |= {"caller": caller, "request_id": request_id}
        await self.app(scope, receive, send)


def described(error: Exception, request_id: str) -> tuple[Problem, Mapping[str, str]]:
    """Return what an answer says of *error*, and the headers that go with it.

    The message of one that nobody foresaw may hold input: it is neither said nor logged.
    """
    if isinstance(error, TakebackError):
        return _hinted(error), problems.headers_of(error)
    if isinstance(error, HTTPException):
        allow = {name: value for name, value in (error.headers or {}).items() if name == "Allow"}
        detail, hint = HTTP.get(error.status_code, ("", ""))
        return problems.plain_problem(error.status_code, detail, hint), allow
    log().error("request.failed", error=type(error).__qualname__, request=request_id)
    return problems.plain_problem(500, *HTTP[500]), {}


def _hinted(error: TakebackError) -> Problem:
    problem = problems.problem(error)
    if error.hint == type(error).hint:
        problem["hint"] = HINTS.get(type(error), error.hint)
    return problem


def _request_id(scope: Event) -> bytes:
    given = header(scope, REQUEST_ID)
    return (given if _ID.fullmatch(given) else secrets.token_hex(8)).encode()


@dataclass(slots=True)
class _Answer:
    """Passes an answer on, with the headers that every answer has."""

    send: Send
    request_id: bytes
    status: int = 0
    """Of the answer, once it has begun."""

    async def __call__(self, message: Event) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], *HEADERS, (REQUEST_ID, self.request_id)]
        await self.send(message)
