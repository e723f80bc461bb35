"""After visiting every route with marked secrets, no log, metric or refusal holds a mark."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
import structlog

from takeback.cases.service import Cases
from takeback.ids import random_text
from takeback.web import logging as weblog
from tests.web.conftest import REGISTRATION, Served, access, item, signal

ADDRESS = "203.0.113.77"
AGENT = "marked-agent"
REFERRER = "marked-referrer"
TEXT = "marked-text"
LOCATOR = "https://marked-locator.example/1"
QUERY = "marked-query"
PATH = "marked-path"

MARKED_HEADERS = {
    "user-agent": AGENT,
    "referer": f"https://{REFERRER}.example/",
    "x-forwarded-for": ADDRESS,
    "forwarded": f"for={ADDRESS}",
    "x-real-ip": ADDRESS,
    "cookie": f"a={QUERY}",
}


@dataclass
class Visit:
    """Everything that was said, on either side, while every route was visited."""

    served: Served
    http: httpx2.Client
    secrets: set[str] = field(default_factory=set)
    refusals: list[httpx2.Response] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def call(self, method: str, path: str, **options: Any) -> httpx2.Response:  # noqa: ANN401
        """Send one request and keep the answer if it refuses."""
        answer = self.http.request(method, path, **options)
        self.statuses.append(answer.status_code)
        if answer.status_code >= 400:
            self.refusals.append(answer)
        return answer


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that the hub and its libraries log."""
    stream = io.StringIO()
    weblog.configure(stream)
    logging.getLogger().setLevel(logging.DEBUG)
    yield stream
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


