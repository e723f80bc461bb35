"""Signals are made in the system's Firefox too, whatever it does to canvases."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from takeback.cases.wire import PdqDocument, RegistrationDocument
from takeback.hashing import Signal, hash_picture
from tests.browser.firefox import Tab, started_firefox
from tests.browser.harness import PICTURE
from tests.web.conftest import Served

OFF: Mapping[str, bool | str] = {
    "privacy__resistFingerprinting": False,
    "privacy__fingerprintingProtection": False,
}
_ON_EVERY_CANVAS = "+CanvasRandomization,-EfficientCanvasRandomization"
NOISE: Mapping[str, bool | str] = {
    "privacy__fingerprintingProtection": True,
    "privacy__fingerprintingProtection__overrides": _ON_EVERY_CANVAS,
}
RESIST: Mapping[str, bool | str] = {"privacy__resistFingerprinting": True}

SAID = """[...document.querySelectorAll("#picked [data-slot=states] > [data-when]")]
    .filter((each) => !each.hidden).map((each) => each.dataset.when)"""
"""The states that the page shows of what was picked."""


ALTERED = """(() => {
    const surface = new OffscreenCanvas(64, 64).getContext("2d");
    const drawn = surface.createImageData(64, 64);
    drawn.data.forEach((_, at) => { drawn.data[at] = at % 4 === 3 ? 255 : at % 256; });
    surface.putImageData(drawn, 0, 0);
    const { data } = surface.getImageData(0, 0, 64, 64);
    return data.some((value, at) => value !== drawn.data[at]);
})()"""
"""Whether this browser alters what pages read from a canvas."""


def to_picked(tab: Tab, url: str) -> str:
    """Walk to the step of the pictures, pick one, and return the state it ends in."""
    tab.goto(f"{url}/ko/case")
    tab.wait_for("!document.getElementById('journey').hidden")
    tab.click("kind-shared")
    tab.click("situation-next")
    tab.pick("pick", PICTURE)
    tab.wait_for(f"({SAID}).some((state) => !/waiting|working/.test(state))")
    [state] = tab.evaluate(SAID)
    return str(state)


def to_signals(tab: Tab) -> list[PdqDocument]:
    """Walk on to the last look, and return the signals in the document that would be sent."""
    for step in ("pick", "where", "choices"):
        tab.click(f"{step}-next")
    tab.evaluate("(document.getElementById('exactly').open = true)")
    tab.wait_for("document.getElementById('document').textContent.includes('pdq')")
    text = tab.evaluate("document.getElementById('document').textContent")
    document = msgspec.json.decode(text, type=RegistrationDocument)
    return [each for each in document.items[0].signals if isinstance(each, PdqDocument)]


@pytest.mark.parametrize(
    ("protection", "alters"),
    [(OFF, False), (NOISE, True), (RESIST, True)],
    ids=["off", "noise on a canvas", "resist fingerprinting"],
)
def test_signals_are_right_whatever_the_browser_does_to_a_canvas(
    portal: Served, tmp_path: Path, protection: Mapping[str, bool | str], alters: bool
) -> None:
    """With its canvas protection off and on; what comes out wrong is never registered."""
    with started_firefox(tmp_path, **protection) as tab:
        state = to_picked(tab, portal.url)
        assert state == "done"
        made = to_signals(tab)
        altered = tab.evaluate(ALTERED)

    assert tab.complaints == []
    assert altered is alters
    assert made
    expected = hash_picture(PICTURE.read_bytes(), role="reporter").whole
    for each in made:
        if each.view == "whole":
            assert Signal.parse(each.value).distance(expected) <= 2
