"""Running a matcher: state and index first, then the listener, then everything beside it."""

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn

from takeback.errors import BadSettings
from takeback.matcher.access import CallerKeys
from takeback.matcher.app import create_app
from takeback.matcher.asgi import ASGIApp
from takeback.matcher.assembly import Assembly, assembled
from takeback.matcher.connections import allow_connections, limits
from takeback.matcher.log import configure, log
from takeback.matcher.options import MatcherOptions
from takeback.matcher.supervisor import supervise
from takeback.matching.lookup.indexes import warm_up

GRACE_SECONDS: Final = 10
"""How long requests under way may take once the matcher was asked to stop."""

LINGER_SECONDS: Final = 5.0
"""How long a process that was replaced waits for callers to be done with their connections."""

STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


def run_matcher(
    options: MatcherOptions, listening: Callable[[str], None] = lambda _url: None
) -> None:
    """Run a matcher until SIGINT or SIGTERM.

    Args:
        options: what was chosen.
        listening: called with the matcher's address once it answers there, from the state
            file if no hub can be reached.

    Raises:
        BadSettings: the options are wrong, the file of callers' keys is, or the address can't be
            listened on.
        IntegrityFailure: the state file is damaged.
    """
    if options.require_key_file is not None:
        CallerKeys(options.require_key_file).digests()
    configure()
    if options.processes == 1:
        _run_alone(options, listening)
        return
    with listening_on(options.host, options.port) as sock:
        url = url_of(sock)
        log().info("matcher.listening", url=url, processes=options.processes)
        supervise(options, sock, lambda: listening(url))
        log().info("matcher.stopped")


def _run_alone(options: MatcherOptions, listening: Callable[[str], None]) -> None:
    warm_up()
    allow_connections()
    with assembled(options) as assembly, listening_on(options.host, options.port) as sock:
        url = url_of(sock)
        log().info("matcher.listening", url=url, entries=len(assembly.banks))
        listening(url)
        Server(application(assembly)).run(sockets=[sock])
        log().info("matcher.stopped")


def answer_on(options: MatcherOptions, sock: socket.socket, ready: Callable[[], None]) -> None:
    """Answer on a socket that others answer on too, until SIGTERM, or SIGHUP for a successor.

    Args:
        options: of this process.
        sock: what it accepts connections from.
        ready: called once it does.

    Raises:
        TakebackError: it can't start.
    """
    configure()
    warm_up()
    allow_connections()
    with assembled(options) as assembly:
        Server(application(assembly, whole=True), ready, shares=True).run(sockets=[sock])


def application(assembly: Assembly, *, whole: bool = False) -> ASGIApp:
    """Return the ASGI application of an assembled matcher.

    Args:
        assembly: its parts.
        whole: begin to answer only once everything can be answered.

    Raises:
        BadSettings: the file of callers' keys can't be read or holds none.
    """
    matcher = assembly.matcher()
    path = assembly.options.require_key_file
    keys = CallerKeys(path, assembly.options.data / "quotas") if path else None
    if keys is not None:
        keys.digests()
    return create_app(matcher, keys, lambda _: assembly.running(matcher, whole=whole))


class Server(uvicorn.Server):
    """A uvicorn that returns to its caller when it was asked to stop."""

    def __init__(
        self, app: ASGIApp, ready: Callable[[], None] = lambda: None, *, shares: bool = False
    ) -> None:
        """Prepare to serve.

        Args:
            app: what answers.
            ready: called once connections are accepted.
            shares: others accept connections on the same socket; SIGHUP leaves it to them.
        """
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                lifespan="on",
                timeout_graceful_shutdown=GRACE_SECONDS,
                **limits(),
            )
        )
        self._ready = ready
        self._shares, self._lingers = shares, False

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM, and let the caller close the state file afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = dict.fromkeys(
            STOPPING, self.handle_exit
        )
        if self._shares:
            handlers[signal.SIGHUP] = self._retire
        kept = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)

    def _retire(self, _: int, __: FrameType | None) -> None:
        """Stop without cutting anybody off: a successor answers already."""
        self._lingers = self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; where somebody takes over, when callers had time to connect there."""
        if self._lingers:
            await self._linger()
        await super().shutdown(sockets)

    async def _linger(self) -> None:
        """Accept nothing more, and tell callers with each answer to connect anew.

        A connection that is cut while it is idle may be one on which the next request is
        already under way.
        """
        for server in self.servers:
            server.close()
        headers = [*self.server_state.default_headers, (b"connection", b"close")]
        self.server_state.default_headers = headers
        until = time.monotonic() + LINGER_SECONDS
        while self.server_state.connections and time.monotonic() < until:
            await asyncio.sleep(0.05)


@contextmanager
def listening_on(host: str, port: int) -> Iterator[socket.socket]:
    """Listen on an address.

    Raises:
        BadSettings: that can't be done.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        sock = socket.create_server((host, port), family=family, backlog=512)
    except OSError as problem:
        raise BadSettings(f"can't listen on port {port}: {problem.strerror}") from None
    with sock:
        yield sock


def url_of(sock: socket.socket) -> str:
    """Return the address that *sock* listens on."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
