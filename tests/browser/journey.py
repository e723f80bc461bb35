"""A reporter's way through the portal, step by step, as a test walks it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from takeback.cases.wire import ItemDocument, Language, PdqDocument, RegistrationDocument
from takeback.cli.reporterhub import ReporterHub
from tests.browser.harness import pick
from tests.web.conftest import Served, signal

SIGNALS_WITHIN = 30_000
"""Milliseconds that signals may take on a busy machine; benchmarks measure what they take."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What she is shown once."""

    code: str
    pin: str
    words: str
    slip: str


@dataclass
class Journey:
    """A page on the way from what happened to code and PIN."""

    page: Page
    taps: int = 0

    def begin(self, language: str = "ko") -> None:
        """Open the start page and go on from it."""
        self.page.goto(f"/{language}")
        self.tap("#begin")
        expect(self.step("situation")).to_be_visible()

    def step(self, name: str) -> Locator:
        """Return the part of the page that is the step called *name*."""
        return self.page.locator(f"#step-{name}")

    def tap(self, selector: str) -> None:
        """Tap something, and count it."""
        self.taps += 1
        self.page.locator(selector).click()

    def choose(self, name: str) -> None:
        """Tap a choice by its label, as a finger does."""
        self.tap(f"label:has(#{name})")

    def situation(self, kind: str = "shared", age: str | None = None) -> None:
        """Say what happened."""
        self.choose(f"kind-{kind}")
        if age is not None:
            self.choose(f"age-{age}")
        self.tap("#situation-next")

    def pick(self, *paths: Path) -> None:
        """Pick files and wait until nothing is worked on any more; opening the picker is a tap."""
        self.taps += 1
        pick(self.page, *paths)
        rows = self.page.locator("#picked > li")
        expect(rows).to_have_count(len(paths))
        working = rows.locator("[data-when~=waiting]:visible, [data-when~=working]:visible")
        expect(working).to_have_count(0, timeout=SIGNALS_WITHIN)

    def states(self) -> Sequence[str]:
        """Return what the page says of each picked file, by the name of the state."""
        shown = self.page.locator("#picked > li [data-slot=states] > [data-when]:visible")
        return [str(each.get_attribute("data-when")) for each in shown.all()]

    def where(self, *locators: str) -> None:
        """Say where it is."""
        self.page.locator("#locators").fill("\n".join(locators))
        self.tap("#where-next")

    def to_review(self, *paths: Path, kind: str = "shared", age: str | None = None) -> None:
        """Walk from what happened to the last look, with every choice as it is."""
        self.situation(kind, age)
        self.pick(*paths)
        self.tap("#pick-next")
        self.tap("#where-next")
        self.tap("#choices-next")
        expect(self.step("review")).to_be_visible()

    def send(self) -> Keys:
        """Send, and read what is shown once."""
        self.tap("#send")
        expect(self.step("code")).to_be_visible()
        return Keys(*(self.page.locator(f"#{each}").inner_text() for each in _SHOWN))


_SHOWN = ("code", "pin", "code-words", "slip")


def registered(page: Page, *paths: Path, language: str = "ko") -> Keys:
    """Walk the whole way with these pictures."""
    journey = Journey(page)
    journey.begin(language)
    journey.to_review(*paths)
    return journey.send()


def opened_case(portal: Served, number: int, *, language: Language = "ko") -> Keys:
    """Open a case with one made-up signal, without a browser; other numbers are far apart."""
    document = RegistrationDocument(
        version=1,
        kind="shared",
        age_band="adult",
        language=language,
        items=[ItemDocument([PdqDocument(signal(number), 90)])],
    )
    opened = ReporterHub(portal.http).open(document)
    return Keys(opened.code, opened.pin, " ".join(opened.words), opened.slip)
