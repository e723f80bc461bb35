"""Once the page has loaded, making signals needs no network."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from takeback.cli.demo.film import film
from tests.browser.harness import PICTURE, Complaints, tab
from tests.browser.journey import Journey
from tests.browser.wiretap import tapped
from tests.journeys.story import photograph
from tests.web.conftest import Served


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few seconds of video."""
    target = tmp_path_factory.mktemp("videos") / "a.mp4"
    film([Image.open(photograph(name)) for name in ("coffee", "chelsea")], 6, target)
    return target


def test_not_a_byte_is_sent_while_signals_are_made(
    chromium: Browser, portal: Served, complaints: Complaints, video: Path
) -> None:
    """The wire is cut, a picture and a video become signals, and the page said that it can be."""
    with tapped(portal.url) as wire, tab(chromium, wire.url) as context:
        complaints.listen(context)
        journey = _at_pictures(context.new_page())
        before = wire.bytes_up()

        wire.stop()
        journey.pick(PICTURE, video)

        assert journey.states() == ["done", "done"]
        assert wire.bytes_up() == before


def _at_pictures(page: Page) -> Journey:
    """Walk until the page says that the network is no longer needed."""
    journey = Journey(page)
    journey.begin("ko")
    journey.situation()
    expect(page.locator("#flight [data-when=online]")).to_be_visible()
    return journey
