"""The whole way by keyboard alone: from the start page to code and PIN, and to the receipt."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.harness import PICTURE
from tests.browser.journey import SIGNALS_WITHIN

FAR = 60
"""Presses of Tab after which an element counts as out of reach."""


def tab_to(page: Page, identifier: str) -> Locator:
    """Press Tab until the element has the focus, and return it."""
    for _ in range(FAR):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == identifier:
            return page.locator(f"#{identifier}")
    pytest.fail(f"Tab never came to {identifier}")


def press(page: Page, identifier: str, key: str = "Enter") -> None:
    """Go to an element and press it."""
    tab_to(page, identifier)
    page.keyboard.press(key)


def test_a_photo_is_registered_and_its_receipt_read_by_keyboard_alone(page: Page) -> None:
    """Tab, Enter, Space and letters; nothing of it needs a pointer."""
    page.goto("/ko")
    press(page, "begin")
    page.wait_for_url("**/ko/case")
    press(page, "kind-shared", "Space")
    press(page, "situation-next")
    _pick(page, PICTURE)
    for step in ("pick", "where", "choices"):
        press(page, f"{step}-next")
    press(page, "send")
    expect(page.locator("#title-code")).to_be_focused()
    code, pin = (page.locator(f"#{each}").inner_text() for each in ("code", "pin"))
    press(page, "skip-back")
    press(page, "to-receipt")

    page.wait_for_url("**/ko/receipt")
    for field, written in (("open-code", code), ("open-pin", pin)):
        tab_to(page, field)
        page.keyboard.type(written)
    page.keyboard.press("Enter")
    expect(page.locator("#receipt")).to_have_attribute("data-state", "read")


def _pick(page: Page, path: Path) -> None:
    """Open the picker by keyboard; what follows in it is the phone's."""
    with page.expect_file_chooser() as chooser:
        press(page, "pick-open")
    chooser.value.set_files(path)
    ready = page.locator("#picked [data-when=done]:visible")
    expect(ready).to_have_count(1, timeout=SIGNALS_WITHIN)


def test_the_first_tabs_lead_past_the_header_and_out(page: Page) -> None:
    """The first goes to the text; the way out is a few presses away, before anything else."""
    page.goto("/ko")

    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()

    page.reload()
    presses = 0
    while page.evaluate("document.activeElement.id") != "leave":
        page.keyboard.press("Tab")
        presses += 1
        assert presses <= 4
