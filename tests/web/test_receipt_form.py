"""The receipt as a page, asked for by one form: what it does, what it refuses, what it hides.

There is no ambient authority (no cookie, no session, no certificate), so there is nothing that
a page elsewhere could make a browser do in her name: every request brings code and PIN or does
nothing.
"""

import html
import re
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from takeback.cases.wire import Opened
from takeback.web.form import read
from takeback.web.portal.receipt_form import ReceiptForm
from tests.conftest import FakeClock
from tests.web.conftest import JSON_HEAD, Served, half_sent, item, serving, settings_for, signal

PAGE = "/en/receipt"
FORM_HEAD = "Content-Type: application/x-www-form-urlencoded\r\n"


def send(
    served: Served, action: str, keys: Opened | None = None, page: str = PAGE, **fields: str
) -> httpx2.Response:
    """Send the form, with code and PIN of *keys*."""
    own = {} if keys is None else {"code": keys.code, "pin": keys.pin}
    return served.http.post(page, data={"action": action, **own, **fields})


def text_of(answer: httpx2.Response) -> str:
    """Return what a person reads on the receipt's own part of the page."""
    body = answer.text.split('<div class="step" id="receipt"', 1)[1].split('id="notices"', 1)[0]
    plain = re.sub(r"<[^>]+>", " ", re.sub(r"</?time[^>]*>", "", body))
    return html.unescape(re.sub(r"\s+", " ", plain))


def refusal_of(answer: httpx2.Response) -> tuple[int, str]:
    """Return status and name of a refusal, or no name."""
    found = re.search(r'data-refusal="([a-z-]*)"', answer.text)
    return answer.status_code, found[1] if found else ""


def states_of(answer: httpx2.Response) -> list[str]:
    """Return the state of each item on the page."""
    return re.findall(r'id="item-\d+" data-state="(\w+)"', answer.text)


def mark_of(answer: httpx2.Response) -> str:
    """Return the mark of the page's form for a recovery."""
    found = re.search(r'name="attempt" value="([\w.]+)"', answer.text)
    assert found
    return found[1]


def secret(answer: httpx2.Response, name: str) -> str:
    """Return a secret that the page shows."""
    found = re.search(rf'<output id="{name}"[^>]*>([^<]*)</output>', answer.text)
    assert found
    return found[1]


def test_the_page_asks_for_code_and_pin_and_remembers_nothing(served: Served) -> None:
    """No field is filled in, the browser is asked to keep none, and nothing is cached."""
    answer = served.http.get(PAGE)

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "set-cookie" not in answer.headers
    assert re.findall(r'<input[^>]*name="(?:code|pin|slip)"[^>]*value="[^"]+"', answer.text) == []
    assert answer.text.count("<form") == answer.text.count('method="post"')
    assert answer.text.count('<form method="post" action="/en/receipt" autocomplete="off"') == 2


def test_a_receipt_is_read_without_a_script(served: Served) -> None:
    """Code and PIN in a form are enough; neither is on the page that answers."""
    opened = served.open_case(signal(1), signal(2))

    answer = send(served, "read", opened)

    assert answer.status_code == 200
    assert opened.case_id in answer.text
    assert states_of(answer) == ["protected"]
    assert "2 signals were made from it" in text_of(answer)
    assert opened.code not in answer.text
    assert opened.pin not in answer.text


def test_the_words_open_it_too_and_korean_reads_korean(served: Served) -> None:
    """Six words in place of the code; the page's language is that of its address."""
    served.platform("takes part")
    opened = served.open_case(signal(3), language="ko")
    fields = {"code": " ".join(opened.words), "pin": opened.pin}

    answer = served.http.post("/ko/receipt", data=fields)

    assert "보호 중" in text_of(answer)
    assert "신호 1개를 만들었어요" in text_of(answer)


def test_a_place_is_added_choices_are_kept_and_an_item_taken_back_and_undone(
    served: Served,
) -> None:
    """All that code and PIN allow works from forms alone, but adding pictures."""
    opened = served.open_case(signal(4))
    added = send(served, "add", opened, locators="t.me/room_a\r\n\r\n t.me/room_b ")
    chosen = send(served, "choose", opened, partners="yes", end_date="2040-01-01")
    first = re.findall(r'name="item" value="(\w+)"', added.text)[0]
    withdrawn = send(served, "withdraw", opened, item=first)
    undone = send(served, "undo", opened, item=first)

    assert states_of(added) == ["protected", "recorded"]
    assert "It ends on January 1, 2040" in text_of(chosen)
    assert re.search(r'name="partners"[^>]* checked', chosen.text)
    assert states_of(withdrawn) == ["withdrawn", "recorded"]
    assert "No platform had been sent these signals." in text_of(withdrawn)
    assert states_of(undone) == ["protected", "recorded"]
    assert "It is undone." in text_of(undone)


