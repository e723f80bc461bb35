"""Reading what may be hostile: bodies and parameters, bounded, strict, never repeated back.

Refused before anything is decoded: another content type or charset, compression, more
bytes than the address accepts, a body that comes too slowly. ``strictjson`` reads the rest.
"""

import re
from collections import defaultdict
from typing import Any

from anyio import fail_after, to_thread
from litestar import Request
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from takeback.errors import BodyTooLarge, MalformedBody, TooBusy
from takeback.strictjson import decode

LIMIT = 64 * 1024
"""Bytes an address accepts unless its route says otherwise (``body_limit``)."""

QUICK = 16 * 1024
"""Bytes that are decoded faster than a thread is found for them."""

SECONDS = 30
"""Within which a body must have arrived."""

ROOM = 64 * 1024 * 1024
"""Bytes of bodies that may be on their way at the same time to addresses with the same limit:
memory is not filled by what nobody has looked at yet."""

_JSON_TYPE = re.compile(r'application/json\s*(;\s*charset="?utf-8"?\s*)?', re.IGNORECASE)


class Room:
    """Memory for bodies on their way, shared by requests of one process.

    Addresses with the same limit share one. So a few dozen slow registrations, which anybody can
    send, leave room for withdrawals, receipts and what platforms look up.
    """

    def __init__(self, free: int = ROOM) -> None:
        self.free = free

    def take(self, count: int) -> None:
        """Take so many bytes.

        Raises:
            TooBusy: there are none left; none were taken.
        """
        if count > self.free:
            raise TooBusy("too many bodies are on their way")
        self.free -= count


_rooms: defaultdict[int, Room] = defaultdict(Room)
"""By the limit of the address."""


class JsonRequest(Request[Any, Any, Any]):
    """A request whose body is read and decoded by this module's rules."""

    async def body(self) -> bytes:
        """Return the whole body.

        Raises:
            BodyTooLarge: it has more bytes than the route accepts.
            MalformedBody: it is empty.
            TooBusy: too many others are on their way.
            HTTPException: it is not plain JSON in UTF-8 (415), or came too slowly (408).
        """
        if isinstance(self._body, bytes):
            return self._body
        self._require_type(
            self.headers.get("content-type", ""), self.headers.get("content-encoding")
        )
        limit = self.route_handler.opt.get("body_limit", LIMIT)
        self._body = await self._within(limit, _rooms[limit])
        return self._body

    async def json(self) -> object:
        """Return the body decoded to the type the handler asks for."""
        wanted = self.route_handler.parsed_data_field
        kind = wanted.annotation if wanted else dict
        body = await self.body()
        if len(body) > QUICK:
            return await to_thread.run_sync(decode, body, kind)
        return decode(body, kind)

    def _require_type(self, content_type: str, content_encoding: str | None) -> None:
        """Refuse every body of another type."""
        require_json(content_type, content_encoding)

    async def _within(self, limit: int, room: Room) -> bytes:
        """Read at most *limit* bytes, for which there must be room."""
        if int(self.headers.get("content-length", "0")) > limit:
            raise BodyTooLarge(f"the body is larger than {limit} bytes")
        read = bytearray()
        try:
            with fail_after(SECONDS):
                async for chunk in self.stream():
                    room.take(len(chunk))
                    read += chunk
                    if len(read) > limit:
                        raise BodyTooLarge(f"the body is larger than {limit} bytes")
        except TimeoutError:
            raise HTTPException(status_code=408) from None
        finally:
            room.free += len(read)
        return bytes(read)


async def refuse_unasked(request: Request[Any, Any, Any]) -> None:
    """Refuse what would be taken in silence: a body that nobody reads, an unknown parameter.

    A route marked ``tolerant`` ignores parameters it does not know.

    Raises:
        MalformedBody: there is a body, and the address takes none; or a parameter is unknown
            or given twice.
    """
    if not request.route_handler.opt.get("tolerant"):
        _require_known([name for name, _ in request.query_params.multi_items()], request)
    sent = request.headers.get("content-length", "0") != "0"
    if request.route_handler.parsed_data_field is None and (
        sent or "transfer-encoding" in request.headers
    ):
        raise MalformedBody("this address takes no body")


def _require_known(given: list[str], request: Request[Any, Any, Any]) -> None:
    """Refuse parameters of the query that are unknown or given twice."""
    if len(set(given)) != len(given) or not set(given) <= query_names(request.route_handler):
        raise MalformedBody("a parameter is unknown or given twice")


def query_names(handler: HTTPRouteHandler) -> set[str]:
    """Return the names of the parameters that a handler takes from the query."""
    return {
        field.kwarg_definition.name or name
        for name, field in handler.parsed_fn_signature.parameters.items()
        if isinstance(field.kwarg_definition, QueryParameter)
    }


def require_json(content_type: str, content_encoding: str | None) -> None:
    """Accept plain JSON in UTF-8 only.

    Raises:
        HTTPException: with status 415.
    """
    if not is_plain(content_encoding) or not _JSON_TYPE.fullmatch(content_type.strip()):
        raise HTTPException(status_code=415)


def is_plain(content_encoding: str | None) -> bool:
    """Tell whether a body comes as it is, not compressed."""
    return (content_encoding or "identity").strip().lower() == "identity"
