"""The hub's web application: which routes a process serves, by its roles."""

from collections.abc import AsyncIterator, Callable, Set
from contextlib import asynccontextmanager
from typing import Any, cast

from litestar import Litestar, Router
from litestar.exceptions import NotFoundException

from takeback.app import Hub
from takeback.errors import NotFound
from takeback.web import demo as demonstration
from takeback.web import openapi, ops
from takeback.web.bell import Bell
from takeback.web.body import JsonRequest, refuse_unasked
from takeback.web.demo import DemoClock
from takeback.web.edge import ASGIApp, Edge
from takeback.web.errors import HANDLERS
from takeback.web.metrics import Metrics
from takeback.web.partner import routes as partner
from takeback.web.partner import stopncii
from takeback.web.portal import routes as portal

ROLES = frozenset({"portal", "partner", "worker"})
"""What one process does unless it is told to do only a part."""


def create_app(
    hub: Hub,
    *,
    roles: Set[str] = ROLES,
    demo: DemoClock | None = None,
    moved: Callable[[], None] = lambda: None,
) -> Edge:
    """Return the ASGI application.

    Args:
        hub: what the routes call.
        roles: which routes there are; health, readiness and metrics always are.
        demo: the clock of a demonstration, which marks every answer and adds its own route.
        moved: called when a demonstration's clock was moved on.
    """
    bell = Bell(hub.exchange.news)
    metrics = Metrics()
    routers = [ops.routes(hub.bank.head_seq, metrics, lambda: bell.closed), openapi.routes()]
    handlers = dict(HANDLERS)
    if "portal" in roles:
        pages = portal.routes(hub, demo=demo is not None)
        routers.append(pages)
        handlers[NotFoundException] = pages.exception_handlers[NotFound]
    if "partner" in roles:
        routers += [partner.routes(hub, bell, metrics), stopncii.routes(hub)]
    if demo is not None:
        routers.append(demonstration.routes(demo, hub.db, hub.audit, moved))
    app = cast("ASGIApp", _litestar(routers, bell, handlers))
    return Edge(app, metrics, bell, demo=demo is not None)


def _litestar(
    routers: list[Router], bell: Bell, handlers: dict[int | type[Exception], Any]
) -> Litestar:
    @asynccontextmanager
    async def polling(_app: Litestar) -> AsyncIterator[None]:
        async with bell.polling():
            yield

    app = Litestar(
        route_handlers=routers,
        request_class=JsonRequest,
        before_request=refuse_unasked,
        exception_handlers=handlers,
        lifespan=[polling],
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    app.state.openapi = openapi.document(app)
    return app
