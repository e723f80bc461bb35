"""A wire that is listened to: a TCP proxy in front of a hub that keeps every byte sent up.

It knows nothing of browsers. What it kept is read as HTTP/1.1 afterwards, to the last byte.
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self

CHUNK = 65_536


class NotHttp(Exception):
    """Bytes that are no whole request; nothing that a browser sends may be left unread."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request, as it went up the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Wiretap:
    """Listens between browsers and one hub, until it is closed."""

    upstream: tuple[str, int]
    up: list[bytearray] = field(default_factory=list)
    """Every byte sent up, by connection."""

    _listener: socket.socket = field(init=False)
    _threads: list[threading.Thread] = field(default_factory=list)
    _open: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen on a port of loopback's."""
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        """Where browsers are sent instead of to the hub."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def bytes_up(self) -> int:
        """Return how many bytes went up."""
        return sum(map(len, self.up))

    def requests(self) -> list[Sent]:
        """Return every request, connection by connection.

        Raises:
            NotHttp: some bytes belong to none.
        """
        return [sent for connection in self.up for sent in read_requests(bytes(connection))]

    def start(self) -> Self:
        """Pass connections on from now on."""
        self._run(self._accept)
        return self

    def stop(self) -> None:
        """Close every connection and wait until nothing runs any more."""
        _hang_up(self._listener)
        for connection in list(self._open):
            _hang_up(connection)
        for thread in list(self._threads):
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                down, _ = self._listener.accept()
                up = socket.create_connection(self.upstream)
                kept = bytearray()
                self.up.append(kept)
                self._open += [down, up]
                self._run(_pass_on, down, up, kept)
                self._run(_pass_on, up, down, None)

    def _run(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()


def _pass_on(source: socket.socket, target: socket.socket, kept: bytearray | None) -> None:
    """Pass bytes on until one side hangs up; keep them first, so that none is passed unseen."""
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            if kept is not None:
                kept += chunk
            target.sendall(chunk)
    _hang_up(source)
    _hang_up(target)


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def tapped(url: str) -> Iterator[Wiretap]:
    """Listen in front of the hub at *url*."""
    host, port = url.removeprefix("http://").split(":")
    tap = Wiretap((host, int(port))).start()
    try:
        yield tap
    finally:
        tap.stop()


def read_requests(data: bytes) -> Iterator[Sent]:
    """Yield the requests that *data* consists of, to its last byte.

    Raises:
        NotHttp: what is left is no whole request, or its length isn't told.
    """
    while data:
        head, end, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        start = re.fullmatch(r"([A-Z]+) (\S+) HTTP/1\.1", first)
        headers = {
            name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        length = int(headers.get("content-length", "0"))
        if not (start and end) or "transfer-encoding" in headers or len(rest) < length:
            raise NotHttp(first)
        yield Sent(start[1], start[2], headers, rest[:length])
        data = rest[length:]
