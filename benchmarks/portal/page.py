"""The first page on a slow network: bytes, first paint; and all scripts together.

The network is imitated by Chromium: 400 kbit/s each way and 400 ms from sending to receiving,
which WebPageTest calls "3G Slow". Bytes are counted as they came over the wire, compressed.

    python -m benchmarks.portal.page
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from hatch_build import SERVED
from playwright.sync_api import CDPSession, Page
from tests.browser.harness import started_chromium, tab
from tests.web.conftest import serving, settings_for

from takeback.web.demo import DemoClock
from takeback.web.portal.assets import load

DELAY_MS: Final = 400
KBITS: Final = 400

PAGES: Final = ("/ko", "/ko/case", "/ko/receipt")

PAINT: Final = """() => new Promise((resolve) => {
    new PerformanceObserver((list) => {
        const [paint] = list.getEntriesByName("first-contentful-paint");
        if (paint) resolve(paint.startTime);
    }).observe({ type: "paint", buffered: true });
})"""


@dataclass(slots=True)
class Loaded:
    """One page as it came over a slow network."""

    page: str
    paint_ms: float = 0.0
    """From following the address to the first words on the screen."""

    sizes: dict[str, int] = field(default_factory=dict)
    """Bytes of each answer, compressed, with its headers."""

    @property
    def total(self) -> int:
        """Bytes of all of them."""
        return sum(self.sizes.values())


def load_page(page: Page, path: str) -> Loaded:
    """Open a page that nothing is kept of, on a slow network."""
    devtools = page.context.new_cdp_session(page)
    loaded = Loaded(path)
    _weigh(devtools, loaded)
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    bytes_a_second = KBITS * 1000 / 8
    slow = {"latency": DELAY_MS, "downloadThroughput": bytes_a_second}
    devtools.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "uploadThroughput": bytes_a_second, **slow},
    )
    page.goto(path, wait_until="networkidle")
    loaded.paint_ms = page.evaluate(PAINT)
    devtools.detach()
    return loaded


def _weigh(devtools: CDPSession, loaded: Loaded) -> None:
    """Count the bytes of every answer."""
    addresses: dict[str, str] = {}

    def asked(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = event["request"]["url"]

    def came(event: dict[str, Any]) -> None:
        loaded.sizes[addresses[event["requestId"]]] = event["encodedDataLength"]

    devtools.on("Network.requestWillBeSent", asked)
    devtools.on("Network.loadingFinished", came)
    devtools.send("Network.enable")


def scripts() -> dict[str, int]:
    """Return the bytes of every script, compressed as it is served."""
    names = sorted(path.name for path in SERVED.glob("*.js"))
    assets = load()
    return {name: len(assets.named(name).packed) for name in names}


def measured(times: int) -> list[Loaded]:
    """Load every page *times* times, each in a browser profile of its own; keep the median."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(settings_for(Path(folder)), DemoClock()) as served,
        started_chromium() as browser,
    ):
        found = []
        for path in PAGES:
            turns = []
            for _ in range(times):
                with tab(browser, served.url) as context:
                    turns.append(load_page(context.new_page(), path))
            found.append(_middle(turns))
        return found


def _middle(turns: Sequence[Loaded]) -> Loaded:
    return Loaded(turns[0].page, median(turn.paint_ms for turn in turns), turns[0].sizes)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    pages, all_scripts = measured(options.times), scripts()
    if options.json:
        pages_said = {each.page: [each.total, each.paint_ms] for each in pages}
        print(json.dumps({"pages": pages_said, "scripts": all_scripts}))
        return 0
    for each in pages:
        print(f"{each.page}: {each.total / 1000:.1f} kB in {len(each.sizes)} answers, ", end="")
        print(f"first paint {each.paint_ms:.0f} ms")
    each_script = ", ".join(f"{name} {size / 1000:.1f}" for name, size in all_scripts.items())
    print(f"all scripts: {sum(all_scripts.values()) / 1000:.1f} kB ({each_script})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
