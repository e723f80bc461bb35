"""The proof of work on a cheap phone: the whole browser on a quarter of one core.

At rest (14 bits) and under the heaviest load (17 bits), through the portal's own Worker. How
long one proof takes is left to chance, so the median and the ninth of ten are told.

    python -m benchmarks.portal.proof
"""

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.portal.processes import CannotLimit, held_back
from playwright.sync_api import Page
from tests.browser.harness import started_chromium
from tests.web.conftest import serving, settings_for

from takeback.cases.proof import MOST_EXTRA_BITS
from takeback.settings import Settings
from takeback.web.demo import DemoClock

SHARE: Final = 0.25
TIMES: Final = 30
USUAL: Final = Settings().proof_of_work_bits

SOLVE: Final = """async ([bits, times]) => {
    const worker = new Worker("/assets/proof.js", { type: "module" });
    const took = [];
    for (let turn = 0; turn < times; turn++) {
        const mark = crypto.randomUUID().replaceAll("-", "");
        const start = performance.now();
        const solved = new Promise((resolve) => { worker.onmessage = resolve; });
        worker.postMessage({ challenge: `1893456000.${bits}.00112233aabbccdd.${mark}`, bits });
        const { data } = await solved;
        took.push([(performance.now() - start) / 1000, Number(data.solution) + 1]);
    }
    return took;
}"""
"""Solves challenges of the usual length one after the other: seconds and tries of each."""


def told(page: Page, bits: int, what: str) -> str:
    """Solve and say how long it took."""
    took: list[tuple[float, int]] = page.evaluate(SOLVE, [bits, TIMES])
    seconds = sorted(each for each, _ in took)
    rate = sum(tries for _, tries in took) / sum(seconds)
    nine_of_ten = statistics.quantiles(seconds, n=10)[-1]
    return (
        f"{bits} bits, {what}: median {statistics.median(seconds):.2f} s, "
        f"nine of ten within {nine_of_ten:.2f} s, {rate:,.0f} tries a second"
    )


def main() -> int:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(settings_for(Path(folder)), DemoClock()) as served,
        started_chromium() as browser,
        browser.new_context(base_url=served.url, bypass_csp=True) as context,
    ):
        context.set_default_timeout(300_000)
        page = context.new_page()
        page.goto("/en/receipt")
        try:
            with held_back(browser, SHARE):
                for bits in (USUAL, USUAL + MOST_EXTRA_BITS):
                    print(told(page, bits, "a quarter of one core"), flush=True)
        except CannotLimit as problem:
            sys.exit(str(problem))
        print(told(page, USUAL + MOST_EXTRA_BITS, "full speed"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
