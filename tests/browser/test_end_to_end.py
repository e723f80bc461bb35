"""From a phone's browser to a platform that catches a copy, and back to the receipt."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from takeback.cli.demo.clock import advance_clock
from takeback.cli.demo.stage import FEED, Stage, set_up
from takeback.cli.demo.story import DAYS
from takeback.client import Response
from takeback.matcher.documents import HubMatch
from tests.browser.harness import PICTURE, Complaints, tab
from tests.browser.journey import Journey, Keys
from tests.web.conftest import wait_until


def test_a_copy_of_what_was_registered_in_the_browser_is_caught_and_removed(
    chromium: Browser, complaints: Complaints, tmp_path: Path
) -> None:
    """In Korean at 390 pixels, with a real hub and matcher: caught, removed, on the receipt."""
    with set_up(tmp_path) as stage, tab(chromium, stage.hub.url) as context:
        complaints.listen(context)
        page = context.new_page()
        assert stage.feed.matches(_copy()) == []

        keys = _register(page)
        wait_until(lambda: bool(stage.feed.matches(_copy())))
        _remove(stage, stage.feed.matches(_copy())[0])
        _read_receipt(page, keys)
        expect(page.locator(".removal")).to_have_count(0)
        advance_clock(stage.hub.url, DAYS)
        _read_receipt(page, keys)

        expect(page.locator(".removal")).to_contain_text(FEED)


def _register(page: Page) -> Keys:
    journey = Journey(page)
    journey.begin("ko")
    journey.to_review(PICTURE, age="adult")
    return journey.send()


def _copy() -> bytes:
    """Return the picture as somebody would post it again."""
    target = io.BytesIO()
    Image.open(PICTURE).convert("RGB").save(target, "JPEG", quality=50)
    return target.getvalue()


def _remove(stage: Stage, match: HubMatch) -> None:
    """A person at the platform looks, confirms and removes; the hub hears of it."""
    stage.feed.respond(
        Response(
            number=match.number,
            hub=match.hub,
            response="removed",
            confirmed_by_person=True,
            ground="intimate",
        )
    )
    wait_until(lambda: stage.heard("removal.recorded") == 1)


def _read_receipt(page: Page, keys: Keys) -> None:
    """Open the receipt with what was shown once."""
    page.goto("/ko/receipt")
    page.locator("#open-code").fill(keys.code)
    page.locator("#open-pin").fill(keys.pin)
    page.locator("#open-go").click()
    expect(page.locator("#receipt")).to_have_attribute("data-state", "read")
