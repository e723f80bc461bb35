"""Real browsers for the tests: where they are, how they are started, what they complained of.

The browsers are the system's own (Debian's Chromium and Firefox), never downloaded by a test.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    ViewportSize,
    sync_playwright,
)

from tests.journeys.story import photograph

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM_PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
HOW_TO_GET_CHROMIUM = (
    "no Chromium found: `apt-get install chromium` (Debian, Ubuntu), "
    "`brew install --cask chromium` (macOS), or set CHROMIUM to the program"
)

FIREFOX_NAMES = ("firefox-esr", "firefox")
FIREFOX_PLACES = ("/Applications/Firefox.app/Contents/MacOS/firefox",)
HOW_TO_GET_FIREFOX = (
    "no Firefox found: `apt-get install firefox-esr` (Debian), "
    "`brew install --cask firefox` (macOS), or set FIREFOX to the program"
)

QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""What keeps Chromium from talking to anybody but the page that is tested."""

PHONE: ViewportSize = {"width": 390, "height": 844}
SMALL_PHONE: ViewportSize = {"width": 320, "height": 640}
DESK: ViewportSize = {"width": 1280, "height": 900}

Scheme = Literal["light", "dark"]


class NoBrowser(RuntimeError):
    """The browser that a test needs is not installed; the message says how to get it."""


def chromium_program() -> Path:
    """Return where Chromium is.

    Raises:
        NoBrowser: there is none.
    """
    return _found("CHROMIUM", CHROMIUM_NAMES, CHROMIUM_PLACES, HOW_TO_GET_CHROMIUM)


def firefox_program() -> Path:
    """Return where Firefox is.

    Raises:
        NoBrowser: there is none.
    """
    return _found("FIREFOX", FIREFOX_NAMES, FIREFOX_PLACES, HOW_TO_GET_FIREFOX)


def _found(setting: str, names: Sequence[str], places: Sequence[str], how_to_get_it: str) -> Path:
    wanted = [os.environ[setting]] if setting in os.environ else [*names, *places]
    found = next(filter(None, map(shutil.which, wanted)), None)
    if found is None:
        raise NoBrowser(how_to_get_it)
    return Path(found)


def chromium_options() -> list[str]:
    """Return the options of every Chromium; root can't have its sandbox."""
    return [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


@contextmanager
def started_chromium(*options: str) -> Iterator[Browser]:
    """Start a Chromium without a window, and end it on the way out.

    Raises:
        NoBrowser: there is none.
    """
    program = chromium_program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=[*chromium_options(), *options]
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def tab(
    browser: Browser,
    url: str,
    *,
    size: ViewportSize = PHONE,
    scheme: Scheme = "light",
    scripts: bool = True,
) -> Iterator[BrowserContext]:
    """Open a browser profile of its own, as empty as a new phone's.

    Args:
        browser: where it is opened.
        url: what addresses without a host are relative to.
        size: of the screen; up to a tablet's it is one that is touched.
        scheme: light or dark, as the device asks for.
        scripts: False for a browser whose owner turned JavaScript off.
    """
    context = browser.new_context(
        base_url=url,
        viewport=size,
        locale="ko-KR",
        color_scheme=scheme,
        has_touch=size["width"] < 1000,
        java_script_enabled=scripts,
    )
    context.set_default_timeout(15_000)
    try:
        yield context
    finally:
        context.close()


@dataclass
class Complaints:
    """What a browser complained of: errors in the console, scripts that failed, broken policy.

    A test that makes something fail on purpose names it with ``expect``.
    """

    heard: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        """Listen to every page that the profile opens."""
        context.on("console", self._from_console)
        context.on("weberror", lambda problem: self._add(problem.error))

    def expect(self, pattern: str) -> None:
        """Take every complaint that *pattern*, a regular expression, is found in as meant."""
        self.expected.append(pattern)

    def unexpected(self) -> list[str]:
        """Return what was heard and not expected."""
        return [
            text
            for text in self.heard
            if not any(re.search(pattern, text) for pattern in self.expected)
        ]

    def _from_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "assert"}:
            self.heard.append(f"{message.text} ({message.location.get('url', '')})")

    def _add(self, error: Error) -> None:
        self.heard.append(str(error))


def pick(page: Page, *paths: Path | str) -> None:
    """Choose files in the page's file field, as the phone's picker would."""
    page.locator("input[type=file]").set_input_files([str(path) for path in paths])


PICTURE = photograph("coffee")
"""A benign picture that the tests register; any other of scikit-image's does as well."""
