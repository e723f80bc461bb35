"""Running a matcher: state and index first, then the listener, then everything beside it."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from takeback.matching.lookup.indexes import warm_up

GRACE_SECONDS: Final = 10
"""How long requests under way may take once the matcher was asked to stop."""

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
        BadSettings: the options are wrong, or the address can't be listened on.
        Conflict: another matcher uses the same data directory.
        IntegrityFailure: the state file is damaged.
    """
    configure()
    warm_up()
    allow_connections()
    with assembled(options) as assembly, listening_on(options.host, options.port) as sock:
        url = url_of(sock)
        log().info("matcher.listening", url=url, entries=len(assembly.banks))
        listening(url)
        Server(application(assembly)).run(sockets=[sock])
        log().info("matcher.stopped")


def application(assembly: Assembly) -> ASGIApp:
    """Return the ASGI application of an assembled matcher.

    Raises:
        BadSettings: the file of callers' keys can't be read or holds none.
    """
    matcher = assembly.matcher()
    path = assembly.options.require_key_file
    keys = CallerKeys(path, assembly.options.data / "quotas") if path else None
    if keys is not None:
        keys.digests()
    return create_app(matcher, keys, lambda _: assembly.running(matcher))


class Server(uvicorn.Server):
    """A uvicorn that returns to its caller when it was asked to stop."""

    def __init__(self, app: ASGIApp) -> None:
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

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM, and let the caller close the state file afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        kept = {number: signal.signal(number, self.handle_exit) for number in STOPPING}
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)


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
