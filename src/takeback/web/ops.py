"""What whoever runs the hub needs: is it alive, is it ready, what has it counted.

The proxy in front keeps these from the outside; they hold nothing of anybody all the same.
"""

from collections.abc import Callable

import msgspec
from litestar import Response, Router, get

from takeback import __version__
from takeback.errors import NotReady
from takeback.web import logging
from takeback.web.metrics import MEDIA_TYPE, Metrics


class Health(msgspec.Struct, frozen=True):
    """The process is alive."""

    status: str
    version: str


def routes(head: Callable[[], int], metrics: Metrics, stopping: Callable[[], bool]) -> Router:
    """Return the routes.

    Args:
        head: asks the database how far the bank has come.
        metrics: what was counted.
        stopping: whether the hub is on its way out.
    """

    @get("/health", sync_to_thread=False)
    def health() -> Health:
        """Say that the process is alive."""
        return Health("alive", __version__)

    @get("/ready", sync_to_thread=True)
    def ready() -> Health:
        """Say whether requests can be answered: the database is there and we are not stopping."""
        if stopping():
            raise NotReady("the hub is stopping")
        try:
            head()
        except Exception as error:  # whatever keeps the database away, the answer is the same
            logging.failure("ready.no", error)
            raise NotReady("the database does not answer") from None
        return Health("ready", __version__)

    @get("/metrics", sync_to_thread=False, include_in_schema=False)
    def numbers() -> Response[bytes]:
        """Return the counters in Prometheus' text format."""
        return Response(metrics.text(), media_type=MEDIA_TYPE)

    return Router(
        "/",
        route_handlers=[health, ready, numbers],
        opt={"role": "ops", "tolerant": True},
        tags=["ops"],
    )