@pytest.fixture
def visit(served: Served, log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    """Visit every route, with success, with refusal, and with a failure nobody foresaw."""
    with httpx2.Client(
        base_url=served.url, headers=MARKED_HEADERS, timeout=40, trust_env=False
    ) as http:
        visited = Visit(served, http)
        _as_reporter(visited)
        _as_platform(visited)
        _as_partner(visited)
        _as_anybody(visited)
        _as_it_breaks(visited, monkeypatch)
        yield visited


def _as_reporter(visit: Visit) -> None:
    marked = item(signal(80)) | {"note": TEXT, "locators": [LOCATOR]}
    body = {**REGISTRATION, "items": [marked], "text": TEXT, "locators": [LOCATOR]}
    opened = visit.call("POST", "/v1/cases", json=body).json()
    wrong = {"access": {"code": opened["code"], "pin": "000000"}}
    keys = {"access": {"code": opened["code"], "pin": opened["pin"]}}
    visit.secrets |= {opened["code"], opened["slip"], opened["case_id"], signal(80), signal(81)}
    visit.secrets |= {f'"{opened["pin"]}"', " ".join(opened["words"])}
    more = {**keys, "items": [item(signal(81))]}
    receipt = visit.call("POST", "/v1/cases/items", json=more).json()
    visit.secrets |= {held["item_id"] for held in receipt["items"]}
    for path in ("receipt", "withdrawal", "withdrawal/undo"):
        for body in (keys, wrong, {**keys, TEXT: 1}):
            visit.call("POST", f"/v1/cases/{path}", json=body)
    form = {**keys["access"], "slip": opened["slip"], "locators": LOCATOR, "action": "add"}
    for fields in (form, {**form, "pin": "000000"}, {**form, "pin": TEXT}, {**form, TEXT: "1"}):
        visit.call("POST", "/en/receipt", data=fields)
    visit.call("POST", "/en/receipt", files={"picture": TEXT.encode()})
    visit.call("POST", "/v1/cases/choices", json={**keys, "choices": {"partners": True}})
    visit.call("POST", "/v1/cases/withdrawal", json={**keys, "item_id": TEXT})
    visit.call("POST", "/v1/cases", json={**REGISTRATION, "kind": TEXT})
    visit.call("POST", "/v1/cases", json={**REGISTRATION, "items": [item(signal(80).upper())]})
    visit.call("POST", "/v1/cases", content=TEXT)
    again = visit.call("POST", "/v1/cases/recovery", json={"slip": opened["slip"]}).json()
    visit.call("POST", "/v1/cases/recovery", json={"slip": opened["slip"]})
    visit.secrets |= {again["code"], again["slip"]}


def _as_platform(visit: Visit) -> None:
    platform = visit.served.platform(f"visits {random_text(8)}", feed=True)
    key = visit.served.key(platform)
    visit.secrets |= {key, signal(82)}
    headers = {"authorization": f"Bearer {key}"}
    page = visit.call("GET", "/v1/feed", headers=headers).json()
    visit.secrets |= {page["cursor"], *(entry["number"] for entry in page["entries"])}
    number = page["entries"][0]["number"]
    visit.call("GET", f"/v1/feed?after={QUERY}", headers=headers)
    visit.call("GET", f"/v1/feed?wait={QUERY}", headers=headers)
    visit.call("POST", "/v1/lookup", headers=headers, json={"signals": [signal(80), signal(82)]})
    visit.call("POST", "/v1/lookup", headers=headers, json={"signals": [signal(82)[:-1] + "G"]})
    opinion = {"number": number, "opinion": "investigate"}
    visit.call("POST", "/v1/opinions", headers=headers, json={"opinions": [opinion]})
    response = {"id": "f" * 32, "number": number, "response": "seen"}
    visit.call("POST", "/v1/responses", headers=headers, json={"responses": [response]})
    visit.call("POST", f"/v1/withdrawals/{PATH}/confirmation", headers=headers)
    visit.call("GET", "/v1/feed", headers={"authorization": f"Bearer {key[:-1]}"})


def _as_partner(visit: Visit) -> None:
    platform = visit.served.platform(f"partner {random_text(8)}", feed=True)
    subscription = visit.served.key(platform, "stopncii_subscription")
    visit.secrets.add(subscription)

    def headers(key: str) -> dict[str, str]:
        visit.secrets.add(key)
        return {"x-functions-key": key, "ocp-apim-subscription-key": subscription}

    fetch = headers(visit.served.key(platform, "stopncii_fetch"))
    visit.call("GET", "/FetchHashes", headers=fetch)
    visit.call("GET", f"/FetchHashes?nextPageToken={QUERY}", headers=fetch)
    submit = headers(visit.served.key(platform, "stopncii_submit"))
    record = {"signalType": "ImagePDQ", "hashValue": signal(82)}
    visit.call("POST", "/SubmitHashes", headers=submit, json={"hashRecords": [record]})
    record["hashValue"] = signal(82).upper()
    visit.call("POST", "/SubmitHashes", headers=submit, json={"hashRecords": [record]})
    feedback = headers(visit.served.key(platform, "stopncii_feedback"))
    said = {"hashValue": signal(82), "feedbackValue": "Blocked", "tags": [TEXT]}
    visit.call("POST", "/SubmitFeedback", headers=feedback, json={"hashFeedbacks": [said]})


def _as_anybody(visit: Visit) -> None:
    for path in ("/", "/health", "/ready", "/metrics", "/v1/challenge", "/v1/openapi.json"):
        visit.call("GET", path)
    visit.call("GET", f"/{PATH}?x={QUERY}")
    visit.call("DELETE", f"/v1/withdrawals/{PATH}/confirmation")
    visit.call("GET", "/demo/advance")


def _as_it_breaks(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_given: object, **_named: object) -> None:
        raise RuntimeError(f"failed for {TEXT} and {signal(82)}")

    opened = visit.served.open_case(signal(82))
    monkeypatch.setattr(Cases, "receipt", break_down)
    visit.call("POST", "/v1/cases/receipt", json=access(opened))


def _marks(visit: Visit) -> set[str]:
    marks = {ADDRESS, AGENT, REFERRER, TEXT, LOCATOR, QUERY, PATH}
    return visit.secrets | marks | {signal(82).upper()}


def test_the_log_holds_no_secret(visit: Visit, log: io.StringIO) -> None:
    """Not of the reporter, not of the platform, not of who called from where."""
    said = log.getvalue()

    assert "127.0.0.1" not in said
    assert not [mark for mark in _marks(visit) if mark in said]
    assert len(said.splitlines()) >= len(visit.statuses)


def test_a_request_s_line_holds_these_facts_and_no_other(visit: Visit, log: io.StringIO) -> None:
    """Route, status, duration, the platform's id: nothing else."""
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    requests = [line for line in lines if line["event"] == "request"]

    assert {name for line in requests for name in line} == {
        "event",
        "level",
        "timestamp",
        "route",
        "status",
        "ms",
        "platform",
    }
    assert {line["route"] for line in requests} >= {"/v1/cases", "/v1/feed", "none"}


def test_an_unforeseen_failure_is_found_in_the_log(visit: Visit, log: io.StringIO) -> None:
    """Its kind and its place are there, its message is not; the caller learns nothing."""
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (failed,) = [line for line in lines if line["event"] == "request.failed"]

    assert failed["error"] == "builtins.RuntimeError"
    assert any("test_secrets.py" in place for place in failed["at"])
    assert visit.refusals[-1].status_code == 500


def test_the_metrics_hold_no_secret(visit: Visit) -> None:
    """Labels come from the code only."""
    text = visit.http.get("/metrics").text

    assert not [mark for mark in _marks(visit) if mark in text]
    assert 'route="/v1/withdrawals/{marker}/confirmation"' in text
    assert "platform_" not in text


def test_no_refusal_repeats_what_was_sent(visit: Visit) -> None:
    """Every refusal is in our own words."""
    said = "".join(refusal.text + str(refusal.headers) for refusal in visit.refusals)

    assert not [mark for mark in _marks(visit) if mark in said]
    assert {400, 401, 404, 405, 415, 500} <= set(visit.statuses)
    assert "Traceback" not in said


def test_nothing_of_who_called_is_stored(visit: Visit) -> None:
    """No address, user agent or referrer is in the data directory."""
    stored = b"".join(
        path.read_bytes() for path in visit.served.hub.settings.data.iterdir() if path.is_file()
    )

    assert not [mark for mark in (ADDRESS, AGENT, REFERRER, QUERY) if mark.encode() in stored]
    assert TEXT.encode() in stored
