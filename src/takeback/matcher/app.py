"""The matcher over HTTP: each address reads the request, calls one method, and answers."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Annotated

from litestar import Litestar, Response, Router, get, post
from litestar.datastructures import ResponseHeader, State
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from takeback import problems
from takeback.errors import TakebackError
from takeback.exchange.wire import Accepted
from takeback.hashing.kinds import HEAD, kind_of
from takeback.matcher.access import CallerKeys, guard
from takeback.matcher.bodies import (
    AnyRequest,
    Arriving,
    content_type,
    is_upload,
    read_json,
    read_upload,
)
from takeback.matcher.documents import (
    Health,
    HubOpinionsRequest,
    HubResponsesRequest,
    MatchAnswer,
    MatchRequest,
)
from takeback.matcher.log import log
from takeback.matcher.service import Matcher
from takeback.problems import Problem

Limit = Annotated[int, Parameter(ge=1, le=100, description="most matches of an upload")]
Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]

HEADERS = (
    ResponseHeader(name="cache-control", value="no-store"),
    ResponseHeader(name="x-content-type-options", value="nosniff"),
)

_HTTP: Mapping[int, tuple[str, str]] = {
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


def create_app(
    matcher: Matcher, caller_keys: CallerKeys | None, lifespan: Lifespan | None = None
) -> Litestar:
    """Return the ASGI application.

    Args:
        matcher: what the addresses call.
        caller_keys: whose keys are let in; None where the listener is on loopback.
        lifespan: what runs beside it.
    """
    guarded = Router("/", route_handlers=[*_work(matcher), _metrics(matcher)], guards=[guard])
    return Litestar(
        route_handlers=[guarded, *_ops(matcher)],
        exception_handlers={
            TakebackError: _on_refusal,
            HTTPException: _on_http,
            Exception: _on_surprise,
        },
        state=State({"caller_keys": caller_keys}),
        lifespan=[lifespan] if lifespan else [],
        response_headers=HEADERS,
        request_max_body_size=None,  # bodies.py has a limit for each kind of body
        openapi_config=None,
        logging_config=None,
        debug=False,
    )


def _work(matcher: Matcher) -> list[HTTPRouteHandler]:
    @post("/v1/match", status_code=200)
    async def match(request: AnyRequest, limit: Limit = 10) -> MatchAnswer:
        """Compare a picture, a video, or signals with every bank."""
        if not is_upload(request):
            return await matcher.match_signals(await read_json(request, MatchRequest))
        arriving = Arriving(request)
        kind = kind_of(await arriving.head(HEAD), content_type(request))
        with matcher.pools[kind].place():
            upload = await read_upload(arriving, kind, matcher.largest[kind])
            return await matcher.match_upload(kind, upload, limit)

    @post("/v1/responses", status_code=202)
    async def respond(request: AnyRequest) -> Accepted:
        """Take what was done about matches; it is sent to the hub as soon as possible."""
        body = await read_json(request, HubResponsesRequest)
        return Accepted(await asyncio.to_thread(matcher.respond, body.responses))

    @post("/v1/opinions", status_code=202)
    async def opine(request: AnyRequest) -> Accepted:
        """Take what the platform thinks of entries; it is sent to the hub as soon as possible."""
        body = await read_json(request, HubOpinionsRequest)
        return Accepted(await asyncio.to_thread(matcher.opine, body.opinions))

    return [match, respond, opine]


def _metrics(matcher: Matcher) -> HTTPRouteHandler:
    @get("/metrics", sync_to_thread=True)
    def metrics() -> Response[bytes]:
        """Return the counters in Prometheus' text format."""
        return Response(matcher.metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return metrics


def _ops(matcher: Matcher) -> list[HTTPRouteHandler]:
    @get("/health", sync_to_thread=False)
    def health() -> Health:
        """Say that the process is alive, and how it goes with each hub."""
        return matcher.vitals.document()

    @get("/ready", sync_to_thread=False)
    def ready() -> Health:
        """Say whether answers are true and full: every bank read and fresh, every key accepted."""
        matcher.require_ready()
        return matcher.vitals.document()

    return [health, ready]


def _on_refusal(_: AnyRequest, error: TakebackError) -> Response[Problem]:
    """Answer an expected failure."""
    return _answer(problems.problem(error), problems.headers_of(error))


def _on_http(_: AnyRequest, error: HTTPException) -> Response[Problem]:
    """Answer a refusal of the framework in our own words; its own may repeat the input."""
    detail, hint = _HTTP.get(error.status_code, ("", ""))
    allow = {name: value for name, value in (error.headers or {}).items() if name == "Allow"}
    return _answer(problems.plain_problem(error.status_code, detail, hint), allow)


def _on_surprise(_: AnyRequest, error: Exception) -> Response[Problem]:
    """Answer a failure nobody foresaw; its message may hold input and is not logged."""
    log().error("request.failed", error=type(error).__qualname__)
    return _answer(problems.plain_problem(500, *_HTTP[500]), {})


def _answer(problem: Problem, headers: Mapping[str, str]) -> Response[Problem]:
    return Response(
        problem,
        status_code=problem["status"],
        headers={**{header.name: str(header.value) for header in HEADERS}, **headers},
        media_type=problems.MEDIA_TYPE,
    )
