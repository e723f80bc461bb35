"""A browser, a hub whose portal it opens, and a page that must not complain.

Playwright holds the thread's event loop while it runs, so a browser lives as long as the tests
of one module: coroutine tests of other modules find the loop free.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from takeback.web.demo import DemoClock
from tests.browser.desk import Desk
from tests.browser.elsewhere import another_site
from tests.browser.harness import Complaints, started_chromium, tab
from tests.browser.journey import Journey
from tests.web.conftest import Served, serving, settings_for

expect.set_options(timeout=15_000)  # milliseconds; on a busy machine a page takes its time


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A Chromium without a window, for the tests of a module."""
    with started_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def portal_clock() -> DemoClock:
    """The clock of the module's hub; ``advance`` moves it on by days."""
    return DemoClock()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The address of another site: where a reporter comes from, where the way out leads."""
    with another_site() as address:
        yield address


@pytest.fixture(scope="module")
def portal(
    tmp_path_factory: pytest.TempPathFactory, portal_clock: DemoClock, elsewhere: str
) -> Iterator[Served]:
    """A hub served as ``takeback serve --demo`` does, with a little proof of work."""
    home = tmp_path_factory.mktemp("portal")
    settings = settings_for(home, proof_of_work_bits=6, exit_url=f"{elsewhere}/weather")
    with serving(settings, portal_clock) as served:
        yield served


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """What the browser complained of; the test fails at its end for any that it didn't expect."""
    complaints = Complaints()
    yield complaints
    assert complaints.unexpected() == []


@pytest.fixture
def context(chromium: Browser, portal: Served, complaints: Complaints) -> Iterator[BrowserContext]:
    """A browser profile as empty as a new phone's, 390 × 844, in Korean."""
    with tab(chromium, portal.url) as context:
        complaints.listen(context)
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """One page of that profile; addresses in it are relative to the portal."""
    return context.new_page()


@pytest.fixture
def desk(portal: Served) -> Desk:
    """The support centre, where cases arrive."""
    return Desk(portal)


@pytest.fixture
def journey(page: Page) -> Journey:
    """A Korean phone at the first step of the journey."""
    journey = Journey(page)
    journey.begin()
    return journey
