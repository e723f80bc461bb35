"""The running hub keeps to its own description, whatever schemathesis sends it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from takeback.cases.service import Cases
from takeback.errors import TooBusy
from takeback.strictjson import decode
from takeback.web import body as bodies
from tests.web.conftest import JSON_HEAD, REGISTRATION, Served, access, half_sent, signal
from tests.web.examples import EXAMPLES

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture(scope="module")
def keys(served: Served) -> dict[str, dict[str, str]]:
    """Headers that sign in, for each interface."""
    platform = served.platform("described", feed=True)
    subscription = served.key(platform, "stopncii_subscription")

    def both(key: str) -> dict[str, str]:
        return {"x-functions-key": key, "ocp-apim-subscription-key": subscription}

    return {
        "/FetchHashes": both(served.key(platform, "stopncii_fetch")),
        "/SubmitHashes": both(served.key(platform, "stopncii_submit")),
        "/SubmitFeedback": both(served.key(platform, "stopncii_feedback")),
        "": served.bearer(platform),
    }


OPERATIONS = [
    ("GET", "/FetchHashes"),
    ("POST", "/SubmitFeedback"),
    ("POST", "/SubmitHashes"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("POST", "/v1/cases"),
    ("POST", "/v1/cases/choices"),
    ("POST", "/v1/cases/items"),
    ("POST", "/v1/cases/receipt"),
    ("POST", "/v1/cases/recovery"),
    ("POST", "/v1/cases/resumption"),
    ("POST", "/v1/cases/withdrawal"),
    ("POST", "/v1/cases/withdrawal/undo"),
    ("GET", "/v1/challenge"),
    ("GET", "/v1/feed"),
    ("POST", "/v1/lookup"),
    ("POST", "/v1/opinions"),
    ("POST", "/v1/responses"),
    ("POST", "/v1/withdrawals/{marker}/confirmation"),
]


def test_every_operation_is_tried(served: Served) -> None:
    """The list above is the whole description."""
    paths = served.http.get("/v1/openapi.json").json()["paths"]

    there = [(method.upper(), path) for path in sorted(paths) for method in sorted(paths[path])]
    assert there == OPERATIONS


NOTHING_TO_SEND = {"/health", "/ready", "/v1/challenge"}
"""No body and no parameter, so nothing that could be wrong."""

TRIALS = [
    (method, path, mode)
    for method, path in OPERATIONS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or path not in NOTHING_TO_SEND
]


@pytest.mark.parametrize(("method", "path", "mode"), TRIALS)
def test_the_hub_keeps_to_its_description(
    served: Served, keys: dict[str, dict[str, str]], method: str, path: str, mode: GenerationMode
) -> None:
    """Every answer is a documented one: status, content type, shape; bad input is refused."""
    operation = schemathesis.openapi.from_url(f"{served.url}/v1/openapi.json")[path][method]
    headers = keys.get(path, keys[""])
    tolerant = path == "/FetchHashes"
    checks = [each for each in CHECKS if not (tolerant and each is negative_data_rejection)]

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def holds(case: schemathesis.Case[Any]) -> None:
        if path == "/v1/feed":
            case.query.pop("wait", None)
        case.call_and_validate(headers=headers, checks=checks)

    holds()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_example_is_what_it_shows(kind: type) -> None:
    """The reference shows documents that are read, and nothing is lost of them."""
    example = EXAMPLES[kind]

    read = msgspec.to_builtins(decode(msgspec.json.encode(example), kind))

    assert _is_within(example, read)


def _is_within(part: object, whole: object) -> bool:
    """Tell whether *whole* holds all of *part*; defaults may be added."""
    if isinstance(part, Mapping) and isinstance(whole, Mapping):
        return all(name in whole and _is_within(part[name], whole[name]) for name in part)
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(_is_within, part, whole))
    return part == whole


def test_documents_are_closed_but_for_what_stopncii_s_client_sends(served: Served) -> None:
    """What the description allows is what is read: an unknown field is refused, and it says so."""
    described = served.http.get("/v1/openapi.json").json()
    tolerated = {
        name
        for name in _sent(described)
        if described["components"]["schemas"][name].get("additionalProperties") is not False
    }

    assert tolerated == {"SubmitRequest", "SubmittedRecord", "FeedbackRequest", "HashFeedback"}


def _sent(described: dict[str, Any]) -> set[str]:
    """Return the names of all documents that bodies are made of."""
    waiting = [
        str(operation["requestBody"])
        for operations in described["paths"].values()
        for operation in operations.values()
        if "requestBody" in operation
    ]
    found: set[str] = set()
    while waiting:
        names = set(re.findall(r"#/components/schemas/(\w+)", waiting.pop())) - found
        found |= names
        waiting += [str(described["components"]["schemas"][name]) for name in names]
    return found


def test_every_documented_status_can_be_had(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is promised for show, and each refusal is a problem document."""
    described = served.http.get("/v1/openapi.json").json()["paths"]
    promised = {
        int(status)
        for operations in described.values()
        for operation in operations.values()
        for status in operation["responses"]
    }

    answers = [*_answers(served), *_broken_answers(served, monkeypatch)]

    assert {status for status, _ in answers} == promised
    assert all(body.startswith(b'{"type":"') for status, body in answers if status >= 400)


