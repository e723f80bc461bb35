"""Every state that the journey and the receipt can be seen in, one after the other."""

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.harness import PICTURE
from tests.browser.journey import Journey, Keys


def journey_states(page: Page, language: str, folder: Path) -> Iterator[str]:
    """Walk through the journey and stop at each state, named as a file may be.

    Args:
        page: where it is walked.
        language: in which.
        folder: an empty one, for files that are no pictures.
    """
    journey = Journey(page)
    journey.begin(language)
    yield "situation"
    yield from _situation(journey)
    yield from _pictures(journey, folder)
    yield from _places(journey)
    page.locator("#choices-next").wait_for()
    yield "choices"
    page.locator("#choices-next").click()
    yield "review"
    page.locator("#exactly summary").click()
    yield "review-exactly"
    journey.send()
    yield "code"
    page.locator("#typed-back").fill("000000")
    page.locator("#check-back").click()
    yield "code-typed-wrongly"
    page.locator("#skip-back").click()
    yield "after"


def _situation(journey: Journey) -> Iterator[str]:
    page = journey.page
    page.locator("#situation-next").click()
    yield "situation-nothing-chosen"
    journey.choose("kind-threatened")
    yield "situation-chosen"
    journey.choose("age-under_18")
    page.locator("#guardians-place").select_option(index=1)
    page.locator("#helping summary").click()
    page.locator("#danger summary").click()
    yield "situation-unfolded"
    page.locator("#danger summary").click()
    page.locator("#situation-next").click()


def _pictures(journey: Journey, folder: Path) -> Iterator[str]:
    page = journey.page
    yield "pick"
    journey.pick(PICTURE)
    yield "pick-picked"
    for name, content in (("empty.jpg", b""), ("no.jpg", b"no picture")):
        (folder / name).write_bytes(content)
    page.locator("#pick").set_input_files([folder / "empty.jpg", folder / "no.jpg"])
    expect(page.locator("#picked [data-when=not_readable]:visible")).to_be_visible()
    yield "pick-troubles"
    page.locator("#pick-next").click()


def _places(journey: Journey) -> Iterator[str]:
    page = journey.page
    yield "where"
    page.locator("#locators").fill("https://a:b@example.org/\njavascript:alert(1)\n10.0.0.1")
    page.locator("#telling summary").click()
    page.locator("#where-next").click()
    yield "where-refused"
    page.locator("#locators").fill("https://example.org/one")
    page.locator("#where-next").click()


def receipt_states(page: Page, language: str, keys: Keys) -> Iterator[str]:
    """Open a receipt, read it and take everything back, and stop at each state."""
    page.goto(f"/{language}/receipt")
    page.locator("#lost summary").click()
    yield "receipt-lost"
    _ask(page, keys.code, "000000")
    expect(page.locator("#open-slip")).to_be_visible()
    yield "receipt-refused"
    _ask(page, keys.code, keys.pin)
    expect(page.locator("#receipt")).to_have_attribute("data-state", "read")
    yield "receipt-read"
    page.locator("#receipt details").evaluate_all("all => all.forEach(each => each.open = true)")
    yield "receipt-unfolded"
    page.locator("#withdraw-go").click()
    expect(page.locator("#undo-more")).to_be_visible()
    yield "receipt-taken-back"


def _ask(page: Page, code: str, pin: str) -> None:
    page.locator("#open-code").fill(code)
    page.locator("#open-pin").fill(pin)
    page.locator("#open-go").click()
