"""The three addresses that StopNCII's clients call, with the two keys they send."""

from typing import Annotated

from litestar import Router, get, post
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter

from takeback.accounts.model import Scope
from takeback.app import Hub
from takeback.exchange.stopncii import (
    DEFAULT_PAGE,
    FIRST_TIMESTAMP,
    FeedbackRequest,
    FetchAnswer,
    Received,
    SubmitRequest,
)
from takeback.web.compress import Compress
from takeback.web.partner.keys import Caller, Guard, by_stopncii_keys, caller, guard

SUBMIT_LIMIT = 4 * 1024 * 1024
"""Bytes of a submission or of feedback."""

_FAR = 2**53
"""Beyond any timestamp or page size; larger numbers differ between JSON readers."""

Start = Annotated[
    int, QueryParameter(name="startTimestamp", ge=0, le=_FAR, description="seconds to start at")
]
PageSize = Annotated[
    int, QueryParameter(name="pageSize", ge=1, le=_FAR, description="most records in the page")
]
Token = Annotated[
    str | None,
    QueryParameter(name="nextPageToken", max_length=200, description="token of the last page"),
]


def routes(hub: Hub) -> Router:
    """Return the routes, bound to *hub*."""
    return Router(
        "/",
        route_handlers=[_fetch(hub), *_send(hub)],
        dependencies={"platform": Provide(caller)},
        middleware=[Compress],
        opt={"role": "partner", "tolerant": True},
        security=[{"function_key": [], "subscription_key": []}],
        tags=["StopNCII client"],
    )


def _guard(hub: Hub, scope: Scope) -> Guard:
    return guard(hub.platforms, by_stopncii_keys(scope))


def _fetch(hub: Hub) -> HTTPRouteHandler:
    @get("/FetchHashes", sync_to_thread=True, guards=[_guard(hub, "stopncii_fetch")])
    def fetch_hashes(
        platform: Caller,
        start: Start = FIRST_TIMESTAMP,
        page_size: PageSize = DEFAULT_PAGE,
        token: Token = None,
    ) -> FetchAnswer:
        """Read one page of the records that changed since a time."""
        return hub.exchange.stopncii.fetch(platform, start, page_size, token)

    return fetch_hashes


def _send(hub: Hub) -> list[HTTPRouteHandler]:
    @post(
        "/SubmitHashes",
        status_code=200,
        sync_to_thread=True,
        guards=[_guard(hub, "stopncii_submit")],
        body_limit=SUBMIT_LIMIT,
    )
    def submit_hashes(platform: Caller, data: JSONBody[SubmitRequest]) -> Received:
        """Submit signals; they are unvouched."""
        return hub.exchange.stopncii.submit(platform, data)

    @post(
        "/SubmitFeedback",
        status_code=200,
        sync_to_thread=True,
        guards=[_guard(hub, "stopncii_feedback")],
        body_limit=SUBMIT_LIMIT,
    )
    def submit_feedback(platform: Caller, data: JSONBody[FeedbackRequest]) -> Received:
        """Say what the partner thinks of signals."""
        return hub.exchange.stopncii.feedback(platform, data)

    return [submit_hashes, submit_feedback]
