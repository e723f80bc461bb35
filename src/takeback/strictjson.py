"""Reading JSON that may be hostile: one reading must be the only one, and nothing is repeated.

Refused before anything is decoded: an empty body, deep nesting, invalid UTF-8, a byte-order
mark. Refused while decoding: keys given twice, NaN and infinities, lone surrogates, NUL, and
whatever the wanted type does not describe. msgspec's messages may hold input, so only the
place they name is passed on. Knows no HTTP: hub and matcher read their bodies with it.
"""

import json
import re
from collections.abc import Iterator
from typing import NoReturn, TypeVar

import msgspec

from takeback.errors import MalformedBody

MAX_DEPTH = 32
"""Objects and arrays that may lie inside one another."""

_OUTSIDE_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_PLACE = re.compile(r" - at `(\$[A-Za-z0-9_.\[\]]*)`\Z")
_MISSING = re.compile(r"Object missing required field `([a-zA-Z_0-9]+)`")

Body = TypeVar("Body")


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
