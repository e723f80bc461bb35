"""What the framework's handlers have in common: who asks, and the request as it came."""

from typing import Any, cast

from litestar import Request

from takeback.matcher.access import Caller
from takeback.matcher.asgi import Event, Incoming, Receive

AnyRequest = Request[Any, Any, Any]


def incoming_of(request: AnyRequest) -> Incoming:
    """Return the request as the framework got it."""
    return Incoming(cast("Event", request.scope), cast("Receive", request.receive))


def caller_of(request: AnyRequest) -> Caller:
    """Return who asks."""
    return cast("Caller", request.scope["state"]["caller"])
