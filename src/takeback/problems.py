"""How each refusal looks over HTTP: its status, its headers and its problem document.

A pure table over ``errors.py``, shared by the hub's web and the matcher, which may not import
each other. Knows no web framework. Source: RFC 9457, "Problem Details for HTTP APIs".
"""

import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, TypedDict

from takeback.errors import (
    BadInput,
    BodyTooLarge,
    Conflict,
    IntegrityFailure,
    NotAllowed,
    NotAPicture,
    NotAVideo,
    NotFound,
    NotSignedIn,
    PictureTooLarge,
    QualityTooLow,
    QuotaSpent,
    TakebackError,
    Unavailable,
    VideoTooLarge,
)

MEDIA_TYPE: Final = "application/problem+json"
"""Content type of every error that leaves over HTTP."""

STATUS: Final[Mapping[type[TakebackError], int]] = {
    BadInput: 400,
    BodyTooLarge: 413,
    NotAPicture: 415,
    PictureTooLarge: 413,
    NotAVideo: 415,
    VideoTooLarge: 413,
    QualityTooLow: 422,
    NotSignedIn: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Unavailable: 503,
    QuotaSpent: 429,
    IntegrityFailure: 500,
}
"""HTTP status of each error; one that is not listed has its nearest ancestor's."""


class Problem(TypedDict):
    """One problem document."""

    type: str
    title: str
    status: int
    detail: str
    hint: str


def status_of(error: Exception) -> int:
    """Return the status of the nearest listed ancestor, or 500."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem(error: Exception) -> Problem:
    """Describe *error* for the one who asked.

    An error that is none of ours says nothing of itself: its text was not written for readers.
    """
    if not isinstance(error, TakebackError):
        return plain_problem(500)
    return Problem(
        type=f"urn:takeback:error:{_words(error, '-')}",
        title=_words(error, " ").capitalize(),
        status=status_of(error),
        detail=str(error),
        hint=error.hint,
    )


def plain_problem(status: int, detail: str = "", hint: str = "") -> Problem:
    """Describe an HTTP status that no error of ours stands behind, such as an unknown path."""
    return Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        hint=hint,
    )


def headers_of(error: Exception) -> dict[str, str]:
    """Return the headers that HTTP asks for beside the status of *error*."""
    if isinstance(error, Unavailable):
        return {"retry-after": str(math.ceil(error.retry_after))}
    if isinstance(error, NotSignedIn):
        return {"www-authenticate": "Bearer"}
    return {}


def _words(error: TakebackError, between: str) -> str:
    """Take the error's name apart: ``PictureTooLarge`` becomes ``picture too large``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=A)(?=[A-Z])", between, type(error).__name__).lower()
