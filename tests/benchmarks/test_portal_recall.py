"""Signals from a real browser: read back, registered, and the same as those that Python makes."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from benchmarks.portal.making import Maker, NotMade, started_maker
from benchmarks.portal.recall import NAMES, SAMPLE, Recall, bank_of, by_python, registered
from benchmarks.robustness.corpus import subjects
from PIL import Image
from tests.hashing.photographs import COFFEE, ROCKET

from takeback.cases.wire import KeypointDocument, PdqDocument, SignalDocument
from takeback.cli.case.items import prepare_file
from takeback.hashing import Signal, hash_picture


@pytest.fixture(scope="module")
def maker() -> Iterator[Maker]:
    """A page that makes signals, in Chromium."""
    with started_maker() as maker:
        yield maker


def pdq(documents: list[SignalDocument]) -> dict[str, Signal]:
    """Return the signal of each view."""
    found = (each for each in documents if isinstance(each, PdqDocument))
    return {each.view: Signal.parse(each.value) for each in found}


def keypoints(documents: list[SignalDocument]) -> list[KeypointDocument]:
    """Return the keypoint signals among others."""
    return [each for each in documents if isinstance(each, KeypointDocument)]


def test_a_browser_registers_what_the_command_line_registers(maker: Maker) -> None:
    """Of a file that every decoder reads alike: each keypoint to the bit, each view within two."""
    ours = prepare_file(COFFEE).document(keypoints=True).signals

    made = maker.make(COFFEE)

    assert keypoints(made.with_keypoints) == keypoints(ours)
    assert len(keypoints(ours)) == 1
    theirs, expected = pdq(made.with_keypoints), pdq(ours)
    assert theirs.keys() == expected.keys()
    assert all(theirs[view].distance(expected[view]) <= 2 for view in expected)
    assert made.plain == [each for each in made.with_keypoints if isinstance(each, PdqDocument)]


def test_a_browser_registers_a_pale_picture_by_its_keypoints_alone(
    maker: Maker, tmp_path: Path
) -> None:
    """Nothing else of it can be registered, so nothing is unless she says yes."""
    picture = Image.open(COFFEE).convert("RGB")
    path = tmp_path / "pale.png"
    Image.blend(Image.new("RGB", picture.size, (128, 128, 128)), picture, 0.1).save(path)

    made = maker.make(path)

    assert made.plain == []
    assert made.with_keypoints == prepare_file(path).document(keypoints=True).signals
    assert len(made.with_keypoints) == 1


def test_a_browser_makes_nothing_of_a_flat_picture(maker: Maker, tmp_path: Path) -> None:
    """It says why."""
    Image.new("RGB", (300, 200), "navy").save(tmp_path / "flat.png")

    with pytest.raises(NotMade, match="flat"):
        maker.make(tmp_path / "flat.png")


def test_what_crossed_the_wire_is_found_again() -> None:
    """By its views and by its keypoints, as what was never written down."""
    chosen = [each for each in subjects(None) if each.path in (COFFEE, ROCKET)]
    numbers = {each.path: number for number, each in enumerate(chosen)}
    bank = bank_of(by_python(chosen))

    cut = io.BytesIO()
    picture = Image.open(COFFEE).convert("RGB")
    picture.crop((0, 0, picture.width * 3 // 5, picture.height * 3 // 5)).save(cut, "JPEG")
    for upload in (COFFEE, cut.getvalue()):
        [match] = bank.match(hash_picture(upload, role="query"))
        assert match.entry_id == numbers[COFFEE]


def test_keypoints_that_came_alone_are_all_that_is_registered() -> None:
    """Nothing is made up for the whole that is missing."""
    documents = [
        each
        for each in prepare_file(COFFEE).document(keypoints=True).signals
        if isinstance(each, KeypointDocument)
    ]

    read = registered(documents)

    assert read.keypoints_alone
    assert (read.views, len(read.keypoints)) == ((), 1)


def test_the_sample_has_one_edit_of_each_of_twelve_families() -> None:
    """No name is misspelt, and no family counts twice."""
    assert {edit.name for edit in SAMPLE} == set(NAMES)
    assert len({edit.family for edit in SAMPLE}) == len(NAMES)


def test_two_points_of_recall_may_be_lost_or_won_and_no_more() -> None:
    """Six of 300 edited copies, not seven."""
    every = np.ones((25, len(SAMPLE)), np.bool_)
    within, beyond = every.copy(), every.copy()
    within[0, :6] = beyond[0, :7] = False

    assert Recall(every, within).held
    assert Recall(within, every).held
    assert not Recall(every, beyond).held
    assert not Recall(beyond, every).held
    assert Recall(every, beyond).lines()[-1].startswith("-2.3 points")
