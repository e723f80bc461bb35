"""How refusals look over HTTP."""

import pytest

from takeback import errors, problems
from takeback.errors import (
    MalformedSignal,
    NotAPicture,
    NotAVideo,
    NotSignedIn,
    PictureTooLarge,
    QuotaSpent,
    TakebackError,
    TooBusy,
)

EVERY_ERROR = sorted(
    (kind for kind in vars(errors).values() if isinstance(kind, type)),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize(
    "kind",
    [kind for kind in EVERY_ERROR if kind is not TakebackError],
    ids=lambda kind: kind.__name__,
)
def test_every_error_has_a_status_of_its_own_branch(kind: type[TakebackError]) -> None:
    """No error of ours is an internal one by forgetting, but for broken integrity."""
    error = kind.__new__(kind)

    assert (problems.status_of(error) == 500) == (kind is errors.IntegrityFailure)


def test_a_problem_says_what_was_wrong_and_what_to_do() -> None:
    """The document carries the error's own words and its hint."""
    assert problems.problem(MalformedSignal("not a PDQ signal")) == {
        "type": "urn:takeback:error:malformed-signal",
        "title": "Malformed signal",
        "status": 400,
        "detail": "not a PDQ signal",
        "hint": MalformedSignal.hint,
    }


def test_an_error_of_others_says_nothing_of_itself() -> None:
    """A text that was not written for readers never leaves."""
    answer = problems.problem(KeyError("the secret"))

    assert answer["status"] == 500
    assert "secret" not in str(answer)


def test_the_nearest_ancestor_decides_the_status() -> None:
    """A leaf that is listed differs from its branch."""
    assert problems.status_of(NotAPicture("")) == 415
    assert problems.status_of(PictureTooLarge("")) == 413


def test_titles_read_as_words() -> None:
    """The name of the class is taken apart where a word begins."""
    assert problems.problem(NotAPicture(""))["title"] == "Not a picture"
    assert problems.problem(NotAVideo(""))["type"] == "urn:takeback:error:not-a-video"


def test_try_later_says_when_and_a_missing_key_says_which() -> None:
    """Unavailable carries Retry-After in whole seconds, NotSignedIn the scheme asked for."""
    busy = TooBusy("full")
    busy.retry_after = 0.2

    assert problems.headers_of(busy) == {"retry-after": "1"}
    assert problems.headers_of(QuotaSpent("spent")) == {"retry-after": "3600"}
    assert problems.headers_of(NotSignedIn("no key")) == {"www-authenticate": "Bearer"}
    assert problems.headers_of(MalformedSignal("")) == {}


def test_a_path_that_is_not_there_is_a_problem_document_too() -> None:
    """What the framework refuses looks like what we refuse."""
    assert problems.plain_problem(404, "no such path")["title"] == "Not Found"
