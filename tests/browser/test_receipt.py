"""The receipt in a real browser: read, added to, taken back, chosen, recovered and forgotten."""

from collections.abc import Iterator
from contextlib import suppress

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from takeback.cases.choices_text import KEYPOINTS_SENTENCE
from takeback.cases.wire import Access, Opened, RegistrationDocument
from takeback.errors import NotFound
from tests.browser.harness import PICTURE, Complaints, pick, tab
from tests.web.conftest import REGISTRATION, Served, item, signal

REFUSED = "Failed to load resource: the server responded with a status of"
"""What a browser notes in its console for every refusal, whatever the page does with it."""


@pytest.fixture
def opened(portal: Served) -> Opened:
    """A case with one picture."""
    document = {**REGISTRATION, "language": "ko", "items": [item(signal(1), signal(2))]}
    wanted = msgspec.convert(document, RegistrationDocument)
    return portal.hub.cases.open(wanted, check_proof=False)


@pytest.fixture
def plain(chromium: Browser, portal: Served) -> Iterator[Page]:
    """A page in a browser whose owner turned JavaScript off."""
    with tab(chromium, portal.url, scripts=False) as context:
        yield context.new_page()


def _type(page: Page, opened: Opened, form: str = "open", pin: str = "") -> None:
    """Type code and PIN into a form and send it."""
    page.fill(f"#{form}-code", opened.code)
    page.fill(f"#{form}-pin", pin or opened.pin)
    page.click(f"#{form}-go")


def _open(page: Page, opened: Opened, pin: str = "") -> None:
    """Open the receipt."""
    page.goto("/ko/receipt")
    _type(page, opened, pin=pin)


def _state(page: Page) -> str:
    """Return what the page shows: the form, the receipt or new secrets."""
    return str(page.get_attribute("#receipt", "data-state"))


def test_a_receipt_is_read_and_leaves_nothing_in_the_browser(page: Page, opened: Opened) -> None:
    """Code and PIN are in no address, no history, no storage and nowhere in the page."""
    page.goto("/ko/receipt")
    visited = page.evaluate("history.length")
    _type(page, opened)

    expect(page.locator("#case-id")).to_have_text(opened.case_id)
    expect(page.locator("#item-1")).to_have_attribute("data-state", "protected")
    expect(page.locator("#title")).to_be_focused()
    assert page.evaluate("history.length") == visited
    assert page.url.endswith("/ko/receipt")
    kept = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    assert kept == '[{},{},""]'
    shown = page.content()
    assert opened.code not in shown
    assert opened.pin not in shown


def test_a_wrong_pin_is_refused_in_words_and_the_code_need_not_be_typed_again(
    page: Page, opened: Opened, complaints: Complaints
) -> None:
    """The page says what to do, offers the slip, and keeps only what she just typed."""
    complaints.expect(REFUSED)
    _open(page, opened, pin="000000" if opened.pin != "000000" else "111111")

    expect(page.locator("#refusal")).to_contain_text("이 코드와 PIN으로 열리는 사건이 없어요")
    expect(page.locator("#open-slip")).to_be_visible()
    expect(page.locator("#open-code")).to_have_value(opened.code)
    expect(page.locator("#open-pin")).to_have_value("")
    page.fill("#open-pin", opened.pin)
    page.click("#open-go")

    expect(page.locator("#case-id")).to_have_text(opened.case_id)


def test_after_twenty_wrong_pins_the_slip_opens_it_and_takes_it_back(
    page: Page, portal: Served, opened: Opened, complaints: Complaints
) -> None:
    """The right PIN alone is refused in the same words as a wrong one; the slip is typed once."""
    complaints.expect(REFUSED)
    wrong = Access(opened.code, f"{(int(opened.pin) + 1) % 1_000_000:06}")
    for _ in range(20):
        with suppress(NotFound):
            portal.hub.cases.receipt(wrong, check_proof=False)

    _open(page, opened)
    expect(page.locator("#refusal")).to_have_attribute("data-refusal", "not-found")
    page.fill("#open-slip", opened.slip)
    _type(page, opened)

    expect(page.locator("#case-id")).to_have_text(opened.case_id)
    page.click("#withdraw-more > summary")
    page.click("#withdraw-go")
    expect(page.locator("#item-1")).to_have_attribute("data-state", "withdrawn")
    assert opened.slip not in page.content()


