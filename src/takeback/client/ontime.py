"""Connections of the client that waits, whose every step ends when the call's time is over.

httpx2 limits each read and each write by itself, so a peer that sends one byte at a time would
hold a caller for as long as it likes. Here a step gets what is left of the whole call, as the
thread that makes it has said with ``patience.ending``.
"""

import ssl
from collections.abc import Iterable
from typing import Any, Final

import httpcore2
import httpx2

from takeback.client.patience import left_of_call

PIECE: Final = 64 * 1024
"""Bytes written at a time: httpcore2 begins its time limit anew whenever the peer took some."""

CONNECTIONS: Final = 100
"""Most connections of one client, as httpx2's own have."""

KEPT: Final = 20
"""Most of them that stay open when nothing is asked."""

KEPT_SECONDS: Final = 5.0

Option = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class Transport(httpx2.HTTPTransport):
    """httpx2's own, over connections that end on time; of the environment nothing is used."""

    def __init__(self) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False),
            max_connections=CONNECTIONS,
            max_keepalive_connections=KEPT,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=_Backend(),
        )


class _Backend(httpcore2.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Option] | None = None,
    ) -> httpcore2.NetworkStream:
        stream = super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _remaining(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        view = memoryview(buffer)
        for start in range(0, len(view), PIECE):
            piece = view[start : start + PIECE]
            self._stream.write(bytes(piece), _remaining(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        remaining = _remaining(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, remaining))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore2's own
        return self._stream.get_extra_info(info)


def _remaining(timeout: float | None, over: type[httpcore2.TimeoutException]) -> float:
    """Return the seconds that a step may take, and end the call if there are none."""
    remaining = left_of_call()
    if not remaining:
        raise over
    return remaining if timeout is None else min(timeout, remaining)
