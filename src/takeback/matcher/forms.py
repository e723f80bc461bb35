"""The one file of a form: ``multipart/form-data`` read as it arrives, never on a disk."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from litestar.exceptions import HTTPException
from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    PushMultipartParser,
    parse_options_header,
)

from takeback.errors import MalformedBody
from takeback.matcher.asgi import Incoming
from takeback.matcher.bodies import Arriving, content_type, require_plain

PARTS: Final = 8
"""Parts that a form may have; those beside the file are passed over …"""

BESIDE_BYTES: Final = 16 * 1024
"""… and hold so much together at most."""


class Sink(Protocol):
    """Takes the bytes of a file."""

    def take(self, some: bytes) -> None:
        """Take some more.

        Raises:
            BadInput: these are too many.
        """


Opened = Callable[[str], Sink]
"""Given the name of a file's field, returns what takes the file, or refuses."""


@dataclass(slots=True)
class _Form:
    """How far a form was read."""

    opened: Opened
    file: Sink | None = None
    in_file: bool = False
    beside: int = 0
    """Bytes that came and were not the file's, or not yet."""

    def take(self, event: Any) -> None:  # noqa: ANN401 - the parser's events have no common type
        """Take the begin of a part, some of its bytes, or its end."""
        if event is None:
            self.in_file = False
        elif isinstance(event, bytes | bytearray):
            self._bytes(bytes(event))
        elif event.filename is not None:
            self._begin(event.name)

    def _begin(self, field: str) -> None:
        if self.file is not None:
            raise MalformedBody("only one file is taken in one request")
        self.file, self.in_file = self.opened(field), True

    def _bytes(self, some: bytes) -> None:
        if self.in_file and self.file is not None:
            self.file.take(some)
            self.beside -= len(some)

    def arrived(self, size: int) -> None:
        """Count what has come, and refuse a form that is mostly something else than its file."""
        self.beside += size
        if self.beside > BESIDE_BYTES:
            raise MalformedBody("the form has too much beside its file")


async def receive_file(incoming: Incoming, opened: Opened, seconds: float) -> None:
    """Receive a form with one file.

    Args:
        incoming: the request.
        opened: called once, with the name of the file's field, before the file is received.
        seconds: within which all of it must have arrived.

    Raises:
        MalformedBody: it is no form, or one without a file or with several.
        HTTPException: it is not said to be a form, is compressed, or does not arrive in time.
    """
    require_plain(incoming)
    parser = PushMultipartParser(_boundary(incoming), max_segment_count=PARTS, max_header_size=4096)
    form = _Form(opened)
    try:
        async for some in Arriving(incoming).chunks(seconds):
            for event in parser.parse(some) if some else ():
                form.take(event)
            form.arrived(len(some))
        parser.close()
    except MultipartError:
        raise MalformedBody("the form is malformed") from None
    if form.file is None:
        raise MalformedBody("the form holds no file")


def _boundary(incoming: Incoming) -> str:
    kind, options = parse_options_header(content_type(incoming))
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not 0 < len(boundary) <= 200 or not boundary.isascii():
        raise HTTPException(status_code=415)
    return str(boundary)
