"""The running hub keeps to its own description, whatever schemathesis sends it."""

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

from tests.web.conftest import Served

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
