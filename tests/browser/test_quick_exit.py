"""Leaving: at once, from everywhere, and so that a glance finds nothing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.harness import tab
from tests.browser.sites import PAGES
from tests.web.conftest import Served

KEPT = """async () => [
    document.cookie.length,
    localStorage.length,
    sessionStorage.length,
    (await caches.keys()).length,
    (await indexedDB.databases()).length,
    (await navigator.serviceWorker.getRegistrations()).length,
]"""
"""What a browser may keep of a site: cookies, two storages, caches, databases, workers."""


def press_the_button(page: Page) -> None:
    """Leave by the button."""
    page.locator("#leave").click(no_wait_after=True)


def press_shift_thrice(page: Page) -> None:
    """Leave by the keyboard, from wherever one is in the page."""
    for _ in range(3):
        page.keyboard.press("Shift")


@pytest.mark.parametrize("leave", [press_the_button, press_shift_thrice])
@pytest.mark.parametrize("address", ["/ko", "/ko/case", "/en/receipt"])
def test_leaving_goes_away_and_back_shows_the_earlier_site(
    page: Page, elsewhere: str, address: str, leave: Callable[[Page], None]
) -> None:
    """By button and by Shift three times; the portal is in the history nowhere."""
    page.goto(f"{elsewhere}/news")
    page.goto("/ko")
    if address != "/ko":
        page.evaluate("address => location.replace(address)", address)
        page.wait_for_url(f"**{address}")

    leave(page)

    page.wait_for_url(f"{elsewhere}/weather")
    page.go_back()
    expect(page).to_have_title("/news")


def test_links_inside_the_portal_leave_no_history(page: Page, elsewhere: str) -> None:
    """After a walk through the pages Back shows the site before them."""
    page.goto(f"{elsewhere}/news")
    page.goto("/ko")
    before = page.evaluate("history.length")

    for address in ("/ko/about", "/ko/verify", "/en/verify", "/en"):
        page.locator(f"a[href='{address}']").first.click()
        page.wait_for_url(f"**{address}")

    assert page.evaluate("history.length") == before
    page.go_back()
    expect(page).to_have_title("/news")


def test_the_page_is_blank_before_the_other_site_answers(page: Page, elsewhere: str) -> None:
    """However slow the network is: nothing is left to see at once, and the tab stays neutral.

    In place of an empty title browsers show the address, and write it into the history.
    """
    page.goto("/ko")

    shown = page.evaluate(
        """() => {
            const press = () => dispatchEvent(new KeyboardEvent("keydown", { key: "Shift" }));
            [press, press, press].forEach((each) => each());
            return [document.title, document.body.innerText, document.documentElement.hidden];
        }"""
    )

    assert shown == ["메모", "", True]
    page.wait_for_url(f"{elsewhere}/weather")


def test_what_a_browser_keeps_in_memory_for_the_way_back_is_blank(page: Page) -> None:
    """A page that is kept is emptied as it is left, not when somebody comes back to it."""
    page.goto("/ko/receipt")
    left = "kept => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: kept }))"

    page.evaluate(left, False)
    assert page.locator("#open").is_visible()
    page.evaluate(left, True)

    assert page.evaluate("document.body.childNodes.length") == 0


def test_the_way_back_brings_no_answer_back(page: Page, elsewhere: str) -> None:
    """Who left by another way and whose phone somebody else takes: no choice is filled in again."""
    page.on("dialog", lambda asked: asked.accept())
    page.goto("/ko/case")
    page.check("#kind-threatened")
    page.check("#age-under_18")
    page.goto(f"{elsewhere}/news")

    page.go_back()

    expect(page.locator("#kind-threatened")).to_be_visible()
    assert page.locator("[name=kind]:checked").count() == 0
    expect(page.locator("#age-not_said")).to_be_checked()


@pytest.mark.parametrize("address", PAGES)
def test_a_glance_finds_nothing(page: Page, address: str) -> None:
    """Title and icon are neutral, the way out is on the screen, and the browser keeps nothing."""
    page.goto(address)

    expect(page).to_have_title("메모" if address.startswith("/ko") else "Notes")
    expect(page.locator("#leave")).to_be_in_viewport(ratio=1)
    page.mouse.wheel(0, 10_000)
    expect(page.locator("#leave")).to_be_in_viewport(ratio=1)
    assert page.evaluate(KEPT) == [0, 0, 0, 0, 0, 0]
    assert page.context.cookies() == []


def test_two_presses_and_other_keys_stay(page: Page) -> None:
    """Writing capital letters must not throw anybody out."""
    page.goto("/ko")

    for key in ("Shift", "Shift", "a", "Shift", "Shift"):
        page.keyboard.press(key)
    page.wait_for_timeout(200)

    assert page.url.endswith("/ko")


def test_the_way_out_needs_no_script(chromium: Browser, portal: Served, elsewhere: str) -> None:
    """A link: the hub sends the browser away and tells it to forget."""
    with tab(chromium, portal.url, scripts=False) as context:
        page = context.new_page()
        page.goto("/ko")
        page.locator("#leave").click()
        page.wait_for_url(f"{elsewhere}/weather")

    answer = portal.http.get("/leave")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'


def test_leaving_signs_nobody_out_of_another_site_of_the_domain(portal: Served) -> None:
    """Browsers take ``"cookies"`` for the whole domain: a centre's mail, a reporter's school."""
    assert "cookies" not in portal.http.get("/leave").headers["clear-site-data"]


def test_what_somebody_stored_is_erased_on_the_way_out(page: Page, elsewhere: str) -> None:
    """Even a stored word that is not ours to begin with is gone."""
    page.goto("/ko")
    page.evaluate("() => localStorage.setItem('a', 'b')")

    press_the_button(page)

    page.wait_for_url(f"{elsewhere}/weather")
    page.goto("/ko")
    assert page.evaluate(KEPT) == [0, 0, 0, 0, 0, 0]
