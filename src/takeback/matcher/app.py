"""The matcher over HTTP: each address reads the request, calls one method, and answers."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, Final, Literal, cast

from litestar import Litestar, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from takeback import problems
from takeback.exchange.wire import Accepted
from takeback.hashing.kinds import HEAD, kind_of
from takeback.hashing.signal import MATCH_DISTANCE
from takeback.matcher import arachnid, hma
from takeback.matcher.access import Caller, CallerKeys, Door
from takeback.matcher.asgi import ASGIApp
from takeback.matcher.bodies import (
    Arriving,
    Room,
    content_type,
    decoded,
    is_upload,
    read_json,
    read_upload,
)
from takeback.matcher.documents import (
    Health,
    HubOpinionsRequest,
    HubResponsesRequest,
    MatchRequest,
)
from takeback.matcher.edge import Edge, described
from takeback.matcher.fast import LookUps, Question
from takeback.matcher.handlers import AnyRequest, caller_of, incoming_of
from takeback.matcher.lookup import signals_of
from takeback.matcher.service import Matcher
from takeback.matcher.timings import Timings
from takeback.problems import Problem
from takeback.strictjson import decode

Limit = Annotated[int, Parameter(ge=1, le=100, description="most matches of an upload")]
Views = Annotated[
    Literal["all", "plain"], Parameter(description="compare a picture in every way, or whole alone")
]
Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]

JSON: Final = "application/json"


def create_app(
    matcher: Matcher, caller_keys: CallerKeys | None, lifespan: Lifespan | None = None
) -> ASGIApp:
    """Return the ASGI application.

    Args:
        matcher: what the addresses call.
        caller_keys: whose keys are let in; None where the listener is on loopback.
        lifespan: what runs beside it.
    """
    timings = Timings.on(matcher.metrics.registry)
    room = Room()
    lookups = LookUps(matcher, room, timings)
    litestar = Litestar(
        route_handlers=[
            *_work(matcher, lookups),
            *_reports(matcher, room),
            *_ops(matcher),
            *hma.routes(matcher, room),
            arachnid.routes(lookups),
        ],
        exception_handlers={Exception: _on_error},
        lifespan=[lifespan] if lifespan else [],
        request_max_body_size=None,  # bodies.py has a limit for each kind of body
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    posts = {"/v1/lookup": lookups}
    return Edge(cast("ASGIApp", litestar), Door(caller_keys), posts, timings)


def _work(matcher: Matcher, lookups: LookUps) -> list[HTTPRouteHandler]:
    @post("/v1/match", status_code=200)
    async def match(request: AnyRequest, limit: Limit = 10, views: Views = "all") -> Response[Any]:
        """Compare a picture, a video, or signals with every bank."""
        caller, incoming = caller_of(request), incoming_of(request)
        if not is_upload(incoming):
            return await _signals(request, lookups, caller)
        arriving = Arriving(incoming)
        kind = kind_of(await arriving.head(HEAD), content_type(incoming))
        with matcher.pools[kind].place():
            caller.spend(1)
            upload = await read_upload(arriving, kind, matcher.largest[kind])
            began = time.perf_counter()
            answer = await matcher.match_upload(
                kind, upload, limit, pay=caller.owe, plain=views == "plain"
            )
        lookups.timings.uploads.labels(kind).observe(time.perf_counter() - began)
        return Response(answer)

    return [match]


async def _signals(request: AnyRequest, lookups: LookUps, caller: Caller) -> Response[Any]:
    body = await read_json(incoming_of(request), lookups.room)
    asked = await lookups.read(body, _question, caller)
    return Response(await lookups.answer(asked, caller), media_type=JSON)


def _question(body: bytes) -> Question:
    asked = decode(body, MatchRequest)
    return Question(signals_of(asked.signals), asked.limit, MATCH_DISTANCE)


def _reports(matcher: Matcher, room: Room) -> list[HTTPRouteHandler]:
    @post("/v1/responses", status_code=202)
    async def respond(request: AnyRequest) -> Accepted:
        """Take what was done about matches; it is sent to the hub as soon as possible."""
        text = await read_json(incoming_of(request), room)
        body = await decoded(text, HubResponsesRequest)
        caller_of(request).spend(len(body.responses))
        return Accepted(await asyncio.to_thread(matcher.respond, body.responses))

    @post("/v1/opinions", status_code=202)
    async def opine(request: AnyRequest) -> Accepted:
        """Take what the platform thinks of entries; it is sent to the hub as soon as possible."""
        text = await read_json(incoming_of(request), room)
        body = await decoded(text, HubOpinionsRequest)
        caller_of(request).spend(len(body.opinions))
        return Accepted(await asyncio.to_thread(matcher.opine, body.opinions))

    return [respond, opine]


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

    @get("/metrics", sync_to_thread=True)
    def metrics() -> Response[bytes]:
        """Return the counters in Prometheus' text format."""
        return Response(matcher.metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return [health, ready, metrics]


def _on_error(request: AnyRequest, error: Exception) -> Response[Problem]:
    """Answer a refusal in our own words; the framework's may repeat the input."""
    problem, headers = described(error, request.scope["state"]["request_id"])
    return Response(
        problem,
        status_code=problem["status"],
        headers=dict(headers),
        media_type=problems.MEDIA_TYPE,
    )
