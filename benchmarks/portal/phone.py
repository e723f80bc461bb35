"""A cheap phone: the whole browser on a quarter of one core makes signals in the portal's page.

A 12-megapixel JPEG and a minute of 720p video, drawn from photographs without people. The time
runs from picking the file to the page saying that its signals are ready; the memory is that of
every process of the browser together. At full speed: the longest time that the page's own thread
was busy, because a page that is busy does not scroll.

    python -m benchmarks.portal.phone
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.portal.processes import CannotLimit, held_back, pids_of, weighed, weight
from PIL import Image
from playwright.sync_api import Browser, Page
from tests.browser.harness import pick, started_chromium, tab
from tests.browser.journey import Journey
from tests.journeys.story import photograph
from tests.web.conftest import serving, settings_for

from takeback.cli.demo.film import film
from takeback.web.demo import DemoClock

SHARE: Final = 0.25
"""Of one core: what a cheap phone is taken as."""

TWELVE_MEGAPIXELS: Final = (4000, 3000)
MINUTE: Final = 60.0
MB: Final = 1_000_000

PREPARE: Final = """() => {
    globalThis.long = [];
    new PerformanceObserver((list) => {
        globalThis.long.push(...list.getEntries().map((entry) => entry.duration));
    }).observe({ type: "longtask" });
    const picker = document.getElementById("pick");
    const ready = () => document.querySelector("#picked [data-when~=done]:not([hidden])");
    globalThis.took = new Promise((resolve) => {
        picker.addEventListener("change", () => {
            const start = performance.now();
            const look = () => ready() && resolve(performance.now() - start);
            const watch = { subtree: true, childList: true, attributes: true };
            new MutationObserver(look).observe(document.getElementById("picked"), watch);
        }, { capture: true });
    });
}"""
"""Begins to listen: for tasks above 50 ms, for the picked file, and for its signals."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One file made into signals in a page that was just opened."""

    what: str
    seconds: float
    memory_mb: float
    """At most, without the program's own files, which Chromium's size on a desktop decides."""
    before_mb: float
    """The same before the file was picked."""
    total_mb: float
    """At most, with them."""
    longest_task_ms: float
    """0 if none was above 50 ms, which is the shortest that browsers tell of."""

    def __str__(self) -> str:
        longest = f"{self.longest_task_ms:.0f} ms" if self.longest_task_ms else "none above 50 ms"
        memory = (
            f"{self.memory_mb:.0f} MB ({self.before_mb:.0f} before; "
            f"{self.total_mb:.0f} with the browser's own files)"
        )
        return f"{self.what}: {self.seconds:.2f} s, {memory}, longest task {longest}"


def picture(target: Path) -> Path:
    """Write a 12-megapixel JPEG as a phone's camera does: a photograph with a sensor's grain."""
    image = Image.open(photograph("coffee")).convert("RGB")
    large = np.asarray(image.resize(TWELVE_MEGAPIXELS, Image.Resampling.BICUBIC), np.int16)
    grain = np.random.default_rng(12).integers(-6, 7, large.shape, np.int16)
    Image.fromarray(np.clip(large + grain, 0, 255).astype(np.uint8)).save(target, quality=90)
    return target


def video(target: Path) -> Path:
    """Write a minute of 720p video."""
    names = ("coffee", "chelsea", "rocket", "gravel")
    pictures = [Image.open(photograph(name)).convert("RGB") for name in names]
    film(pictures, MINUTE, target, size=(1280, 720))
    return target


@contextmanager
def opened(url: str) -> Iterator[tuple[Browser, Page]]:
    """Open the portal where files are picked, in a browser of its own."""
    with started_chromium() as browser, tab(browser, url) as context:
        context.set_default_timeout(600_000)
        page = context.new_page()
        journey = Journey(page)
        journey.begin("en")
        journey.situation()
        page.locator("#flight [data-when=online]").wait_for()
        yield browser, page


def measured(
    what: str, url: str, path: Path, slow: Callable[[Browser], AbstractContextManager[object]]
) -> Turn:
    """Make the signals of one file in a new browser, which *slow* may hold back."""
    with opened(url) as (browser, page):
        page.evaluate(PREPARE)
        before = weight(pids_of(browser))
        with slow(browser), weighed(browser) as scales:
            pick(page, path)
            took = page.evaluate("() => globalThis.took") / 1000
        longest = max(page.evaluate("() => globalThis.long"), default=0.0)
    most = scales.most
    return Turn(what, took, most.own / MB, before.own / MB, most.total / MB, longest)


def turns(url: str, home: Path, times: int) -> Iterator[Turn]:
    """Measure everything, each *times* times; the first turn of each is the machine's warm-up."""
    files = {"12 MP JPEG": picture(home / "a.jpg"), "60 s of 720p": video(home / "b.mp4")}
    for what, path in files.items():
        for _ in range(times):
            yield measured(f"{what}, a quarter of one core", url, path, _quarter)
        yield measured(f"{what}, full speed", url, path, lambda _: nullcontext())


def _quarter(browser: Browser) -> AbstractContextManager[object]:
    return held_back(browser, SHARE)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=3, help="turns of each file on the slow core")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with serving(settings_for(home), DemoClock()) as served:
            try:
                for turn in turns(served.url, home, options.times):
                    print(json.dumps(asdict(turn)) if options.json else turn, flush=True)
            except CannotLimit as problem:
                sys.exit(str(problem))
    return 0


if __name__ == "__main__":
    sys.exit(main())