def test_a_place_and_a_picture_are_added(page: Page, opened: Opened) -> None:
    """One typed in, one made into signals here; both are on the receipt."""
    _open(page, opened)
    page.click("#add-place > summary")
    page.fill("#add-locators", "https://example.org/room/7")
    page.click("#add-go")
    expect(page.locator("#item-2")).to_have_attribute("data-state", "recorded")

    pick(page, PICTURE)
    page.click("#pick-next", timeout=30_000)

    expect(page.locator("#item-3")).to_have_attribute("data-state", "protected")
    expect(page.locator("#added")).to_be_visible()
    expect(page.locator("#picked")).to_be_hidden()


def test_a_picture_whose_answer_is_lost_is_not_added_twice(
    page: Page, context: BrowserContext, opened: Opened, complaints: Complaints
) -> None:
    """The page looks at the receipt before it says anything, and finds it there."""
    complaints.expect("net::ERR_FAILED")
    _open(page, opened)
    expect(page.locator("#adding")).to_be_visible()
    pick(page, PICTURE)

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    context.route("**/v1/cases/items", lose_the_answer)
    page.click("#pick-next", timeout=30_000)

    expect(page.locator("#added")).to_be_visible()
    expect(page.locator("#items > li")).to_have_count(2)


def test_everything_is_taken_back_and_that_is_undone(page: Page, opened: Opened) -> None:
    """Two steps each: what will happen is read before it does."""
    _open(page, opened)
    expect(page.locator("#withdraw-go")).to_be_hidden()
    page.click("#withdraw-more > summary")
    page.click("#withdraw-go")

    expect(page.locator("#status")).to_have_text("철회됨")
    expect(page.locator("#item-1")).to_have_attribute("data-state", "withdrawn")
    page.click("#undo-more > summary")
    page.click("#undo-go")

    expect(page.locator("#status")).to_have_text("진행 중")
    expect(page.locator("#item-1")).to_have_attribute("data-state", "protected")


def test_with_the_lock_one_item_waits_and_can_be_undone(page: Page, opened: Opened) -> None:
    """The choice is kept, its consequence is read, and the day is named."""
    _open(page, opened)
    page.click("#choose-more > summary")
    expect(page.locator("#choice-keypoints-hint")).to_have_text(KEYPOINTS_SENTENCE["ko"])
    page.check("#choice-lock")
    page.click("#choose-go")
    expect(page.locator("#said")).to_contain_text("선택을 저장했어요")

    page.click("#withdraw-1-more > summary")
    expect(page.locator("#withdraw-1-more")).to_contain_text("72시간 뒤에")
    page.click("#withdraw-1-go")
    expect(page.locator("#item-1")).to_have_attribute("data-state", "withdrawing")
    page.click("#undo-1-more > summary")
    page.click("#undo-1-go")

    expect(page.locator("#item-1")).to_have_attribute("data-state", "protected")


def test_a_lost_code_is_replaced_with_the_slip(
    page: Page, opened: Opened, complaints: Complaints
) -> None:
    """A new code, PIN and slip, shown once; the old ones stop."""
    complaints.expect(REFUSED)
    page.goto("/ko/receipt")
    page.click("#lost > summary")
    page.fill("#recover-slip", opened.slip)
    page.click("#recover-go")

    expect(page.locator("#code")).not_to_have_text("")
    code, pin = page.inner_text("#code"), page.inner_text("#pin")
    page.fill("#typed-back", pin)
    page.click("#check-back")
    page.click("#to-receipt")
    _type(page, opened)
    expect(page.locator("#refusal")).to_be_visible()
    page.fill("#open-code", code)
    page.fill("#open-pin", pin)
    page.click("#open-go")

    expect(page.locator("#case-id")).to_have_text(opened.case_id)


