"""Every answer, whatever it is, lets a browser do nothing and remember nothing."""

import pytest

from takeback.web.edge import HEADERS
from tests.web.conftest import Served

ANSWERS = [
    ("GET", "/"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/metrics"),
    ("GET", "/v1/challenge"),
    ("GET", "/v1/openapi.json"),
    ("GET", "/v1/feed"),
    ("GET", "/FetchHashes"),
    ("GET", "/nothing/here"),
    ("PUT", "/v1/cases"),
    ("POST", "/v1/cases"),
    ("OPTIONS", "/v1/cases"),
    ("HEAD", "/"),
]


@pytest.mark.parametrize(("method", "path"), ANSWERS)
def test_every_answer_has_the_headers(served: Served, method: str, path: str) -> None:
    """Success or refusal, page or problem."""
    answer = served.http.request(method, path)

    for name, value in HEADERS.items():
        assert answer.headers[name].startswith(value), name
    assert "server" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert "takeback-demo" not in answer.headers


@pytest.mark.parametrize(("method", "path"), ANSWERS)
def test_every_refusal_is_a_problem_document(served: Served, method: str, path: str) -> None:
    """Also those that the framework makes."""
    answer = served.http.request(method, path)

    if answer.status_code >= 400 and method != "HEAD":
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == {"type", "title", "status", "detail", "hint"}
        assert answer.json()["status"] == answer.status_code


def test_a_method_that_is_not_known_is_answered_with_those_that_are(served: Served) -> None:
    """405 names the methods, as HTTP asks."""
    answer = served.http.delete("/v1/cases")
    deeper = served.http.get("/v1/withdrawals/0123/confirmation")

    assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")
    assert (deeper.status_code, deeper.headers["allow"]) == (405, "OPTIONS, POST")


def test_the_policy_allows_nothing(served: Served) -> None:
    """No script, style, picture, frame, form or connection."""
    policy = served.http.get("/health").headers["content-security-policy"]

    assert policy == (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
