"""Connections of callers that send too much ahead, or nothing, or never read: each ends in time."""

import asyncio
import io
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest

from takeback.matcher import connections
from takeback.matcher.asgi import Event, Receive, Send, reply
from takeback.matcher.connections import AHEAD
from takeback.matcher.server import Server, listening_on
from tests.matcher.running import eventually

GET = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\n"
CLOSE = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
SECONDS = 0.5
"""How long anything is waited for here."""


@dataclass
class Served:
    """A server that answers every request without reading its body."""

    body: bytes = b"{}"
    takes: float = 0.0
    """Seconds that an answer takes."""

    asked: int = 0
    server: Server | None = None
    address: tuple[str, int] = ("", 0)

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{event}.complete"})
            return
        self.asked += 1
        await asyncio.sleep(self.takes)
        await reply(send, self.body)

    def connect(self) -> socket.socket:
        """Open a connection of a caller whose system takes little that it does not read."""
        caller = socket.socket()
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.settimeout(10)
        caller.connect(self.address)
        return caller

    def connections(self) -> list[Any]:
        """Return those that there are."""
        assert self.server is not None
        return list(self.server.server_state.connections)


@contextmanager
def serving(served: Served) -> Iterator[Served]:
    """Run it in a thread."""
    with listening_on("127.0.0.1", 0) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        served.address = sock.getsockname()
        served.server = server = Server(served)
        thread = threading.Thread(target=lambda: server.run(sockets=[sock]))
        thread.start()
        try:
            yield served
        finally:
            server.should_exit = True
            thread.join(20)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """One that is short of patience, and answers at once."""
    for name in ("HEAD_SECONDS", "LINGER_SECONDS", "SEND_SECONDS", "KEEP_ALIVE_SECONDS"):
        monkeypatch.setattr(connections, name, SECONDS)
    with serving(Served()) as served:
        yield served


def answers(caller: socket.socket, count: int) -> int:
    """Read until *count* answers came, or no more come; return how many did."""
    read = b""
    with suppress(ConnectionError):
        while read.count(b"HTTP/1.1 200") < count and (some := caller.recv(65536)):
            read += some
    return read.count(b"HTTP/1.1 200")


def ends(caller: socket.socket, drip: bytes = b"", every: float = SECONDS / 10) -> float:
    """Return the seconds until the other side ends it, though *drip* is sent now and then."""
    began = time.monotonic()
    caller.settimeout(every)
    while time.monotonic() - began < 20 * SECONDS:
        try:
            if not caller.recv(65536):
                break
        except TimeoutError:
            with suppress(ConnectionError):
                caller.sendall(drip)
        except ConnectionError:
            break
    return time.monotonic() - began


def test_a_few_requests_may_be_sent_ahead(served: Served) -> None:
    """They are answered in turn, and so is what comes afterwards."""
    with served.connect() as caller:
        for _ in range(3):
            caller.sendall(GET * (AHEAD + 1))
            assert answers(caller, AHEAD + 1) == AHEAD + 1


def test_a_flood_of_requests_ends_its_connection(served: Served) -> None:
    """What waits on one connection takes memory; more than a few are not even begun."""
    with served.connect() as caller:
        with suppress(ConnectionError):
            caller.sendall(GET * 5000)
        assert answers(caller, 5000) <= AHEAD + 1
    assert served.asked <= AHEAD + 1
    eventually(lambda: not served.connections())


def test_nothing_is_read_on_top_of_what_waits(served: Served) -> None:
    """A body that follows requests sent ahead stays outside until its turn."""
    served.takes = 0.1
    most = 0
    with served.connect() as caller:
        caller.sendall(GET * 3 + POST)
        eventually(lambda: served.asked == 1)
        (connection,) = served.connections()
        caller.sendall(b"12345")
        while served.asked < 4:
            most = max([most, *(len(cycle.body) for cycle, _ in list(connection.pipeline))])
            time.sleep(0.005)
        assert answers(caller, 4) == 4

    assert most == 0


def leave(served: Served, sent: bytes) -> None:
    """Send something, and leave while it is answered, or once it was refused."""
    asked = served.asked
    with served.connect() as caller:
        eventually(served.connections)
        caller.sendall(sent)
        eventually(lambda: served.asked > asked or not served.connections())
    eventually(lambda: not served.connections())


def test_no_caller_fills_the_log(served: Served, logged: io.StringIO) -> None:
    """With what is no request, or by leaving early; what fails here is still logged."""
    upgrade = GET[:-2] + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n"
    served.takes = 0.05
    for sent in (b"nonsense\r\n\r\n", upgrade, GET, GET * 2, GET * 100):
        leave(served, sent)
    time.sleep(2 * served.takes)

    assert logged.getvalue() == ""
    logging.getLogger("uvicorn.error").error("%s failed", "it")
    assert "%s failed" in logged.getvalue()


def test_a_body_that_comes_after_its_answer_leaves_no_connection_behind(served: Served) -> None:
    """The caller is answered before the body and then says nothing."""
    with served.connect() as caller:
        caller.sendall(POST)
        assert answers(caller, 1) == 1
        caller.sendall(b"12345")
        assert ends(caller) < 5 * SECONDS


@pytest.mark.parametrize("drip", [b"\r\n", b"\n"], ids=["crlf", "lf"])
def test_empty_lines_keep_no_connection(served: Served, drip: bytes) -> None:
    """Neither before the first request nor after an answer."""
    with served.connect() as fresh, served.connect() as caller:
        caller.sendall(GET)
        assert answers(caller, 1) == 1
        assert ends(caller, drip) < 5 * SECONDS
        assert ends(fresh, drip) < 5 * SECONDS


def test_a_head_that_follows_an_empty_line_has_its_time(served: Served) -> None:
    """What was waited for is another request, and that has come."""
    with served.connect() as caller:
        caller.sendall(GET)
        assert answers(caller, 1) == 1
        for piece in (b"\r\n", GET[:5], GET[5:]):
            time.sleep(SECONDS * 0.6)
            caller.sendall(piece)
        assert answers(caller, 1) == 1


@pytest.mark.parametrize("question", [GET, CLOSE], ids=["kept", "closed"])
def test_a_caller_that_never_reads_is_given_up(served: Served, question: bytes) -> None:
    """Also where the little that is left of an answer fits in no socket."""
    served.body = bytes(60_000)
    with served.connect() as caller:
        caller.sendall(question)
        eventually(lambda: served.asked == 1)
        eventually(lambda: not served.connections(), 20 * SECONDS)


def test_a_caller_that_has_ended_its_side_and_never_reads_is_given_up(served: Served) -> None:
    """It can't say more, and does not want to hear."""
    served.body = bytes(60_000)
    with served.connect() as caller:
        caller.sendall(GET)
        eventually(lambda: served.asked == 1)
        caller.shutdown(socket.SHUT_WR)
        eventually(lambda: not served.connections(), 20 * SECONDS)
