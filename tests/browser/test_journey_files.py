"""What is picked: videos that are held and dropped, and pictures with little to see in them."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.harness import PICTURE, pick
from tests.browser.journey import SIGNALS_WITHIN, Journey
from tests.hashing.videos import encoded, pan


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of a camera moving over a photograph: long enough to be held."""
    target = tmp_path_factory.mktemp("films") / "film.mp4"
    frames = pan(skimage.data.coffee, 60)
    target.write_bytes(encoded(frames, options={"preset": "ultrafast"}))
    return target


@pytest.fixture(scope="module")
def pale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph with a tenth of its contrast."""
    target = tmp_path_factory.mktemp("pictures") / "pale.png"
    pixels = np.asarray(Image.open(PICTURE).convert("RGB"), dtype=float)
    Image.fromarray((128 + (pixels - 128) * 0.1).astype(np.uint8)).save(target)
    return target


def test_a_video_is_held_carried_on_and_sent(journey: Journey, desk: Desk, film: Path) -> None:
    """While it is held nothing is lost and nothing can be sent; then it is one item."""
    page = journey.page
    journey.situation()
    pick(page, film)
    row = page.locator("#picked > li")

    pause = row.locator("[data-slot=pause]")
    expect(pause).to_be_visible(timeout=SIGNALS_WITHIN)
    pause.dispatch_event("click")  # at once: a fast machine is soon done
    expect(row.locator("[data-slot=share]")).to_contain_text("멈췄어요")
    for step in ("pick", "where", "choices"):
        journey.tap(f"#{step}-next")
    expect(page.locator("#send")).to_have_attribute("aria-disabled", "true")
    for step in ("review", "choices", "where"):
        journey.tap(f"#{step}-back")
    row.locator("[data-slot=resume]").click()
    expect(row.locator("[data-when=done]")).to_contain_text("장면", timeout=SIGNALS_WITHIN)
    for step in ("pick", "where", "choices"):
        journey.tap(f"#{step}-next")
    journey.send()

    [item] = desk.only().items
    assert item.signals == 2


def test_a_video_taken_back_makes_room_for_the_next(journey: Journey, film: Path) -> None:
    """What waits behind it begins at once."""
    page = journey.page
    journey.situation()
    pick(page, film, PICTURE)

    expect(page.locator("#picked progress").first).to_be_visible(timeout=SIGNALS_WITHIN)
    page.locator("#picked [data-slot=remove]").first.dispatch_event("click")

    expect(page.locator("#picked > li")).to_have_count(1)
    expect(page.locator("#picked > li [data-when=done]")).to_be_visible(timeout=SIGNALS_WITHIN)
    expect(page.locator("#pick-open")).to_be_enabled()


def test_a_pale_picture_is_registered_only_if_she_says_yes(
    journey: Journey, desk: Desk, pale: Path
) -> None:
    """It says so when it is picked, at the choice, and in the review while it is left out."""
    page = journey.page
    journey.situation()
    journey.pick(pale)
    assert journey.states() == ["done-keypoints"]
    journey.tap("#pick-next")
    journey.tap("#where-next")
    expect(page.locator("#keypoints-only")).to_contain_text("사진 1")
    journey.tap("#choices-next")
    expect(page.locator("#sum-left-out")).to_contain_text("사진 1")
    journey.tap("#review-back")
    journey.choose("choice-keypoints")
    journey.tap("#choices-next")
    expect(page.locator("#sum-left-out")).to_be_hidden()
    journey.send()

    [item] = desk.only().items
    assert item.keypoints