def test_everything_is_taken_back_and_undone(served: Served) -> None:
    """A whole case, of which the page then offers nothing but the way back."""
    opened = served.open_case(signal(5))

    withdrawn = send(served, "withdraw", opened)
    undone = send(served, "undo", opened)

    assert 'id="withdraw"' not in withdrawn.text
    assert 'id="choose"' not in withdrawn.text
    assert "You took everything back." in text_of(withdrawn)
    assert "You can undo this until March 12, 2030." in text_of(withdrawn)
    assert states_of(undone) == ["protected"]


def test_the_lock_makes_it_wait_and_the_page_says_so_before(served: Served) -> None:
    """What will happen is read before it is done, and the day afterwards."""
    opened = served.open_case(signal(6))
    before = send(served, "read", opened)
    locked = send(served, "choose", opened, lock="yes")

    waiting = send(served, "withdraw", opened)

    assert "Comparing stops at once." in text_of(before)
    assert "it waits 72 hours" in text_of(locked)
    assert "Turning this off takes 72 hours too" in text_of(locked)
    assert "That takes effect on March 8, 2030." in text_of(waiting)
    assert states_of(waiting) == ["withdrawing"]


def test_the_slip_gives_new_secrets_and_a_lost_answer_can_be_asked_for_again(
    served: Served,
) -> None:
    """The page carries a mark of its own, so the same page sent twice is one recovery."""
    opened = served.open_case(signal(7))
    mark = mark_of(served.http.get(PAGE))

    send(served, "recover", slip=opened.slip, attempt=mark)
    again = send(served, "recover", slip=opened.slip, attempt=mark)
    keys = {"code": secret(again, "code"), "pin": secret(again, "pin")}

    assert len(secret(again, "code-words").split()) == 6
    assert send(served, "read", None, **keys).status_code == 200
    assert refusal_of(send(served, "read", opened)) == (404, "not-found")
    assert refusal_of(send(served, "recover", slip=opened.slip)) == (404, "not-found")


def test_a_stranger_who_goes_back_soon_gets_nothing_for_her_slip(
    served: Served, hub_clock: FakeClock
) -> None:
    """Ten minutes after it was drawn the form is refused in words, and her new code still opens."""
    opened = served.open_case(signal(51))
    form = {"slip": opened.slip, "attempt": mark_of(served.http.get(PAGE))}
    recovered = send(served, "recover", None, **form)
    keys = {"code": secret(recovered, "code"), "pin": secret(recovered, "pin")}
    hub_clock.advance(timedelta(minutes=10))

    again = send(served, "recover", None, **form)
    elsewhere = served.http.post("/v1/cases/recovery", json=form)
    renewed = send(served, "recover", slip=opened.slip, attempt=mark_of(again))

    assert refusal_of(again) == (400, "form-too-old")
    assert "more than ten minutes" in text_of(again)
    assert 'id="recover-slip"' in again.text
    assert elsewhere.status_code == 400
    assert refusal_of(renewed) == (404, "not-found")
    assert states_of(send(served, "read", None, **keys)) == ["protected"]


def test_a_form_that_was_open_for_long_spends_no_slip(served: Served, hub_clock: FakeClock) -> None:
    """It is refused before anything is done: its answer could not be asked for again."""
    opened = served.open_case(signal(52))
    mark = mark_of(served.http.get(PAGE))
    hub_clock.advance(timedelta(minutes=11))

    late = send(served, "recover", slip=opened.slip, attempt=mark)
    fresh = send(served, "recover", slip=opened.slip, attempt=mark_of(late))

    assert refusal_of(late) == (400, "form-too-old")
    assert secret(fresh, "code")


def test_nobody_else_can_say_when_a_form_was_drawn(served: Served) -> None:
    """A later second with the old seal, or with none, is refused like an old form."""
    second, rest = mark_of(served.http.get(PAGE)).split(".", 1)
    later = f"{int(second) + 3600}.{rest}"

    answer = send(served, "recover", slip=served.open_case(signal(53)).slip, attempt=later)

    assert refusal_of(answer) == (400, "form-too-old")


