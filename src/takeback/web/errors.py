"""Every refusal leaves as problem+json; what it says comes from ``takeback.problems``.

Nothing that was sent comes back: an answer carries our own words only. A failure nobody
foresaw answers 500 without message or stack trace; the log names its kind and its place.
"""

import re
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.routes import BaseRoute

from takeback import problems
from takeback.errors import BodyTooLarge, IntegrityFailure, TakebackError
from takeback.problems import Problem
from takeback.web import logging

_HTTP: Mapping[int, tuple[str, str]] = {
    400: ("the request is malformed", "docs/reference/api.md shows what is expected."),
    404: ("there is nothing at this address", "docs/reference/api.md lists every address."),
    405: ("this address does not know that method", "docs/reference/api.md lists the methods."),
    408: ("the body did not arrive in time", "Send it again on a faster connection."),
    413: ("the body is too large", BodyTooLarge.hint),
    415: (
        "only application/json in UTF-8, not compressed, is accepted",
        "No address of a hub accepts a picture; send signals, made on your own device.",
    ),
    500: ("the hub could not do this", "Try again later; if it stays, tell the hub's operator."),
}
"""Detail and hint for refusals that come from HTTP itself rather than from the hub."""


def on_refusal(_request: Request[Any, Any, Any], error: TakebackError) -> Response[Problem]:
    """Answer an expected failure."""
    if isinstance(error, IntegrityFailure):
        logging.failure("request.integrity", error)
    return answer(problems.problem(error), problems.headers_of(error))


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """Answer a refusal of the framework in our own words; its own may repeat the input."""
    detail, hint = _HTTP.get(error.status_code, ("", ""))
    problem = problems.plain_problem(error.status_code, _parameters(error) or detail, hint)
    return answer(problem, {"Allow": _methods(request)} if error.status_code == 405 else None)


def on_surprise(_request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Answer a failure nobody foresaw, and log where it happened."""
    logging.failure("request.failed", error)
    return answer(problems.plain_problem(500, *_HTTP[500]))


HANDLERS: Mapping[int | type[Exception], Any] = {
    TakebackError: on_refusal,
    HTTPException: on_http,
    Exception: on_surprise,
}
"""What Litestar calls for which exception."""


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Response[Problem]:
    """Return *problem* as an answer."""
    return Response(
        problem,
        status_code=problem["status"],
        headers=dict(headers or {}),
        media_type=problems.MEDIA_TYPE,
    )


def _methods(request: Request[Any, Any, Any]) -> str:
    """Return the methods that the address asked for knows."""
    path = request.scope["path"].rstrip("/") or "/"
    for route in sorted(request.app.routes, key=_open_parts):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route.path_format), path):
            return ", ".join(sorted(route.methods))
    return ""


def _open_parts(route: BaseRoute) -> int:
    """Count what a route leaves open; the one that leaves least open is meant."""
    return route.path_format.count("{")


def _parameters(error: HTTPException) -> str:
    """Name the parameters that are wrong; their names are ours, their values are not shown."""
    if not isinstance(error, ValidationException) or not isinstance(error.extra, list):
        return ""
    names = sorted({str(entry["key"]) for entry in error.extra if "key" in entry})
    ours = [name for name in names if re.fullmatch(r"[A-Za-z_]{1,30}", name)]
    return f"wrong parameter: {', '.join(ours)}" if ours else ""
