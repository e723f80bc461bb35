"""A server that answers as badly as a test says, byte by byte, over real sockets."""

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

READY = {"status": "ready", "version": "1", "hubs": []}
MATCHES_NOTHING = {"matches": [], "more": False, "quality": 90, "looked_up": True}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def signals(self) -> list[str]:
        """Which signals it asks about."""
        given: list[str] = json.loads(self.body)["signals"]
        return given


Behaviour = Callable[[socket.socket, Asked], None]


def answers(
    status: int, document: object = None, content: bytes = b"", **headers: object
) -> Behaviour:
    """Answer with *document* as JSON, or with *content*."""
    body = content if document is None else json.dumps(document).encode()
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = [f"HTTP/1.1 {status} Words", f"content-length: {len(body)}", "connection: close", *lines]
    wire = "\r\n".join([*head, "", ""]).encode() + body

    def behave(connection: socket.socket, _: Asked) -> None:
        connection.sendall(wire)

    return behave


def results(connection: socket.socket, asked: Asked) -> None:
    """Answer as a matcher does that knows nothing: one result for each signal or the upload."""
    json_body = asked.headers.get("content-type") == "application/json"
    number = len(asked.signals) if json_body else 1
    answers(200, {"results": [MATCHES_NOTHING] * number, "missing": []})(connection, asked)


def resets(connection: socket.socket, _: Asked) -> None:
    """Break the connection without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def breaks_off(connection: socket.socket, _: Asked) -> None:
    """Promise more than is sent."""
    connection.sendall(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"results": [')


def silent(connection: socket.socket, _: Asked) -> None:
    """Never answer, until the other side goes away."""
    with contextlib.suppress(OSError):
        connection.recv(1)


def drips(connection: socket.socket, _: Asked) -> None:
    """Send one byte of an endless body every few hundredths of a second."""
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    with contextlib.suppress(OSError):
        for _turn in range(100_000):
            connection.sendall(b" ")
            time.sleep(0.02)


def drips_head(connection: socket.socket, _: Asked) -> None:
    """Send one byte of an endless head every few hundredths of a second."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nx-long: ")
    with contextlib.suppress(OSError):
        for _turn in range(60_000):
            connection.sendall(b"x")
            time.sleep(0.02)


def soothes(connection: socket.socket, _: Asked) -> None:
    """Say again and again that it is at work."""
    with contextlib.suppress(OSError):
        for _turn in range(60_000):
            connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")
            time.sleep(0.02)


def repeats_what_it_got(connection: socket.socket, asked: Asked) -> None:
    """Refuse in words that hold the caller's key."""
    said = f"you sent {asked.headers.get('authorization')}"
    document = {"type": "urn:takeback:error:malformed-body", "detail": said, "hint": said}
    key = asked.headers["authorization"].removeprefix("Bearer ")
    answers(400, document, X_Request_ID=key)(connection, asked)


EARLY = b"HTTP/1.1 503 Words\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass
class BadServer:
    """Behaves as ``behaviours`` say, one for each request, then like a matcher."""

    behaviours: list[Behaviour] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    impatient: int = 0
    """Requests that are answered with 503 before their body is read."""

    ready: bool = False
    """Whether it says that it is ready, whatever else it does; of that nothing is recorded."""

    port: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def serve(self, listener: socket.socket) -> None:
        """Take one connection after another until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            if self.impatient:
                self.impatient -= 1
                connection.recv(4096)
                connection.sendall(EARLY)
                time.sleep(0.1)
                return
            asked = _read(connection)
            if self.ready and asked.line.startswith("GET /ready "):
                answers(200, READY)(connection, asked)
                return
            self.asked.append(asked)
            behave = self.behaviours.pop(0) if self.behaviours else results
            behave(connection, asked)


@contextmanager
def sips() -> Iterator[int]:
    """Take what is sent to a port in sips, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        threading.Thread(target=_sip, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


def _sip(listener: socket.socket) -> None:
    with contextlib.suppress(OSError), listener.accept()[0] as connection:
        while connection.recv(64 * 1024):
            time.sleep(0.01)


def _read(connection: socket.socket) -> Asked:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = received.partition(b"\r\n\r\n")
    line, *rest = head.decode().split("\r\n")
    pairs = (each.split(": ", 1) for each in rest)
    headers = {name.lower(): value for name, value in pairs}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(1 << 20)
    return Asked(line, headers, body, time.monotonic())


@contextmanager
def bad_server(port: int = 0) -> Iterator[BadServer]:
    """Run a bad server, on any port that is free or on the one given."""
    with socket.create_server(("127.0.0.1", port), backlog=64) as listener:
        server = BadServer(port=listener.getsockname()[1])
        thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