def test_a_page_that_was_open_for_long_asks_once_more_and_keeps_the_slip(
    page: Page, opened: Opened, complaints: Complaints
) -> None:
    """Its form is too old; the next is there with the slip in it, which is typed once."""
    complaints.expect(REFUSED)
    page.goto("/ko/receipt")
    old = f"1.{'0' * 32}.{'0' * 32}"
    page.eval_on_selector("#recover [name=attempt]", "(field, old) => (field.value = old)", old)
    page.click("#lost > summary")
    page.fill("#recover-slip", opened.slip)
    page.click("#recover-go")
    expect(page.locator("[data-refusal=form-too-old]")).to_be_visible()

    page.click("#recover-go")

    expect(page.locator("#code")).not_to_have_text("")


def test_ten_minutes_without_a_touch_and_it_is_forgotten(page: Page, opened: Opened) -> None:
    """The receipt is gone from the page, which says why, and asks for code and PIN again."""
    page.clock.install()
    _open(page, opened)
    expect(page.locator("#case-id")).to_be_visible()

    page.clock.fast_forward("11:00")

    expect(page.locator("#forgotten")).to_be_visible()
    assert _state(page) == "ask"
    assert opened.case_id not in page.content()
    assert page.input_value("#open-code") == ""


def test_what_was_typed_and_not_sent_is_forgotten_too(page: Page, opened: Opened) -> None:
    """Somebody else may find the phone before she presses the button."""
    page.clock.install()
    page.goto("/ko/receipt")
    page.fill("#open-code", opened.code)
    page.fill("#open-pin", opened.pin)

    page.clock.fast_forward("11:00")

    expect(page.locator("#forgotten")).to_be_visible()
    assert [page.input_value("#open-code"), page.input_value("#open-pin")] == ["", ""]


def test_without_a_network_nothing_is_sent_and_the_page_says_so(
    page: Page, context: BrowserContext, opened: Opened, complaints: Complaints
) -> None:
    """What she typed stays, and works once there is a network again."""
    complaints.expect("ERR_INTERNET_DISCONNECTED")
    page.goto("/ko/receipt")
    context.set_offline(True)
    _type(page, opened)
    expect(page.locator("#no-network")).to_be_visible()

    context.set_offline(False)
    page.click("#open-go")

    expect(page.locator("#case-id")).to_have_text(opened.case_id)


def test_without_javascript_the_same_receipt_is_read_and_everything_taken_back(
    plain: Page, page: Page, opened: Opened
) -> None:
    """Word for word the same; code and PIN are typed again for each step."""
    _open(page, opened)
    expect(page.locator("#case-id")).to_be_visible()
    _open(plain, opened)
    for part in ("section.receipt", "#item-1 > h3", "#next", "#limit"):
        assert plain.inner_text(part) == page.inner_text(part)

    assert opened.code not in plain.content()
    plain.click("#withdraw-more > summary")
    _type(plain, opened, "withdraw")

    assert plain.inner_text("#status") == "철회됨"
    plain.click("#undo-more > summary")
    _type(plain, opened, "undo")
    assert plain.inner_text("#status") == "진행 중"


def test_without_javascript_the_page_says_what_the_browser_keeps(
    plain: Page, page: Page, opened: Opened
) -> None:
    """A browser can send a form again on the way back; only with a script there is none to send."""
    told = "main > .step > noscript > .notice"
    for one in (plain, page):
        one.goto("/ko/receipt")
    expect(plain.locator(told)).to_be_visible()
    expect(page.locator(told)).to_have_count(0)

    for one in (plain, page):
        _type(one, opened)
        expect(one.locator("#case-id")).to_be_visible()

    expect(plain.locator(told)).to_be_visible()
    assert "이 탭을 닫을 때까지" in plain.inner_text(told)
    expect(page.locator(told)).to_be_hidden()


@pytest.mark.parametrize("width", [320, 390])
def test_it_fits_a_small_screen(page: Page, opened: Opened, width: int) -> None:
    """Nothing is cut off and nothing scrolls sideways, with every part open."""
    page.set_viewport_size({"width": width, "height": 844})
    _open(page, opened)
    expect(page.locator("#case-id")).to_be_visible()

    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
