"""Reading what may be hostile: bodies and parameters, bounded, strict, never repeated back.

Refused before anything is decoded: another content type or charset, compression, more
bytes than the address accepts, a byte-order mark, invalid UTF-8, deep nesting. Refused while
decoding: keys given twice, NaN and infinities, lone surrogates, NUL, and whatever the
type of the body does not describe. msgspec's messages may hold input, so only the place
they name is passed on.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn, TypeVar

import msgspec
from anyio import fail_after, to_thread
from litestar import Request
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from takeback.errors import BodyTooLarge, MalformedBody

LIMIT = 64 * 1024
"""Bytes an address accepts unless its route says otherwise (``body_limit``)."""

QUICK = 16 * 1024
"""Bytes that are decoded faster than a thread is found for them."""

MAX_DEPTH = 32
SECONDS = 30
"""Within which a body must have arrived."""

_JSON_TYPE = re.compile(r'application/json\s*(;\s*charset="?utf-8"?\s*)?', re.IGNORECASE)
_OUTSIDE_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_PLACE = re.compile(r" - at `(\$[A-Za-z0-9_.\[\]]*)`\Z")
_MISSING = re.compile(r"Object missing required field `([a-zA-Z_0-9]+)`")

Body = TypeVar("Body")


class JsonRequest(Request[Any, Any, Any]):
    """A request whose body is read and decoded by this module's rules."""

    async def body(self) -> bytes:
        """Return the whole body.

        Raises:
            BodyTooLarge: it has more bytes than the route accepts.
            MalformedBody: it is empty.
            HTTPException: it is not plain JSON in UTF-8 (415), or came too slowly (408).
        """
        if isinstance(self._body, bytes):
            return self._body
        require_json(self.headers.get("content-type", ""), self.headers.get("content-encoding"))
        self._body = await self._within(self.route_handler.opt.get("body_limit", LIMIT))
        return self._body

    async def json(self) -> object:
        """Return the body decoded to the type the handler asks for."""
        wanted = self.route_handler.parsed_data_field
        kind = wanted.annotation if wanted else dict
        body = await self.body()
        if len(body) > QUICK:
            return await to_thread.run_sync(decode, body, kind)
        return decode(body, kind)

    async def _within(self, limit: int) -> bytes:
        """Read at most *limit* bytes."""
        if int(self.headers.get("content-length", "0")) > limit:
            raise BodyTooLarge(f"the body is larger than {limit} bytes")
        read = bytearray()
        try:
            with fail_after(SECONDS):
                async for chunk in self.stream():
                    read += chunk
                    if len(read) > limit:
                        raise BodyTooLarge(f"the body is larger than {limit} bytes")
        except TimeoutError:
            raise HTTPException(status_code=408) from None
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
    plain = (content_encoding or "identity").strip().lower() == "identity"
    if not plain or not _JSON_TYPE.fullmatch(content_type.strip()):
        raise HTTPException(status_code=415)


def decode(body: bytes, kind: type[Body]) -> Body:
    """Decode *body* strictly to *kind*.

    Raises:
        MalformedBody: it is no such document; the message names the place, never a value.
    """
    if not body:
        raise MalformedBody("the body is empty")
    _require_shallow(body)
    _require_honest(body)
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as problem:
        raise MalformedBody(_where(str(problem))) from None
    except (msgspec.DecodeError, RecursionError):
        raise MalformedBody("the body is not valid JSON") from None


def _require_shallow(body: bytes) -> None:
    """Refuse deep nesting before a parser meets it."""
    depth = 0
    for byte in _OUTSIDE_STRINGS.sub(b"", body):
        if byte in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise MalformedBody(f"the body is nested more than {MAX_DEPTH} deep")
        elif byte in b"]}":
            depth -= 1


def _require_honest(body: bytes) -> None:
    """Refuse what parsers disagree about: one reading must be the only one."""
    try:
        parsed = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except MalformedBody:
        raise
    except UnicodeDecodeError:
        raise MalformedBody("the body is not valid UTF-8") from None
    except (ValueError, RecursionError):
        raise MalformedBody("the body is not valid JSON") from None
    if b"\\u" in body and not all(map(_plain, _texts(parsed))):
        raise MalformedBody("a text holds a character that is none")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedBody("a key is given twice in one object")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise MalformedBody("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise MalformedBody("a number is out of range")
    return number


def _texts(value: object) -> Iterator[str]:
    """Yield every text in *value*, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield key
            yield from _texts(entry)


def _plain(text: str) -> bool:
    """Whether *text* can be stored: no lone surrogate, no NUL."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _where(message: str) -> str:
    """Say what is wrong at which place, from msgspec's message but without any input."""
    place = _PLACE.search(message)
    at = place[1] if place else "$"
    if missing := _MISSING.match(message):
        return f"missing field {missing[1]} at {at}"
    if message.startswith("Object contains unknown field"):
        return f"unknown field at {at}"
    return f"wrong value at {at}"
