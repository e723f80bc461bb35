"""Our own partner interface. Each address signs the platform in and calls one service method."""

from typing import Annotated, Any

from litestar import Request, Router, get, post
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from takeback.app import Hub
from takeback.exchange.wire import (
    MAX_PAGE,
    Accepted,
    FeedPage,
    LookupAnswer,
    LookupRequest,
    OpinionsRequest,
    ResponsesRequest,
)
from takeback.web.bell import Bell
from takeback.web.compress import Compress
from takeback.web.metrics import Metrics
from takeback.web.partner.keys import Caller, by_bearer, caller, guard
from takeback.web.partner.news import next_page

LOOKUP_LIMIT = 1024 * 1024
REPORTS_LIMIT = 512 * 1024
"""Bytes of a look-up, and of opinions or responses."""

LONGEST_WAIT = 30

Cursor = Annotated[
    str | None, QueryParameter(max_length=200, description="cursor of the last page")
]
Wait = Annotated[int, QueryParameter(ge=0, le=LONGEST_WAIT, description="seconds to wait for news")]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE, description="most entries in the page")]


def routes(hub: Hub, bell: Bell, metrics: Metrics) -> Router:
    """Return the partner's routes, bound to *hub*."""
    return Router(
        "/",
        route_handlers=[_feed(hub, bell, metrics), _lookup(hub), *_reports(hub)],
        dependencies={"platform": Provide(caller)},
        guards=[guard(hub.platforms, by_bearer)],
        middleware=[Compress],
        opt={"role": "partner"},
        security=[{"key": []}],
        tags=["platform"],
    )


def _feed(hub: Hub, bell: Bell, metrics: Metrics) -> HTTPRouteHandler:
    @get("/v1/feed")
    async def feed(
        request: Request[Any, Any, Any], after: Cursor = None, wait: Wait = 0, limit: Limit = 1000
    ) -> FeedPage:
        """Read the feed after a cursor; with *wait*, as soon as there is something new."""

        def read() -> FeedPage:
            """Sign in anew each time: a key can be revoked, or a mark taken, while we wait."""
            platform = by_bearer(hub.platforms, request.headers)
            return hub.exchange.feed_page(platform, after, limit)

        with metrics.waiting.track_inprogress():
            return await next_page(read, bell, wait)

    return feed


def _lookup(hub: Hub) -> HTTPRouteHandler:
    @post("/v1/lookup", status_code=200, sync_to_thread=True, body_limit=LOOKUP_LIMIT)
    def look_up(platform: Caller, data: JSONBody[LookupRequest]) -> LookupAnswer:
        """Compare signals with the bank. They are neither stored nor logged."""
        return hub.exchange.lookup(platform, data)

    return look_up


def _reports(hub: Hub) -> list[HTTPRouteHandler]:
    """Return what a platform tells us back."""

    @post("/v1/opinions", status_code=200, sync_to_thread=True, body_limit=REPORTS_LIMIT)
    def give_opinions(platform: Caller, data: JSONBody[OpinionsRequest]) -> Accepted:
        """Say what the platform thinks of entries."""
        return hub.exchange.opinions(platform, data)

    @post("/v1/responses", status_code=200, sync_to_thread=True, body_limit=REPORTS_LIMIT)
    def give_responses(platform: Caller, data: JSONBody[ResponsesRequest]) -> Accepted:
        """Say what the platform did about matches."""
        return hub.exchange.responses(platform, data)

    @post("/v1/withdrawals/{marker:str}/confirmation", status_code=204, sync_to_thread=True)
    def confirm(platform: Caller, marker: FromPath[str]) -> None:
        """Confirm that everything up to a withdrawal marker has stopped matching."""
        hub.exchange.confirm_withdrawal(platform, marker)

    return [give_opinions, give_responses, confirm]
