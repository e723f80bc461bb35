"""Running a hub: the web application under uvicorn, the worker beside it, a graceful stop."""

import gc
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Set
from contextlib import ExitStack, contextmanager

import numpy as np
import uvicorn

from takeback.app import Hub
from takeback.errors import BadSettings
from takeback.hashing.signal import SIGNAL_BITS
from takeback.ids import PlatformId
from takeback.matching.exact import index
from takeback.matching.model import BANKS
from takeback.matching.paging import Reader
from takeback.settings import Settings
from takeback.web import logging
from takeback.web.application import ROLES, create_app
from takeback.web.demo import DemoClock
from takeback.web.edge import Edge
from takeback.worker import Worker

STOPPING = (signal.SIGINT, signal.SIGTERM)

GRACE_SECONDS = 10
"""How long requests under way may take once the hub was asked to stop."""


class GracefulServer(uvicorn.Server):
    """A uvicorn that lets long polls go when it stops, and then returns to its caller."""

    def __init__(self, app: Edge) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self.edge = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let everybody go who waits for news, then finish what is under way."""
        self.edge.bell.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM, and let the caller close the database afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        kept = {number: signal.signal(number, self.handle_exit) for number in STOPPING}
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)


def serve(
    hub: Hub,
    settings: Settings,
    roles: Set[str] = ROLES,
    *,
    demo: DemoClock | None = None,
    listening: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        hub: what is served; in a demonstration it was opened with *demo* as its clock.
        settings: where to listen.
        roles: any of ``portal``, ``partner`` and ``worker``.
        demo: the clock that a demonstration moves on.
        listening: called with the hub's address once it answers there.

    Raises:
        BadSettings: a role that there is not, or a demonstration on an address that is not
            loopback, or an address that can't be listened on.
    """
    with running(hub, settings, roles, demo=demo) as (server, url, sock):
        listening(url)
        server.run(sockets=[sock])


@contextmanager
def running(
    hub: Hub, settings: Settings, roles: Set[str] = ROLES, *, demo: DemoClock | None = None
) -> Iterator[tuple[GracefulServer, str, socket.socket]]:
    """Listen, start the worker when it is among *roles*, and stop it on the way out.

    Yields:
        The server, ready to run; the hub's address; the socket it listens on.
    """
    _check(settings, roles, demo=demo is not None)
    worker = Worker(hub.due, hub.cases.handlers(), tidy=hub.db.truncate_log)
    app = create_app(hub, roles=roles, demo=demo, moved=worker.wake)
    worker.changed = app.bell.ring
    if "partner" in roles:
        _warm_up(hub)
    with ExitStack() as stack:
        sock = stack.enter_context(_listen(settings))
        if "worker" in roles:
            stack.enter_context(worker.in_thread())
        url = _url(sock)
        logging.log().info("hub.listening", url=url, roles=sorted(roles))
        yield GracefulServer(app), url, sock
        logging.log().info("hub.stopped")


def _warm_up(hub: Hub) -> None:
    """Compile the index and read the banks into it, so that no request has to wait for that.

    What is in memory then stays, so the garbage collector need not walk it again and again:
    that took the slowest page of the StopNCII interface from 100 ms to 22.
    """
    index.warm_up()
    nothing = np.empty((0, SIGNAL_BITS // 8), np.uint8)
    hub.bank.search(nothing, Reader(PlatformId("platform_none"), BANKS), 1)
    gc.collect()
    gc.freeze()


def _check(settings: Settings, roles: Set[str], *, demo: bool) -> None:
    if unknown := roles - ROLES:
        raise BadSettings(f"no such role: {', '.join(sorted(unknown))}")
    if demo and not _is_loopback(settings.host):
        raise BadSettings("a demonstration listens on a loopback address only")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=512)
    except OSError as problem:
        raise BadSettings(f"can't listen on port {settings.port}: {problem.strerror}") from None


def _url(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
