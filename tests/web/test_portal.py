"""A reporter's way over HTTP: open, read the receipt, withdraw, undo, recover."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from takeback.cases.wire import Challenge, Opened, Receipt, RegistrationDocument
from takeback.cli.reporterhub import reporter_hub, solve
from tests.conftest import FakeClock
from tests.web.conftest import REGISTRATION, Served, access, item, serving, settings_for, signal
from tests.web.examples import KEYPOINTS, VIDEO


def _receipt(served: Served, path: str, body: dict[str, Any]) -> Receipt:
    answer = served.http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=Receipt)


def test_a_case_is_opened_and_its_receipt_read(served: Served) -> None:
    """Code and PIN open what was just registered."""
    opened = served.open_case(signal(1), signal(2))

    receipt = _receipt(served, "/v1/cases/receipt", access(opened))

    assert receipt.case_id == opened.case_id
    assert [(held.state, held.signals) for held in receipt.items] == [("protected", 2)]


def test_items_are_added_with_code_and_pin(served: Served) -> None:
    """A second picture joins the same case."""
    opened = served.open_case(signal(3))

    receipt = _receipt(served, "/v1/cases/items", {**access(opened), "items": [item(signal(4))]})

    assert len(receipt.items) == 2


def test_choices_are_replaced(served: Served) -> None:
    """The reporter decides whether partners get her signals."""
    opened = served.open_case(signal(5))

    body = {**access(opened), "choices": {"partners": True, "lock": True}}
    receipt = _receipt(served, "/v1/cases/choices", body)

    assert (receipt.partners, receipt.locked) == (True, True)


def test_keypoints_are_taken_with_her_choice_and_go_with_it(served: Served) -> None:
    """Refused in words that help, taken, seen in the feed, and gone."""
    platform = served.bearer(served.platform("compares keypoints", feed=True))
    film = {"type": "video1", "value": VIDEO}
    both = {"signals": [film, {"type": "kp1", "value": KEYPOINTS}]}
    sent = {**REGISTRATION, "items": [both]}

    refused = served.http.post("/v1/cases", json=sent)
    opened = served.http.post("/v1/cases", json={**sent, "choices": {"keypoints": True}}).json()
    told = served.http.get("/v1/feed", headers=platform).json()
    keys = {"access": {"code": opened["code"], "pin": opened["pin"]}}
    receipt = _receipt(served, "/v1/cases/choices", {**keys, "choices": {}})
    after = {"after": told["cursor"]}
    gone = served.http.get("/v1/feed", headers=platform, params=after).json()

    assert (refused.status_code, refused.json()["type"][-20:]) == (400, "keypoints-not-chosen")
    assert "choose `keypoints`" in refused.json()["hint"]
    assert {"kp1", "video1"} <= {each.get("type", "pdq") for each in told["entries"]}
    assert [(one.signals, one.keypoints) for one in receipt.items] == [(1, False)]
    assert [each["state"] for each in gone["entries"]] == ["gone"]
    assert len(gone["withdrawals"]) == 1


def test_a_withdrawal_acts_at_once_and_can_be_undone(served: Served) -> None:
    """One item or the whole case; undoing brings it back."""
    opened = served.open_case(signal(6))

    withdrawn = _receipt(served, "/v1/cases/withdrawal", access(opened))
    undone = _receipt(served, "/v1/cases/withdrawal/undo", access(opened))

    assert (withdrawn.status, withdrawn.items[0].state) == ("withdrawn", "withdrawn")
    assert (undone.status, undone.items[0].state) == ("open", "protected")


def test_one_item_is_withdrawn_by_its_id(served: Served) -> None:
    """The other item stays protected."""
    opened = served.open_case(items=[item(signal(7)), item(signal(8))])
    before = _receipt(served, "/v1/cases/receipt", access(opened))
    body = {**access(opened), "item_id": before.items[0].item_id}

    after = _receipt(served, "/v1/cases/withdrawal", body)

    assert [held.state for held in after.items] == ["withdrawn", "protected"]


def test_the_slip_gives_a_new_code_and_the_old_one_stops(served: Served) -> None:
    """Recovery replaces everything that was shown at opening."""
    opened = served.open_case(signal(9))

    answer = served.http.post("/v1/cases/recovery", json={"slip": opened.slip})
    old = served.http.post("/v1/cases/receipt", json=access(opened))

    assert answer.status_code == 200
    assert answer.json()["code"] != opened.code
    assert old.status_code == 404


@pytest.mark.parametrize("wrong", ["code", "pin"])
def test_a_wrong_code_and_a_wrong_pin_are_refused_alike(served: Served, wrong: str) -> None:
    """Nobody learns from the answer which of the two it was, or whether the code exists."""
    opened = served.open_case(signal(10))
    tried = {"code": opened.code, "pin": opened.pin}
    other = served.open_case(signal(11))
    tried[wrong] = getattr(other, wrong) if wrong == "pin" else "0" * 13

    answer = served.http.post("/v1/cases/receipt", json={"access": tried})

    assert answer.status_code == 404
    assert answer.json()["detail"] == "no case opens with this code and PIN"


def test_a_picture_with_too_little_in_it_is_refused_with_a_hint(served: Served) -> None:
    """Low quality is refused before anything is written, in words that help."""
    plain = {"signals": [{"type": "pdq", "value": signal(12), "quality": 12}]}

    answer = served.http.post("/v1/cases", json={**REGISTRATION, "items": [plain]})

    assert answer.status_code == 422
    assert "more to see in it" in answer.json()["hint"]


def test_a_hub_that_asks_for_work_gets_it_and_refuses_without(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """With the default settings the reporter's own client opens a case; a bare body does not."""
    settings = settings_for(tmp_path_factory.mktemp("hub"), proof_of_work_bits=4)
    with serving(settings, FakeClock()) as served:
        bare = served.http.post("/v1/cases", json=REGISTRATION)
        challenge = served.http.get("/v1/challenge")
        proof = solve(msgspec.json.decode(challenge.content, type=Challenge))
        body = {**REGISTRATION, "proof": msgspec.to_builtins(proof)}
        first = served.http.post("/v1/cases", json=body)
        again = served.http.post("/v1/cases", json=body)
        with reporter_hub(served.url) as device:
            opened = device.open(msgspec.convert(REGISTRATION, RegistrationDocument))

    assert (bare.status_code, first.status_code, again.status_code) == (400, 201, 400)
    assert opened.case_id


def test_a_hub_that_is_full_says_when_to_try_again(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Beyond its budget the hub refuses at once, over all callers, and keeps nothing of them."""
    settings = settings_for(tmp_path_factory.mktemp("hub"), openings_per_second=1)
    with serving(settings, FakeClock()) as served:
        answers = [served.http.post("/v1/cases", json=REGISTRATION) for _ in range(4)]

    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)


def test_a_receipt_says_whether_anybody_can_compare_yet(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Nobody can; then platforms for adults can, then one that is marked for under 18 as well."""
    with serving(settings_for(tmp_path_factory.mktemp("hub")), FakeClock()) as served:
        cases = [
            served.open_case(signal(1)),
            served.open_case(signal(2), age_band="under_18"),
        ]

        assert _compared(served, cases) == [False, False]
        served.platform("adults only")
        assert _compared(served, cases) == [True, False]
        served.platform("everybody", under_18=True)
        assert _compared(served, cases) == [True, True]


def _compared(served: Served, cases: Sequence[Opened]) -> list[bool]:
    return [_receipt(served, "/v1/cases/receipt", access(one)).compared for one in cases]