def _answers(served: Served) -> Iterator[tuple[int, bytes]]:
    """Cause every status that a healthy hub answers."""
    opened = served.open_case(signal(95))
    feed = served.platform("has the feed", feed=True)
    poor = served.platform("asks only")
    key, other = served.bearer(feed), served.bearer(poor)
    cursor = served.http.get("/v1/feed", headers=key).json()["cursor"]
    served.http.post("/v1/cases/withdrawal", json=access(opened))
    marker = served.http.get("/v1/feed", headers=key, params={"after": cursor}).json()
    confirmation = f"/v1/withdrawals/{marker['withdrawals'][0]['id']}/confirmation"
    served.hub.platforms.mark(feed.id, served.people()[1], handles_under_18=True)
    served.hub.platforms.spend(poor.id, poor.quota_per_day)
    plain = {
        **REGISTRATION,
        "items": [{"signals": [{"type": "pdq", "value": signal(96), "quality": 1}]}],
    }
    for answer in (
        served.http.post("/v1/cases", json=REGISTRATION),
        served.http.post("/v1/cases", json={}),
        served.http.post("/v1/cases/receipt", json={"text": "x" * 70_000}),
        served.http.post("/v1/cases", content=b"{}"),
        served.http.post("/v1/cases", json=plain),
        served.http.post("/v1/cases/recovery", json={"slip": "0" * 25}),
        served.http.post("/v1/cases/receipt", json=access(opened)),
        served.http.post(confirmation, headers=key),
        served.http.get("/v1/feed"),
        served.http.get("/v1/feed", headers=other),
        served.http.get("/v1/feed", headers=key, params={"after": cursor}),
        served.http.post("/v1/lookup", headers=other, json={"signals": [signal(97)]}),
    ):
        yield answer.status_code, answer.content


def _broken_answers(served: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, bytes]]:
    """Cause the statuses of a hub, or a network, that is in trouble."""
    with monkeypatch.context() as patch:
        patch.setattr(bodies, "SECONDS", 0.2)
        with half_sent(served, f"{JSON_HEAD}Content-Length: 100", b"{") as connection:
            late = connection.recv(4096)
    yield int(late.split()[1]), late.partition(b"\r\n\r\n")[2]
    for error in (TooBusy("more is waiting than may wait"), RuntimeError("unforeseen")):
        with monkeypatch.context() as patch:
            patch.setattr(Cases, "challenge", Mock(side_effect=error))
            answer = served.http.get("/v1/challenge")
        yield answer.status_code, answer.content