def test_what_a_restore_suspended_is_resumed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The page says what happened, and asks."""
    settings = settings_for(tmp_path_factory.mktemp("hub"))
    with serving(settings, FakeClock()) as served:
        opened = served.open_case(signal(8))
        served.hub.bank.suspend_all()

        before, after = send(served, "read", opened), send(served, "resume", opened)
        again = send(served, "resume", opened)

    assert states_of(before) == ["suspended"]
    assert "had to be restored from a backup" in text_of(before)
    assert states_of(after) == ["protected"]
    assert refusal_of(again) == (409, "illegal-transition")


def test_every_way_of_staying_shut_looks_the_same(served: Served) -> None:
    """An unknown code, a wrong PIN and used-up trials: one page, byte for byte but its mark."""
    opened = served.open_case(signal(9))
    other = served.open_case(signal(10))
    answers = [
        send(served, "read", code="0" * 13, pin=opened.pin),
        send(served, "read", code=opened.code, pin=other.pin),
        *(send(served, "withdraw", code=opened.code, pin=other.pin) for _ in range(20)),
        send(served, "read", opened),
    ]

    pages = {answer.text.replace(mark_of(answer), "") for answer in answers}
    assert len(pages) == 1
    assert {refusal_of(answer) for answer in answers} == {(404, "not-found")}
    assert send(served, "read", opened, slip=opened.slip).status_code == 200


def test_who_needs_the_slip_to_come_in_can_take_everything_back(served: Served) -> None:
    """Somebody who has found the code and burns its trials keeps nobody from withdrawing."""
    opened = served.open_case(signal(15))
    wrong = {"code": opened.code, "pin": served.open_case(signal(16)).pin}
    ordinary = send(served, "read", opened)
    for _ in range(20):
        send(served, "read", None, **wrong)

    with_slip = send(served, "read", opened, slip=opened.slip)
    asked_for = re.findall(r'<input[^>]* id="([\w-]+)-slip"', with_slip.text)
    withdrawn = send(served, "withdraw", opened, slip=opened.slip)

    assert "-slip" not in ordinary.text
    assert asked_for == ["withdraw-1", "add", "choose", "withdraw"]
    assert "You took everything back." in text_of(withdrawn)
    assert opened.slip not in withdrawn.text


def test_trials_are_shared_with_the_other_way_in(served: Served) -> None:
    """Twenty in all: a guesser gains nothing by using both."""
    opened = served.open_case(signal(11))
    wrong = {"code": opened.code, "pin": served.open_case(signal(12)).pin}
    for _ in range(10):
        send(served, "read", None, **wrong)
        served.http.post("/v1/cases/receipt", json={"access": wrong})

    assert refusal_of(send(served, "read", opened)) == (404, "not-found")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"code": "7q8q9q", "pin": "123456"}, (400, "malformed-code")),
        ({"action": "read"}, (400, "malformed-code")),
        ({"action": "recover", "slip": "9q8q7"}, (400, "malformed-code")),
        ({"action": "open"}, (400, "malformed-body")),
        ({"picture": "x"}, (400, "malformed-body")),
        ({"attempt": "no hexadecimal digits"}, (400, "malformed-body")),
        ({"lock": "perhaps"}, (400, "malformed-body")),
        ({"locators": "a" * 3000}, (413, "body-too-large")),
        ({"code": "🙈‮" * 13, "pin": "<script>"}, (400, "malformed-code")),
        (
            {"challenge": "no", "solution": "no", "code": "0" * 13, "pin": "123456"},
            (404, "not-found"),
        ),
    ],
)
def test_a_form_that_is_wrong_is_refused_in_words(
    served: Served, fields: dict[str, str], expected: tuple[int, str]
) -> None:
    """The empty form comes back, and nothing of what was sent."""
    answer = served.http.post(PAGE, data=fields)

    assert refusal_of(answer) == expected
    assert 'id="open"' in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    sent = [value for name, value in fields.items() if name in ("code", "pin", "slip", "locators")]
    assert [value for value in sent if value in answer.text] == []


@pytest.mark.parametrize(
    "action", [{"locators": "javascript:\x00"}, {"end_date": "2030-03-06"}, {"end_date": "soon"}]
)
def test_a_place_or_a_day_that_is_wrong_changes_nothing(
    served: Served, action: dict[str, str]
) -> None:
    """It is refused in words, with the right code and PIN too."""
    opened = served.open_case(signal(13))

    answer = send(served, "add" if "locators" in action else "choose", opened, **action)

    assert refusal_of(answer) == (400, "malformed-body")
    assert states_of(send(served, "read", opened)) == ["protected"]


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=x",
        "application/json",
        "text/plain",
        "",
        "application/x-www-form-urlencoded; charset=euc-kr",
    ],
)
def test_no_other_body_is_taken(served: Served, kind: str) -> None:
    """Above all none that carries files."""
    answer = served.http.post(PAGE, content=b"action=read", headers={"content-type": kind})

    assert refusal_of(answer) == (415, "file")


def test_a_file_is_refused_before_it_is_read(served: Served) -> None:
    """A form with a file has another content type, which is all that is looked at."""
    answer = served.http.post(PAGE, data={"action": "read"}, files={"picture": b"\xff\xd8\xff"})

    assert refusal_of(answer) == (415, "file")
    assert "no picture" in text_of(answer)


def test_a_compressed_form_is_refused(served: Served) -> None:
    """Neither is one whose length only shows when it is unpacked."""
    headers = {"content-type": "application/x-www-form-urlencoded", "content-encoding": "gzip"}

    assert refusal_of(served.http.post(PAGE, content=b"x", headers=headers)) == (415, "file")


def test_a_long_form_is_refused_by_its_length_alone(served: Served) -> None:
    """The answer comes although no byte of the body was sent."""
    with half_sent(served, f"{FORM_HEAD}Content-Length: 2049", b"", PAGE) as connection:
        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 413")


def test_a_json_client_is_not_led_here(served: Served) -> None:
    """Documents go to the addresses that are described for them."""
    with half_sent(served, f"{JSON_HEAD}Content-Length: 2", b"{}", PAGE) as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 415")


def test_a_language_that_the_portal_does_not_speak_is_not_found(served: Served) -> None:
    """Neither the page nor the form."""
    asked = served.http.get("/xx/receipt")
    sent = send(served, "read", page="/xx/receipt")
    wrong = served.http.post("/xx/receipt", content=b"x")

    assert [answer.status_code for answer in (asked, sent, wrong)] == [404, 404, 404]
    assert sent.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body", [b"a", b"code=1&code=2", b"code=%ff", b"code=\xff", b"&".join([b"pin=1"] * 30)]
)
def test_a_body_that_is_no_form_is_refused(served: Served, body: bytes) -> None:
    """Fields given twice, bytes that are no text, names without a value."""
    headers = {"content-type": "application/x-www-form-urlencoded"}

    assert refusal_of(served.http.post(PAGE, content=body, headers=headers))[0] == 400


def test_empty_fields_are_as_if_they_were_not_there() -> None:
    """A browser sends every field of a form, filled in or not."""
    assert read(b"code=a&slip=&end_date=&item=", ReceiptForm) == ReceiptForm(code="a")


def test_without_a_proof_few_are_let_in_each_second(tmp_path: Path) -> None:
    """The slower line is shared by all; who brings a proof does not stand in it."""
    settings = settings_for(tmp_path, openings_without_proof_per_second=2)
    with serving(settings, FakeClock()) as served:
        opened = served.open_case(signal(14))
        answers = [send(served, "read", opened) for _ in range(6)]
        proven = send(served, "read", opened, challenge="none is asked", solution="0")

    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) >= 2
    assert {refusal_of(answer) for answer in refused} == {(503, "too-busy")}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert proven.status_code == 200


def test_a_wrong_proof_is_not_the_slower_line(tmp_path: Path) -> None:
    """It is refused as everywhere, and the page's script makes another."""
    settings = settings_for(tmp_path, proof_of_work_bits=8)
    with serving(settings, FakeClock()) as served:
        answer = send(served, "read", code="0" * 13, pin="123456", challenge="no", solution="no")
        without = send(served, "read", code="0" * 13, pin="123456")

    assert refusal_of(answer) == (400, "bad-proof-of-work")
    assert refusal_of(without) == (404, "not-found")


def test_a_failure_nobody_foresaw_is_a_page_too(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In words that help, without a message or a place in the code."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("takeback.cases.access.Gate.enter", fail)

    answer = send(served, "read", served.open_case(signal(15)))

    assert refusal_of(answer) == (500, "failed")
    assert "secret detail" not in answer.text


def test_a_full_case_is_refused(served: Served) -> None:
    """One item more than fits; the page stays in words."""
    opened = served.open_case(items=[item(signal(number)) for number in range(16, 20)])

    answer = send(served, "add", opened, locators="\n".join(f"t.me/{n}" for n in range(51)))

    assert refusal_of(answer) == (400, "malformed-body")
