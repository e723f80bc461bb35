"""The journey when things go wrong: bad files, a lost network, a double tap, Back, no storage."""

from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from tests.browser.desk import Desk
from tests.browser.harness import PICTURE, Complaints
from tests.browser.journey import Journey


@pytest.fixture
def bad_files(tmp_path: Path) -> list[Path]:
    """Files that are no picture, one with a script as its name."""
    nothing = tmp_path / "nothing.jpg"
    script = tmp_path / "<img src=x onerror=alert(1)>.png"
    nothing.write_bytes(b"")
    script.write_bytes(b"no picture at all" * 20)
    return [nothing, script]


def test_files_without_signals_say_why_and_stop_nobody(
    journey: Journey, desk: Desk, bad_files: list[Path]
) -> None:
    """A sentence for each, no name of a file anywhere, and the good one is sent."""
    journey.situation()
    journey.pick(*bad_files, PICTURE)

    assert journey.states() == ["empty", "not_readable", "done"]
    assert "onerror" not in journey.page.content()
    journey.page.locator("#picked > li").first.locator("[data-slot=remove]").click()
    expect(journey.page.locator("#picked > li")).to_have_count(2)
    journey.tap("#pick-next")
    journey.tap("#where-next")
    journey.tap("#choices-next")
    expect(journey.page.locator("#sum-failed")).to_be_visible()
    journey.send()
    assert len(desk.only().items) == 1


def test_more_files_than_fit_are_told_kindly(journey: Journey, tmp_path: Path) -> None:
    """Twenty are taken; how many were left out is said."""
    empty = [tmp_path / f"{number}.jpg" for number in range(25)]
    for path in empty:
        path.write_bytes(b"")
    journey.situation()

    journey.page.locator("#pick").set_input_files([str(path) for path in empty])

    expect(journey.page.locator("#picked > li")).to_have_count(20)
    expect(journey.page.locator("#pick-too-many")).to_contain_text("5개")


def test_a_bad_address_is_told_once_and_left_out(journey: Journey, desk: Desk) -> None:
    """Mended or not, she goes on with the second tap."""
    journey.situation("threatened")
    journey.tap("#pick-next")
    journey.where("javascript:alert(1)", "https://a:b@example.org", "http://10.0.0.1", "t.me/room")
    expect(journey.page.locator("#locators-refused > li")).to_have_count(3)
    expect(journey.page.locator("#locators")).to_have_attribute("aria-invalid", "true")
    journey.tap("#where-next")
    journey.tap("#choices-next")
    journey.send()

    assert desk.only().locators == ("t.me/room",)


def test_a_double_tap_opens_one_case(journey: Journey, desk: Desk) -> None:
    """However often the button is pressed."""
    journey.to_review(kind="threatened")

    journey.page.locator("#send").evaluate("send => { for (const _ of '12345') send.click(); }")
    expect(journey.step("code")).to_be_visible()

    assert len(desk.cases()) == 1


def test_a_network_lost_on_the_way_opens_no_second_case(
    journey: Journey, desk: Desk, complaints: Complaints
) -> None:
    """The hub has the case, the answer is lost; sent again, the same case has a new code."""
    complaints.expect("ERR_FAILED|ERR_INTERNET_DISCONNECTED")
    arrived: list[str] = []

    def lose_the_answer(route: Route) -> None:
        arrived.append(route.fetch().text())
        route.abort()

    journey.to_review(PICTURE)
    journey.page.route("**/v1/cases", lose_the_answer)
    journey.tap("#send")
    expect(journey.page.locator("#sending [data-when=offline]")).to_be_visible(timeout=30_000)
    expect(journey.page.locator("#review-back")).to_be_hidden()
    journey.page.unroute("**/v1/cases")
    keys = journey.send()

    assert arrived
    assert keys.code.replace("-", "") not in arrived[0]
    assert len(desk.only().items) == 1


def _asked(page: Page) -> list[str]:
    """Say “stay” to every question of the browser, and list them."""
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    return asked


def test_back_during_sending_asks_first(journey: Journey, desk: Desk) -> None:
    """She stays, the sending ends, and there is one case."""
    page = journey.page
    journey.to_review(PICTURE)
    asked = _asked(page)

    page.evaluate("document.getElementById('send').click(); location.href = '/leave-by-accident'")
    expect(journey.step("code")).to_be_visible()

    assert asked == ["beforeunload"]
    assert len(desk.cases()) == 1


def test_the_way_out_never_asks(journey: Journey, elsewhere: str) -> None:
    """With pictures picked and words typed, it is gone at once."""
    asked = _asked(journey.page)
    journey.situation()
    journey.pick(PICTURE)

    journey.page.locator("#leave").click(no_wait_after=True)
    journey.page.wait_for_url(f"{elsewhere}/weather")

    assert asked == []


def test_offline_the_page_says_so_and_works_on(journey: Journey, desk: Desk) -> None:
    """In flight mode from the step of the pictures to the review; back online it is sent."""
    journey.situation()
    expect(journey.page.locator("#flight [data-when=online]")).to_be_visible()

    journey.page.context.set_offline(True)
    expect(journey.page.locator("#flight [data-when=offline]")).to_be_visible()
    journey.pick(PICTURE)
    assert journey.states() == ["done"]
    journey.page.context.set_offline(False)
    journey.tap("#pick-next")
    journey.tap("#where-next")
    journey.tap("#choices-next")
    journey.send()

    assert len(desk.only().items) == 1


BLOCKED = """
for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches"])
  Object.defineProperty(window, name, { get() { throw new DOMException("blocked"); } });
Object.defineProperty(Document.prototype, "cookie", {
  get() { throw new DOMException("blocked"); }, set() { throw new DOMException("blocked"); } });
const late = Date.now() + 40 * 365 * 86400e3;
Date.now = () => late;
"""


def test_blocked_storage_and_a_wrong_clock_change_nothing(page: Page, desk: Desk) -> None:
    """Nothing is kept in the browser, and days come from the hub."""
    page.add_init_script(BLOCKED)
    journey = Journey(page)
    journey.begin("en")
    journey.to_review(kind="threatened")
    journey.send()

    assert desk.only().case.language == "en"


def test_a_browser_that_can_not_begin_says_what_else_there_is(
    page: Page, complaints: Complaints
) -> None:
    """Without Workers the plain page stays, with a word of why."""
    complaints.expect("blocked")
    page.add_init_script("window.Worker = class { constructor() { throw Error('blocked'); } };")
    page.goto("/ko/case")

    expect(page.locator("#cannot-begin")).to_be_visible()
    expect(page.locator("#journey")).to_be_hidden()
