"""From what happened to code and PIN, as a person does it on a phone."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from takeback.cases.choices_text import KEYPOINTS_SENTENCE
from tests.browser.desk import Desk
from tests.browser.harness import PICTURE, Complaints, tab
from tests.browser.journey import Journey
from tests.web.conftest import Served

MOST_TAPS = 12


def test_one_photo_from_the_start_page_to_code_and_pin(journey: Journey, desk: Desk) -> None:
    """In Korean at 390 pixels, in at most twelve taps, and the hub has one case."""
    journey.to_review(PICTURE, age="under_18")
    keys = journey.send()

    assert journey.taps <= MOST_TAPS
    assert len(keys.code.replace("-", "")) == 13
    assert len(keys.words.split()) == 6
    opened = desk.only()
    assert (opened.case.kind, opened.case.age_band) == ("shared", "under_18")
    assert (opened.case.language, opened.case.authority) == ("ko", "self")
    assert [item.keypoints for item in opened.items] == [False]


def test_a_threat_alone_is_a_case(journey: Journey, desk: Desk) -> None:
    """Nothing is picked and nothing is online."""
    journey.to_review(kind="threatened")
    expect(journey.page.locator("#sum-nothing")).to_be_hidden()
    journey.send()

    assert desk.only().case.kind == "threatened"
    assert desk.only().items == ()
    journey.tap("#skip-back")
    expect(journey.page.locator("#after-signals [data-when=none]")).to_be_visible()


@pytest.mark.parametrize("kind", ["impersonation", "synthetic"])
def test_a_locator_alone_is_a_case(journey: Journey, desk: Desk, kind: str) -> None:
    """An account, and a deepfake of which there is no copy at hand."""
    journey.situation(kind)
    journey.tap("#pick-next")
    journey.where("여기: HTTPS://Example.ORG/Room/7, 그리고", "@example_account")
    journey.tap("#choices-next")
    journey.send()

    assert desk.only().case.kind == kind
    assert desk.only().locators == ("https://example.org/Room/7", "@example_account")


def test_an_address_that_is_out_brings_safety_first(journey: Journey) -> None:
    """It opens in place, and nothing that was done is lost."""
    danger = journey.page.locator("#danger")
    expect(danger).not_to_have_attribute("open", "")

    journey.choose("kind-address")

    expect(danger).to_have_attribute("open", "")
    expect(journey.page.locator("#kind-address")).to_be_checked()


def test_who_is_threatened_reads_what_the_page_on_safety_says(
    journey: Journey, portal: Served
) -> None:
    """In the same words, with the way to what helps now, and nothing that was done is lost."""
    journey.choose("kind-threatened")

    said = journey.page.locator("#follows [data-when=kind-threatened] p").first
    expect(said).to_be_visible()
    assert said.inner_text() in portal.http.get("/ko/safety").text
    journey.tap("#safety-first")
    expect(journey.page.locator("#danger")).to_have_attribute("open", "")
    expect(journey.page.locator("#danger summary")).to_be_focused()
    expect(journey.page.locator("#kind-threatened")).to_be_checked()


def test_a_sweep_is_place_time_and_device(journey: Journey, desk: Desk) -> None:
    """No picture is asked for; what was found goes to the text."""
    journey.choose("kind-sweep")
    journey.tap("#situation-next")
    for name, text in (("place", "역 3번 출구 🚉"), ("time", "3월 5일"), ("device", "كاميرا")):
        journey.page.locator(f"#sweep-{name}").fill(text)
    journey.tap("#where-next")
    expect(journey.page.locator("#choice-partners")).to_be_hidden()
    journey.tap("#choices-next")
    assert journey.page.locator("#summary > li:visible").all_inner_texts()[2:5] == [
        "장소: 역 3번 출구 🚉",
        "날짜와 시간: 3월 5일",
        "찾은 것: كاميرا",
    ]
    expect(journey.page.locator("#sum-text")).to_be_hidden()
    journey.send()

    assert journey.page.locator("#summary bdi").all_text_contents() == ["", "", ""]
    assert desk.only().text == "장소: 역 3번 출구 🚉\n시간: 3월 5일\n찾은 것: كاميرا"


def test_under_18_reads_about_guardians_before_anything_is_sent(journey: Journey) -> None:
    """By a place that she chooses and that is not sent; one that nobody checked says so."""
    journey.choose("kind-shared")
    journey.choose("age-under_18")

    journey.page.locator("#guardians-place").select_option("elsewhere")

    expect(journey.page.locator("#guardians-say [data-when=elsewhere]")).to_be_visible()
    journey.choose("age-adult")
    expect(journey.page.locator("#guardians")).to_be_hidden()
    assert journey.page.locator("#guardians-say [data-when]").count() > 3


def test_choices_are_off_until_she_says_so(journey: Journey, desk: Desk) -> None:
    """The sentence of keypoints word for word; a day too near is refused in place."""
    journey.situation()
    journey.pick(PICTURE)
    journey.tap("#pick-next")
    journey.tap("#where-next")
    page = journey.page
    expect(page.locator("#choice-keypoints-hint")).to_have_text(KEYPOINTS_SENTENCE["ko"])
    for name in ("keypoints", "partners", "lock"):
        expect(page.locator(f"#choice-{name}")).not_to_be_checked()

    journey.choose("choice-keypoints")
    journey.choose("choice-lock")
    page.locator("#end-date").fill("2020-01-01")
    journey.tap("#choices-next")
    expect(page.locator("#end-date-wrong")).to_be_visible()
    expect(page.locator("#end-date")).to_have_accessible_description(re.compile("7일 뒤나"))
    page.locator("#end-date").fill("2040-01-01")
    journey.tap("#choices-next")
    journey.send()

    chosen = desk.only().case
    assert (chosen.keypoints, chosen.partners, chosen.lock) == (True, False, True)
    assert str(chosen.ends_on) == "2040-01-01"
    assert [item.keypoints for item in desk.only().items] == [True]


def test_what_is_shown_is_what_is_sent(journey: Journey) -> None:
    """Under “show exactly” stands the body itself, without the proof."""
    journey.to_review(kind="threatened")
    journey.page.locator("#exactly summary").click()
    expect(journey.page.locator("#document")).to_contain_text("attempt")
    shown = json.loads(journey.page.locator("#document").inner_text())

    with journey.page.expect_request("**/v1/cases") as asked:
        journey.send()

    sent = json.loads(asked.value.post_data or "")
    assert sent.pop("proof")["challenge"]
    assert sent == shown
    expect(journey.page.locator("#document")).to_be_empty()


def test_back_a_step_keeps_everything(journey: Journey) -> None:
    """From the review to the start of the journey and on again."""
    journey.to_review(PICTURE, kind="synthetic")
    for step in ("review", "choices", "where", "pick"):
        journey.tap(f"#{step}-back")

    expect(journey.page.locator("#kind-synthetic")).to_be_checked()
    journey.tap("#situation-next")
    assert journey.states() == ["done"]


def _saved(page: Page, button: str) -> tuple[str, str]:
    """Save a note; return the name of its file, and what is in it."""
    with page.expect_download() as saving:
        page.locator(button).click()
    return saving.value.suggested_filename, Path(saving.value.path()).read_text()


def test_code_and_pin_are_kept_and_typed_back(journey: Journey) -> None:
    """Notes that say nothing, the slip apart; then what comes next, and nothing asks any more."""
    journey.to_review(kind="threatened")
    keys = journey.send()
    page = journey.page

    assert _saved(page, "#save-note") == ("메모.txt", f"{keys.words}\n{keys.pin}\n")
    assert _saved(page, "#save-slip") == ("목록.txt", f"{keys.slip}\n")

    page.locator("#typed-back").fill("000000")
    page.locator("#check-back").click()
    expect(page.locator("#typed-back-wrong")).to_be_visible()
    page.locator("#typed-back").fill(keys.code[-5:].upper())
    page.keyboard.press("Enter")
    expect(page.locator("#after")).to_be_visible()
    page.locator("#to-receipt").click()
    page.wait_for_url("**/ko/receipt")


def test_by_keyboard_alone(journey: Journey, desk: Desk) -> None:
    """Every step is reached and left with Tab, Space and Enter; headings get the focus."""
    keyboard = journey.page.keyboard

    _tab_to(journey.page, "kind-shared")
    keyboard.press("ArrowDown")
    expect(journey.page.locator("#kind-threatened")).to_be_checked()
    for step in ("situation", "pick", "where", "choices"):
        _tab_to(journey.page, f"{step}-next")
        keyboard.press("Enter")
    expect(journey.page.locator("#title-review")).to_be_focused()
    _tab_to(journey.page, "send")
    keyboard.press("Space")
    expect(journey.page.locator("#title-code")).to_be_focused()

    assert len(desk.cases()) == 1


def _tab_to(page: Page, element: str) -> None:
    """Press Tab until *element* has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == element:
            return
    pytest.fail(f"Tab never came to {element}")


def test_without_scripts_the_page_says_what_to_do(
    chromium: Browser, portal: Served, complaints: Complaints
) -> None:
    """The steps in words, why signals need a script, and what else there is."""
    with tab(chromium, portal.url, scripts=False) as context:
        page = context.new_page()
        page.goto("/ko/case")

        expect(page.locator("#plain ol > li")).to_have_count(5)
        expect(page.locator("#plain noscript .notice")).to_contain_text("자바스크립트")
        expect(page.locator("#journey")).to_be_hidden()
