"""Every error of ours becomes a problem document; the framework's words are never used."""

import pytest
from litestar import Litestar, Response, get
from litestar.exceptions import HTTPException, ImproperlyConfiguredException, ValidationException
from litestar.testing import RequestFactory

from takeback import errors, problems
from takeback.errors import QualityTooLow, TakebackError, TooBusy
from takeback.problems import Problem
from takeback.web.errors import on_http, on_refusal, on_surprise

SECRET = "tell-nobody"
KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, TakebackError)
]


@get("/", sync_to_thread=False)
def _nothing() -> None:
    """Be there."""


REQUEST = RequestFactory(app=Litestar([_nothing])).get("/")


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_its_status_words_and_hint(kind: type[TakebackError]) -> None:
    """What ``takeback.problems`` says is what is answered."""
    error = QualityTooLow(12, 50) if kind is QualityTooLow else kind("in our words")

    answer = on_refusal(REQUEST, error)

    assert answer.status_code == problems.status_of(error)
    assert answer.content == problems.problem(error)
    assert answer.media_type == "application/problem+json"


def test_unavailable_says_when_to_try_again() -> None:
    """Retry-After is in whole seconds, rounded up."""
    error = TooBusy("more is waiting than may wait")
    error.retry_after = 1.2

    assert on_refusal(REQUEST, error).headers["retry-after"] == "2"


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415, 418, 500])
def test_the_framework_s_words_are_not_passed_on(status: int) -> None:
    """They may repeat what was sent."""
    answer: Response[Problem] = on_http(REQUEST, HTTPException(detail=SECRET, status_code=status))

    assert answer.status_code == status
    assert SECRET not in str(answer.content)


def test_a_wrong_parameter_is_named_only_if_the_name_is_ours() -> None:
    """A name that somebody made up could hold anything."""
    error = ValidationException(
        detail=SECRET,
        extra=[{"message": SECRET, "key": "wait"}, {"message": SECRET, "key": f"{SECRET}=1"}],
    )

    answer = on_http(REQUEST, error)

    assert answer.content["detail"] == "wrong parameter: wait"


def test_a_surprise_says_nothing_of_itself() -> None:
    """No message, no stack trace, no kind."""
    answer = on_surprise(REQUEST, ImproperlyConfiguredException(SECRET))

    assert answer.status_code == 500
    assert answer.content == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "the hub could not do this",
        "hint": "Try again later; if it stays, tell the hub's operator.",
    }
