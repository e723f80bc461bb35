"""What an answer that refuses means: its error, in words that repeat nothing of the caller's."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from takeback.client import patience
from takeback.client.documents import Problem
from takeback.client.errors import (
    BadAnswer,
    Busy,
    KeyRefused,
    MatcherError,
    NotReadable,
    QuotaSpent,
    Refused,
    TooLarge,
    TooLargeForProxy,
    Unavailable,
    Unreachable,
)

OURS: Final = "urn:takeback:error:"
"""How the types of a matcher's own problem documents begin."""

ANY_CONTENT: Final[Mapping[int, type[MatcherError]]] = {
    401: KeyRefused,
    403: KeyRefused,
    408: Unreachable,
    429: QuotaSpent,
    502: Unreachable,
    503: Busy,
    504: Unreachable,
}
"""Statuses that mean the same from a matcher and from a proxy in front of it."""

MATCHERS_WORD: Final[Mapping[int, type[MatcherError]]] = {413: TooLarge, 415: NotReadable}
"""Statuses that are about the upload only where the matcher itself says so."""

WORDS: Final[Mapping[type[MatcherError], str]] = {
    Refused: "the matcher refused",
    NotReadable: "the upload can't be read",
    TooLarge: "the upload is too large",
    TooLargeForProxy: "a proxy before the matcher refused the upload for its size",
    KeyRefused: "the key was not accepted",
    QuotaSpent: "the quota is used up",
    Busy: "the matcher asks to try later",
    Unreachable: "the matcher can't be reached",
    BadAnswer: "the address answered, but not as a matcher does",
}

LONGEST: Final = 300
"""Characters of another side's sentence that are passed on."""

_SECRET_LIKE: Final = re.compile(r"[0-9a-fA-F]{32}|[Bb]earer")
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_TYPE: Final = re.compile(re.escape(OURS) + r"[a-z-]{1,60}")


def refusal(status: int, headers: Mapping[str, str], content: bytes, key: str) -> MatcherError:
    """Return the error that an answer with *status*, which is none of success, stands for.

    Args:
        status: the HTTP status.
        headers: names in lower case.
        content: the answer's body.
        key: the caller's key; no sentence that holds it is passed on.
    """
    problem = _problem(content)
    error = _kind(status, problem)()
    said = _sentence(problem.detail, key)
    error.args = (f"{WORDS[type(error)]} (status {status})" + (f": {said}" if said else ""),)
    error.detail = said
    error.hint = _sentence(problem.hint, key) or error.hint
    error.status, error.type = status, problem.type
    error.request_id = _request_id(headers.get("x-request-id", ""), key)
    if isinstance(error, Unavailable):
        error.retry_after = patience.seconds(headers.get("retry-after"))
        error.untouched = status in {429, 503}
    return error


def bad_answer() -> BadAnswer:
    """Return the error for an answer of success that can't be read."""
    return BadAnswer(WORDS[BadAnswer])


def _kind(status: int, problem: Problem) -> type[MatcherError]:
    kind = ANY_CONTENT.get(status)
    if kind is not None:
        return kind
    if problem.type.startswith(OURS) and status in MATCHERS_WORD:
        return MATCHERS_WORD[status]
    if status == 413:
        return TooLargeForProxy
    return Refused if problem.type and 400 <= status < 500 else BadAnswer


def _problem(content: bytes) -> Problem:
    """Read a problem document; of anything else nothing is taken."""
    try:
        problem = msgspec.json.decode(content, type=Problem)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return Problem()
    return problem if _TYPE.fullmatch(problem.type) or problem.type == "about:blank" else Problem()


def _request_id(text: str, key: str) -> str:
    return "" if not _ID.fullmatch(text) or (key and key in text) else text


def _sentence(text: str, key: str) -> str:
    """Return *text* if it is fit to be shown and logged, else nothing."""
    odd = len(text) > LONGEST or not text.isprintable() or _SECRET_LIKE.search(text)
    return "" if odd or (key and key in text) else text
