"""No address of a hub accepts a picture: not raw, not in a form, not as text."""

import base64
import copy
import io
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from PIL import Image
from skimage import data

from takeback.cases.wire import RegistrationDocument
from takeback.web.form import FormRequest
from tests.web.conftest import Served
from tests.web.examples import EXAMPLES, FORMS, NUMBER

LONGEST_TEXT = 4000
"""Characters of the longest text that a reporter can write: less than a picture needs."""

PAGES = ("about", "case", "help", "help/{country}", "receipt", "safety", "threat-model", "under-18")
"""What people read, in each language, besides how to verify it."""

PACKED = r"^[A-Za-z0-9_-]+$"
"""Packed signals may be longer; the hub unpacks them and refuses what is none."""


@pytest.fixture(scope="module")
def picture() -> bytes:
    """A real photograph of a cup of coffee, as JPEG."""
    file = io.BytesIO()
    coffee = data.coffee()  # type: ignore[no-untyped-call]
    Image.fromarray(coffee).save(file, "JPEG", quality=80)
    return file.getvalue()


def _handlers(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Yield method, path and handler of every route there is."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in handler.http_methods:
                path = route.path_format.replace("{marker}", NUMBER).replace("{language}", "ko")
                yield str(method), path, handler


def _headers(served: Served, path: str) -> dict[str, str]:
    """Return every key that any part of *path* could ask for."""
    names = [platform.name for platform in served.hub.platforms.list()]
    platform = (
        served.hub.platforms.list()[names.index("sends pictures")]
        if "sends pictures" in names
        else served.platform("sends pictures", feed=True)
    )
    scopes = {"/FetchHashes": "fetch", "/SubmitHashes": "submit", "/SubmitFeedback": "feedback"}
    if path not in scopes:
        return served.bearer(platform)
    return {
        "x-functions-key": served.key(platform, f"stopncii_{scopes[path]}"),  # type: ignore[arg-type]
        "ocp-apim-subscription-key": served.key(platform, "stopncii_subscription"),
    }


def _leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
    """Yield the place of every text in a body."""
    if isinstance(value, str):
        yield at
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _leaves(entry, (*at, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _leaves(entry, (*at, index))


def _replaced(body: Any, at: tuple[Any, ...], text: str) -> Any:  # noqa: ANN401
    changed = copy.deepcopy(body)
    place = changed
    for step in at[:-1]:
        place = place[step]
    place[at[-1]] = text
    return changed


def test_every_route_refuses_a_picture_in_every_wrapping(served: Served, picture: bytes) -> None:
    """Raw under any content type, or as a form's file, with a valid key."""
    for method, path, _ in _handlers(served.app):
        if method == "OPTIONS":
            continue
        keys = _headers(served, path)
        answers = [
            served.http.request(
                method, path, content=picture, headers={**keys, "content-type": kind}
            )
            for kind in ("image/jpeg", "application/octet-stream", "application/json", "")
        ]
        answers.append(served.http.request(method, path, files={"picture": picture}, headers=keys))
        answers.append(
            served.http.request(
                method,
                path,
                content=base64.b64encode(picture),
                headers={**keys, "content-type": "application/x-www-form-urlencoded"},
            )
        )

        assert {answer.status_code for answer in answers} <= {400, 413, 415}, (method, path)


def test_no_text_of_any_body_takes_a_picture(served: Served, picture: bytes) -> None:
    """As base64 in the place of each text of each body, it is refused."""
    text = base64.b64encode(picture).decode()
    tried = 0
    for method, path, handler in _handlers(served.app):
        if handler.parsed_data_field is None:
            continue
        body = {**EXAMPLES, **FORMS}[handler.parsed_data_field.annotation]
        keys = _headers(served, path)
        for at in _leaves(body):
            coded = "data" if handler.request_class is FormRequest else "json"
            sent: Any = {coded: _replaced(body, at, text)}
            answer = served.http.request(method, path, headers=keys, **sent)
            tried += 1
            assert answer.status_code in (400, 413), (path, at)
            assert text[:40] not in answer.text

    assert tried > 30


def test_every_text_that_is_sent_has_a_bound(served: Served) -> None:
    """The description of each body bounds each of its texts and lists."""
    document = served.http.get("/v1/openapi.json").json()
    schemas = document["components"]["schemas"]
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        for operations in document["paths"].values()
        for operation in operations.values()
        if "requestBody" in operation
    ]

    def check(schema: dict[str, Any]) -> None:
        if "$ref" in schema:
            check(schemas[schema["$ref"].rpartition("/")[2]])
        for each in [*schema.get("anyOf", []), *schema.get("properties", {}).values()]:
            check(each)
        if schema.get("type") == "string":
            longest = 400_000 if schema.get("pattern") == PACKED else LONGEST_TEXT
            assert schema.get("maxLength", 0) <= longest
            assert "maxLength" in schema or schema["pattern"].endswith(("{64}$", "{32}$", "{2}$"))
        if schema.get("type") == "array":
            assert schema["maxItems"] <= 10_000
            check(schema["items"])

    for body in bodies:
        check({"$ref": body})
    assert len(bodies) >= 10


@pytest.mark.parametrize("kind", ["kp1", "video1"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_no_packed_signal_is_a_picture(served: Served, kind: str, form: str) -> None:
    """However small it is and however it is coded."""
    for side in (8, 24, 32, 64):
        file = io.BytesIO()
        coffee = data.coffee()  # type: ignore[no-untyped-call]
        Image.fromarray(coffee).resize((side, side)).save(file, form)
        text = base64.urlsafe_b64encode(file.getvalue()).rstrip(b"=").decode()
        body = {**EXAMPLES[RegistrationDocument]}
        body["items"] = [{"signals": [{"type": kind, "value": text}]}]

        answer = served.http.post("/v1/cases", json=body)

        assert answer.status_code == 400
        assert text[:40] not in answer.text


def test_compressed_and_chunked_pictures_are_refused_too(served: Served, picture: bytes) -> None:
    """Neither hides what it is."""
    packed = served.http.post(
        "/v1/cases",
        content=picture,
        headers={"content-type": "application/json", "content-encoding": "gzip"},
    )
    chunks = (picture[start : start + 1000] for start in range(0, len(picture), 1000))
    chunked = httpx2.post(
        f"{served.url}/v1/cases", content=chunks, headers={"content-type": "application/json"}
    )

    assert packed.status_code == 415
    assert chunked.status_code == 400


def test_there_is_no_address_but_those_described(served: Served) -> None:
    """No documentation site, debug page, schema browser or static files of the framework."""
    described = set(served.http.get("/v1/openapi.json").json()["paths"])
    there = {route.path_format for route in served.app.routes}

    pages = {
        "/",
        "/{language}",
        "/leave",
        "/assets/{name}",
        "/{language}/verify",
    }
    pages |= {f"/{{language}}/{page}" for page in PAGES}
    assert there - described == {"/metrics", "/v1/openapi.json", *pages}
