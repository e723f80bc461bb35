"""StopNCII's clients are served by their two keys, and each part by its own."""

from typing import Any

import pytest

from takeback.accounts.model import Platform, Scope
from tests.web.conftest import Served, signal

PARTS: dict[str, Scope] = {
    "/FetchHashes": "stopncii_fetch",
    "/SubmitHashes": "stopncii_submit",
    "/SubmitFeedback": "stopncii_feedback",
}


def _keys(served: Served, platform: Platform, path: str) -> dict[str, str]:
    """Return the two headers that open *path* for *platform*."""
    return {
        "x-functions-key": served.key(platform, PARTS[path]),
        "Ocp-Apim-Subscription-Key": served.key(platform, "stopncii_subscription"),
    }


def _call(served: Served, path: str, keys: dict[str, str], **more: Any) -> int:  # noqa: ANN401
    if path == "/FetchHashes":
        params = {"startTimestamp": 10, "pageSize": 800}
        return served.http.get(path, headers=keys, params=params).status_code
    body = {"count": 0, "hashRecords": [], "hashFeedbacks": [], **more}
    return served.http.post(path, headers=keys, json=body).status_code


def test_what_the_reporter_allowed_is_fetched(served: Served) -> None:
    """Without her choice nothing of her goes to partners."""
    keys = _keys(served, served.platform("fetches", feed=True), "/FetchHashes")
    served.open_case(signal(60), choices={"partners": True})
    served.open_case(signal(61))

    answer = served.http.get("/FetchHashes?startTimestamp=10&pageSize=800", headers=keys)

    values = {record["hashValue"] for record in answer.json()["hashRecords"]}
    assert signal(60) in values
    assert signal(61) not in values
    assert answer.json()["count"] == len(values)


def test_pages_follow_each_other_by_their_token(served: Served) -> None:
    """A small page says that there is more, and its token names where to go on."""
    keys = _keys(served, served.platform("pages", feed=True), "/FetchHashes")
    served.open_case(*[signal(62 + number) for number in range(3)], choices={"partners": True})
    found: list[str] = []
    params: dict[str, Any] = {"startTimestamp": 10, "pageSize": 1}

    while True:
        answer = served.http.get("/FetchHashes", headers=keys, params=params).json()
        found += [record["hashValue"] for record in answer["hashRecords"]]
        if not answer["hasMoreRecords"]:
            break
        params["nextPageToken"] = answer["nextPageToken"]

    assert set(found) >= {signal(62), signal(63), signal(64)}
    assert len(found) == len(set(found))


@pytest.mark.parametrize("spelling", ["ImagePDQ", "StopNCIISignalType.ImagePDQ"])
def test_both_spellings_and_unknown_fields_are_taken(served: Served, spelling: str) -> None:
    """The stock client sends Python's name of the enumeration, and more than is read here."""
    keys = _keys(served, served.platform(f"submits {spelling}"), "/SubmitHashes")
    record = {
        "lastModtimestamp": 1,
        "signalType": spelling,
        "hashValue": signal(70),
        "CSPFeedbacks": [{"tags": [], "feedbackValue": "Blocked"}],
    }

    answer = served.http.post(
        "/SubmitHashes", headers=keys, json={"count": 1, "hashRecords": [record], "extra": 1}
    )

    assert (answer.status_code, answer.json()) == (200, {"count": 1})


def test_an_upper_case_signal_is_refused_without_repeating_it(served: Served) -> None:
    """One record that is wrong refuses the whole body, in our words."""
    keys = _keys(served, served.platform("shouts"), "/SubmitHashes")
    record = {"signalType": "ImagePDQ", "hashValue": signal(71).upper()}

    answer = served.http.post("/SubmitHashes", headers=keys, json={"hashRecords": [record]})

    assert answer.status_code == 400
    assert signal(71).upper() not in answer.text


def test_feedback_is_answered_alike_for_known_and_unknown_signals(served: Served) -> None:
    """Otherwise it would be a way to ask whether a picture is registered."""
    keys = _keys(served, served.platform("says"), "/SubmitFeedback")
    served.open_case(signal(72), choices={"partners": True})

    def answer(value: str) -> bytes:
        feedback = {"hashValue": value, "feedbackValue": "Blocked", "tags": []}
        body = {"count": 1, "hashFeedbacks": [feedback]}
        return served.http.post("/SubmitFeedback", headers=keys, json=body).content

    assert answer(signal(72)) == answer(signal(73))


@pytest.mark.parametrize("path", PARTS)
def test_each_part_opens_with_its_own_key_only(served: Served, path: str) -> None:
    """A key for one part is none for another, nor for our own interface."""
    platform = served.platform(f"parts {path}", feed=True)
    right = _keys(served, platform, path)
    others: list[Scope] = [scope for scope in PARTS.values() if scope != PARTS[path]]

    wrong = [
        _call(served, path, {**right, "x-functions-key": served.key(platform, scope)})
        for scope in [*others, "partner"]
    ]

    assert _call(served, path, right) == 200
    assert wrong == [401, 401, 401]


@pytest.mark.parametrize("path", PARTS)
def test_both_keys_are_needed_and_must_be_one_platform_s(served: Served, path: str) -> None:
    """Half a sign-in is none, and neither are two halves of two platforms."""
    mine = _keys(served, served.platform(f"mine {path}", feed=True), path)
    theirs = _keys(served, served.platform(f"theirs {path}", feed=True), path)
    mixed = {**mine, "Ocp-Apim-Subscription-Key": theirs["Ocp-Apim-Subscription-Key"]}
    halves = [{name: value} for name, value in mine.items()]

    assert [_call(served, path, keys) for keys in (mixed, *halves, {})] == [401] * 4


def test_the_lookup_tier_gets_no_list_here_either(served: Served) -> None:
    """Fetching is receiving a list."""
    keys = _keys(served, served.platform("no list"), "/FetchHashes")

    assert _call(served, "/FetchHashes", keys) == 403
