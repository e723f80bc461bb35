"""The robustness benchmark: its edits, its arithmetic, and that a stopped run goes on."""

import io
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from benchmarks.robustness.compare import METHODS, outcome
from benchmarks.robustness.corpus import Subject, held_out, subjects
from benchmarks.robustness.edit import SIDE
from benchmarks.robustness.edits import EDITS, FAMILIES
from benchmarks.robustness.measure import Kept, describe_all, describe_one, uploads
from benchmarks.robustness.table import family_recall, wilson
from PIL import Image

CHOSEN = ("coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png")


def photographs() -> list[Subject]:
    """Return four photographs, each with the other three as companions."""
    paths = {subject.name: subject.path for subject in subjects(None)}
    chosen = [paths[name] for name in CHOSEN]
    return [Subject(path, tuple(other for other in chosen if other != path)) for path in chosen]


def test_there_are_77_edits_in_21_families() -> None:
    """Each with a name of its own, and parameters that are printed."""
    families = Counter(edit.family for edit in EDITS)
    assert len({edit.name for edit in EDITS}) == len({str(edit) for edit in EDITS}) == 77
    assert tuple(families) == FAMILIES
    assert len(families) == 21
    assert families["smallrot"] == 7


def test_every_edit_makes_a_picture_and_the_same_one_again() -> None:
    """Chance is seeded by edit and picture, so that runs can be compared."""
    subject = photographs()[0]
    files = list(uploads(subject))
    assert files[:30] == list(islice(uploads(subject), 30))
    assert len(set(files)) == 1 + len(EDITS)
    for file in files[1:]:
        with Image.open(io.BytesIO(file)) as picture:
            assert picture.format == "JPEG"
            assert min(picture.size) >= SIDE // 8


def test_a_sticker_covers_what_its_name_says() -> None:
    """A quarter of the picture's area, not of a square around the sticker."""
    (edit,) = (edit for edit in EDITS if edit.name == "emoji 25% area")
    blank = Image.new("RGB", (768, 700), (0, 0, 255))
    with Image.open(io.BytesIO(edit.upload("blank", blank, []))) as picture:
        blue = np.asarray(picture)[..., 2] > 200
    assert 1 - blue.mean() == pytest.approx(0.25, abs=0.02)


def test_wilson_intervals_are_those_of_the_textbook() -> None:
    """Half of ten: 23.7 to 76.3 %; all of ten: 72.2 % and more."""
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-3)
    assert wilson(1.0, 10) == pytest.approx((0.7225, 1.0), abs=1e-3)
    assert wilson(0.0, 0) == (0.0, 1.0)


def test_pictures_held_out_are_the_same_every_time() -> None:
    """By the digest of their names, whatever else is in the folder."""
    everything = subjects(None)
    apart = held_out(everything, 5)
    assert len(apart) == 5
    assert held_out(list(reversed(everything)), 5) == apart


def test_the_table_says_what_was_found(tmp_path: Path) -> None:
    """Re-encoding is found, a mirror image is not; no photograph is taken for another."""
    chosen, kept = photographs(), Kept(tmp_path)
    (method,) = (method for method in METHODS if method.title == "phash64@8")
    for subject in chosen:
        describe_one(subject, ["phash64"], kept)
    describe_all(chosen, ["phash64"], kept, processes=1)  # everything is kept already

    found = outcome(method, chosen, kept, "uploaded")

    recall = family_recall(found.found)
    assert recall["jpeg"] == 1.0
    assert recall["mirror"] == 0.0
    assert recall["mean"] == pytest.approx(np.mean([recall[name] for name in FAMILIES]))
    assert found.false == 0
