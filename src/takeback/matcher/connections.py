"""Connections with limits that uvicorn does not have: on heads, on slow callers, on their number.

Bodies have limits of their own in ``bodies.py``. A caller whose body was refused may go on
sending for a while, unread, so that it gets to see why; then its connection ends. Whatever a
connection waits for, it waits for so long and no longer, however much comes meanwhile.
"""

import asyncio
import resource
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MOST: Final = 4096
"""Connections at once; one more is refused."""

HEAD_SECONDS: Final = 10.0
"""Within which the head of a request must have arrived …"""

HEAD_BYTES: Final = 32 * 1024
"""… and about as long as it may be; likewise what follows a body in chunks."""

LINGER_SECONDS: Final = 10.0
"""How long what is left of a refused body is dropped as it comes."""

SEND_SECONDS: Final = 30.0
"""How long an answer may wait for a caller that does not read on."""

KEEP_ALIVE_SECONDS: Final = 30
"""How long a connection may be idle between two requests."""

AHEAD: Final = 16
"""Requests that may be sent ahead while one is answered; one more ends the connection."""


def allow_connections() -> None:
    """Let this process have as many open files as the system allows: each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Connection(HttpToolsProtocol):
    """One connection of a caller."""

    _timer: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _answering: RequestResponseCycle | None = None
    """The request that is answered; ``cycle`` is the newest."""

    _in_head = True
    _framing = 0
    """Bytes of heads, of trailers and between chunks, since anything else came."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head, unless there are too many already."""
        super().connection_made(transport)
        if len(self.connections) > MOST:
            self._end(b"503 Service Unavailable\r\nretry-after: 1")
        else:
            self._within(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it; what is still answered learns that nobody reads that."""
        self._stop()
        self._read_on()
        super().connection_lost(exc)
        if self._answering is not None:
            self._answering.disconnected = True
            self._answering.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def data_received(self, data: bytes) -> None:
        """Take what has come; a head or a trailer that does not end is refused."""
        self._framing += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            self._flush()
        elif self._framing > HEAD_BYTES:
            self._end(b"431 Request Header Fields Too Large")
        elif self._timer is None:
            self._wait()

    def _wait(self) -> None:
        """Wait for the rest of a head, or for another request; not for an answer of ours."""
        if self._in_head:
            self._within(HEAD_SECONDS)
        elif self.cycle.response_complete and self.timeout_keep_alive_task is None:
            self._within(KEEP_ALIVE_SECONDS)

    def on_message_begin(self) -> None:
        """Begin a head, unless too many requests wait already.

        Raises:
            RuntimeError: they do; nothing more is read.
        """
        if len(self.pipeline) >= AHEAD:
            self.transport.abort()
            raise RuntimeError("too many requests were sent ahead")
        super().on_message_begin()
        self._in_head = True
        if self.cycle is not None:  # the first head is waited for since the connection was made
            self._stop()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what comes after the body is none."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """End a head."""
        self._stop()
        self._in_head, self._framing = False, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._framing = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request; what was left of a refused body is over."""
        self._stop()
        self._framing = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """End an answer; if its request is not over, wait for that, but not for long."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._flush()
        elif self.pipeline:
            self.flow.pause_reading()  # so that nothing comes on top of what waits already
        elif self.cycle.response_complete and self.cycle.more_body:
            self._within(LINGER_SECONDS)

    def eof_received(self) -> None:
        """End the connection: its caller has nothing more to send."""
        self._flush()

    def timeout_keep_alive_handler(self) -> None:
        """End the connection: what was waited for did not come."""
        super().timeout_keep_alive_handler()
        self._flush()

    def pause_writing(self) -> None:
        """Begin to wait for a caller that does not read."""
        super().pause_writing()
        self._flush()

    def resume_writing(self) -> None:
        """Go on: it reads again."""
        if not self.transport.is_closing():
            self._read_on()
        super().resume_writing()

    def _flush(self) -> None:
        """Wait for what is not sent yet: until there is little of it, or none when it ends."""
        if self._unread is None:
            self._unread = self.loop.call_later(SEND_SECONDS, self.transport.abort)

    def _read_on(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _within(self, seconds: float) -> None:
        """End the connection unless something happens before."""
        self._stop()
        self._timer = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self, status: bytes) -> None:
        """Say why, and end the connection."""
        head = b"HTTP/1.1 %s\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        self.transport.write(head % status)
        self.transport.close()
        self._flush()


def limits() -> dict[str, Any]:
    """Return what uvicorn is to be configured with."""
    return {"http": Connection, "timeout_keep_alive": KEEP_ALIVE_SECONDS}
