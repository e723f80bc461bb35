"""Every answer, whatever it is, lets a browser do nothing and remember nothing."""

import pytest
from litestar.handlers import HTTPRouteHandler

from takeback.web.edge import HEADERS
from takeback.web.portal.policy import PAGE_POLICY
from tests.web.conftest import Served

ANSWERS = [
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
    ("HEAD", "/v1/challenge"),
    ("GET", "/leave"),
    ("GET", "/assets/portal.css"),
    ("GET", "/assets/nothing.js"),
    ("GET", "/xx/about"),
    ("POST", "/ko/about"),
]
"""The pages, whose policy is another, have tests of their own."""


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


def test_every_route_answers_with_the_headers(served: Served) -> None:
    """Whatever is asked of it, by each of its methods; a page may do a little more than nothing."""
    asked = 0
    for route in served.app.routes:
        for handler in getattr(route, "route_handlers", ()):
            path = route.path_format.replace("{language}", "ko").replace("{name}", "portal.css")
            for method in handler.http_methods:
                answer = served.http.request(str(method), path)
                asked += 1
                policy = answer.headers[POLICY]
                assert policy in _policies(handler), path
                given = {**answer.headers, POLICY: HEADERS[POLICY]}
                assert {name: given[name] for name in HEADERS} == HEADERS, path

    assert asked > 60


POLICY = "content-security-policy"


def _policies(handler: HTTPRouteHandler) -> set[str]:
    """Return what may stand over a route's answers: over data the empty policy only."""
    page = not handler.resolve_include_in_schema()
    return {HEADERS[POLICY], *([PAGE_POLICY] if page else [])}
