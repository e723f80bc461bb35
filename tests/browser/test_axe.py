"""No barrier that a program can find: every page and state, both languages, light and dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hatch_build import PACKAGES
from playwright.sync_api import Browser, Page

from tests.browser.harness import SMALL_PHONE, Complaints, Scheme, tab
from tests.browser.journey import opened_case
from tests.browser.sites import LANGUAGES, NAMES
from tests.browser.states import journey_states, receipt_states
from tests.conftest import FakeClock
from tests.web.conftest import Served, serving, settings_for

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


def test_no_page_has_a_barrier(page: Page, complaints: Complaints, language: str) -> None:
    """Every page as it opens, on a screen of 320 pixels, none of which it exceeds."""
    complaints.expect("status of 404")
    for name in (*NAMES, "no-such-page"):
        page.goto(f"/{language}/{name}".rstrip("/"))

        assert barriers(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= SMALL_PHONE["width"], name


def test_a_hub_that_is_not_open_has_no_barrier(page: Page, language: str, tmp_path: Path) -> None:
    """On the pages that would begin a case, and say instead whom to ask."""
    with serving(settings_for(tmp_path), FakeClock()) as closed:
        for name in ("", "case", "safety", "under-18"):
            page.goto(f"{closed.url}/{language}/{name}".rstrip("/"))

            assert page.locator("#not-open").is_visible(), name
            assert barriers(page) == [], name
            assert page.evaluate("document.documentElement.scrollWidth") <= SMALL_PHONE["width"]


def test_no_state_of_the_journey_has_a_barrier(page: Page, language: str, tmp_path: Path) -> None:
    """Every step, with what is said when something is wrong, to code and PIN."""
    assert _barriers_by_state(page, journey_states(page, language, tmp_path)) == {}


def test_no_state_of_the_receipt_has_a_barrier(
    page: Page, portal: Served, complaints: Complaints, language: str
) -> None:
    """Asked for, refused, read with everything unfolded, taken back."""
    complaints.expect("status of 404")

    states = receipt_states(page, language, opened_case(portal, 1))

    assert _barriers_by_state(page, states) == {}


def _barriers_by_state(page: Page, states: Iterator[str]) -> dict[str, list[str]]:
    """Return what bars the way in each state, and whether it is wider than the screen."""
    found = {}
    for state in states:
        wide = page.evaluate("document.documentElement.scrollWidth") > SMALL_PHONE["width"]
        found[state] = [*barriers(page), *(["wider than the screen"] if wide else [])]
    return {state: what for state, what in found.items() if what}
