"""No barrier that a program can find: every page and state, both languages, light and dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hatch_build import PACKAGES
from playwright.sync_api import Browser, Page, expect

from tests.browser.harness import PICTURE, SMALL_PHONE, Complaints, Scheme, tab
from tests.browser.journey import Journey, Keys, opened_case
from tests.browser.sites import LANGUAGES, NAMES
from tests.web.conftest import Served

AXE = (PACKAGES / "axe-core" / "axe.min.js").read_text()

RUN = """async () => {
    const options = { resultTypes: ["violations"] };
    const { violations } = await globalThis.axe.run(document, options);
    return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`));
}"""


def barriers(page: Page) -> list[str]:
    """Return what axe finds in the page as it is now.

    The program comes in past the page's policy, as the developer tools do.
    """
    page.evaluate(f"() => {{ {AXE} }}")
    found: list[str] = page.evaluate(RUN)
    return found


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Each language in turn."""
    return str(request.param)


@pytest.fixture(params=["light", "dark"])
def page(
    request: pytest.FixtureRequest, chromium: Browser, portal: Served, complaints: Complaints
) -> Iterator[Page]:
    """A page on the smallest phone, as bright as it likes."""
    scheme: Scheme = request.param
    with tab(chromium, portal.url, size=SMALL_PHONE, scheme=scheme) as context:
        complaints.listen(context)
        yield context.new_page()


def test_no_page_has_a_barrier(page: Page, language: str) -> None:
    """Every page as it opens, on a screen of 320 pixels, none of which it exceeds."""
    for name in NAMES:
        page.goto(f"/{language}/{name}".rstrip("/"))

        assert barriers(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= SMALL_PHONE["width"], name


def test_no_state_of_the_journey_has_a_barrier(page: Page, language: str, tmp_path: Path) -> None:
    """Every step, with what is said when something is wrong, to code and PIN."""
    journey = Journey(page)
    found = {}
    for state in _states(journey, language, tmp_path):
        found[state] = barriers(page)
        wide = page.evaluate("document.documentElement.scrollWidth") > SMALL_PHONE["width"]
        found[state] += ["wider than the screen"] if wide else []

    assert {state: what for state, what in found.items() if what} == {}


def _states(journey: Journey, language: str, folder: Path) -> Iterator[str]:
    """Walk through the journey and stop at each state."""
    page = journey.page
    journey.begin(language)
    page.locator("#situation-next").click()
    yield "nothing chosen"
    journey.choose("kind-threatened")
    journey.choose("age-under_18")
    page.locator("#guardians-place").select_option(index=1)
    page.locator("#helping summary").click()
    page.locator("#danger summary").click()
    yield "everything unfolded"
    page.locator("#danger summary").click()
    page.locator("#situation-next").click()
    yield "nothing picked"
    (folder / "empty.jpg").touch()
    (folder / "no.jpg").write_bytes(b"no picture")
    journey.pick(PICTURE, folder / "empty.jpg", folder / "no.jpg")
    yield "picked"
    page.locator("#pick-next").click()
    page.locator("#locators").fill("https://a:b@example.org/\njavascript:alert(1)\n10.0.0.1")
    page.locator("#telling summary").click()
    page.locator("#where-next").click()
    yield "refused addresses"
    page.locator("#locators").fill("https://example.org/one")
    page.locator("#where-next").click()
    page.locator("#choices-next").wait_for()
    yield "choices"
    page.locator("#choices-next").click()
    page.locator("#exactly summary").click()
    yield "the last look"
    journey.send()
    yield "code and PIN"
    page.locator("#typed-back").fill("000000")
    page.locator("#check-back").click()
    yield "typed wrongly"
    page.locator("#skip-back").click()
    yield "what happens next"


def test_no_state_of_the_receipt_has_a_barrier(
    page: Page, portal: Served, complaints: Complaints, language: str
) -> None:
    """Asked for, refused, read with everything unfolded, taken back."""
    complaints.expect("status of 404")
    keys = opened_case(portal, 1)
    found = {state: barriers(page) for state in _receipt(page, language, keys)}

    assert {state: what for state, what in found.items() if what} == {}


def _receipt(page: Page, language: str, keys: Keys) -> Iterator[str]:
    page.goto(f"/{language}/receipt")
    page.locator("#lost summary").click()
    yield "asked for"
    _fill(page, keys.code, "000000")
    expect(page.locator("#open-slip")).to_be_visible()
    yield "refused"
    _fill(page, keys.code, keys.pin)
    expect(page.locator("#receipt")).to_have_attribute("data-state", "read")
    page.locator("#receipt details").evaluate_all("all => all.forEach(each => each.open = true)")
    yield "read"
    page.locator("#withdraw-go").click()
    expect(page.locator("#undo-more")).to_be_visible()
    yield "taken back"


def _fill(page: Page, code: str, pin: str) -> None:
    page.locator("#open-code").fill(code)
    page.locator("#open-pin").fill(pin)
    page.locator("#open-go").click()
