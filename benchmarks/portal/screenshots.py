"""Pictures of every page and state of the portal, to be looked at by whoever changes one.

Both languages, 320, 390 and 1280 pixels wide, light and dark, into a folder of your choice:

    python -m benchmarks.portal.screenshots /tmp/portal

Small ones of the main states, 390 pixels wide and light, are in docs/portal; this renews them:

    python -m benchmarks.portal.screenshots --docs
"""

import argparse
import io
import itertools
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize
from tests.browser.harness import DESK, PHONE, SMALL_PHONE, Scheme, started_chromium, tab
from tests.browser.journey import Keys, opened_case
from tests.browser.sites import LANGUAGES, NAMES
from tests.browser.states import journey_states, receipt_states
from tests.conftest import FakeClock
from tests.journeys.story import Story
from tests.web.conftest import Served, serving, settings_for, signal

from takeback.accounts.model import Platform
from takeback.exchange.wire import LookupRequest
from takeback.web.demo import DemoClock

DOCS: Final = Path(__file__).parents[2] / "docs" / "portal"

SIZES: Final = (SMALL_PHONE, PHONE, DESK)
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")

SHOWN: Final = ("start", "situation-chosen", "pick-picked", "where", "choices", "review", "code")
SHOWN_OF_RECEIPT: Final = ("receipt-read",)
SHOWN_PAGES: Final = tuple(name.replace("/", "-") for name in NAMES if name)
FIRST_SIGHT: Final = ("start", "pick-picked", "receipt-read")
"""What the README shows: as much as a phone does at once."""

PLATFORM: Final = "Large Photo Site"

DAYS: Final = 4
"""Days after which a removal is on the receipt."""


def states(page: Page, portal: Served, language: str) -> Iterator[str]:
    """Show every page and every state, and name each."""
    for name in NAMES:
        page.goto(f"/{language}/{name}".rstrip("/"))
        yield name.replace("/", "-") or "start"
    with tempfile.TemporaryDirectory() as folder:
        yield from journey_states(page, language, Path(folder))
    yield from receipt_states(page, language, _removed_case(portal))


def _removed_case(portal: Served) -> Keys:
    """Open a case whose picture a platform removed some days ago."""
    number = next(_NUMBERS)
    keys = opened_case(portal, number)
    story = _story(portal)
    platform = _platform(story)
    found = portal.hub.exchange.lookup(platform, LookupRequest([signal(number)]))
    [match] = found.results[0].matches
    story.removes(platform, match.number)
    portal.http.post("/demo/advance", json={"days": DAYS})
    story.works()
    return keys


_NUMBERS: Final = itertools.count(1)


def _story(portal: Served) -> Story:
    return Story(portal.hub, portal.hub.now)  # type: ignore[arg-type]  # nobody moves it here


def _platform(story: Story) -> Platform:
    known = {platform.name: platform for platform in story.hub.platforms.list()}
    return known.get(PLATFORM) or story.platform(PLATFORM, under_18=True)


def pictures(
    browser: Browser, portal: Served, language: str, size: ViewportSize, scheme: Scheme
) -> Iterator[tuple[str, bytes]]:
    """Yield a picture of every state, from top to bottom, as PNG."""
    with tab(browser, portal.url, size=size, scheme=scheme) as context:
        page = context.new_page()
        for state in states(page, portal, language):
            page.evaluate("() => scrollTo(0, 0)")
            yield state, page.screenshot(full_page=True, animations="disabled")


def take_all(browser: Browser, portal: Served, folder: Path) -> None:
    """Write every picture into *folder*."""
    for language, size, scheme in itertools.product(LANGUAGES, SIZES, SCHEMES):
        taken = pictures(browser, portal, language, size, scheme)
        for number, (state, png) in enumerate(taken, 1):
            name = f"{language}-{size['width']}-{scheme}-{number:02}-{state}.png"
            (folder / name).write_bytes(png)


def take_for_docs(browser: Browser, portal: Served) -> None:
    """Renew the small ones that the documentation shows."""
    wanted = {*SHOWN, *SHOWN_PAGES, *SHOWN_OF_RECEIPT}
    DOCS.mkdir(exist_ok=True)
    for language in LANGUAGES:
        for state, png in pictures(browser, portal, language, PHONE, "light"):
            if state in wanted:
                image = Image.open(io.BytesIO(png)).convert("RGB")
                _keep(image, f"{language}-{state}")
            if state in FIRST_SIGHT:
                sight = (0, 0, image.width, PHONE["height"] * image.width // PHONE["width"])
                _keep(image.crop(sight), f"{language}-{state}-phone")


def take_closed(browser: Browser, closed: Served) -> None:
    """Renew the picture of a portal that is not open yet."""
    for language in LANGUAGES:
        with tab(browser, closed.url) as context:
            page = context.new_page()
            page.goto(f"/{language}")
            png = page.screenshot(full_page=True, animations="disabled")
        _keep(Image.open(io.BytesIO(png)).convert("RGB"), f"{language}-not-open")


def _keep(image: Image.Image, name: str) -> None:
    image.save(DOCS / f"{name}.webp", quality=70, method=6)


def main() -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", help="where to write them")
    parser.add_argument("--docs", action="store_true", help="renew those in docs/portal")
    options = parser.parse_args()
    if not (options.folder or options.docs):
        parser.error("where to? a folder, or --docs")
    with (
        tempfile.TemporaryDirectory() as home,
        serving(settings_for(Path(home) / "demo", hub_name="Example Hub"), DemoClock()) as portal,
        serving(settings_for(Path(home) / "new", hub_name="Example Hub"), FakeClock()) as closed,
        started_chromium() as browser,
    ):
        _platform(_story(portal))
        if options.folder:
            options.folder.mkdir(parents=True, exist_ok=True)
            take_all(browser, portal, options.folder)
        if options.docs:
            take_for_docs(browser, portal)
            take_closed(browser, closed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
