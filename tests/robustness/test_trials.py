"""What is looked up among strangers: what counts as found, as false, and as neither."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.robustness.bank import Bank
from benchmarks.robustness.corpus import Dull, Subject, related, showing, subjects
from benchmarks.robustness.crops import BLOCK, Crops, described_crops
from benchmarks.robustness.edits import EDITS
from benchmarks.robustness.filling import STRANGERS, pad
from benchmarks.robustness.lookups import GROUNDS, HIT, Filling, Hits, found, look_up, row
from benchmarks.robustness.measure import Kept
from benchmarks.robustness.outcomes import ALONE, WITH, WITHOUT, false_hits, outcomes
from benchmarks.robustness.signals import pack, unpack
from benchmarks.robustness.trials import COPIES, DULLED, Trial, copy, sources_of

from takeback.hashing import hash_picture
from takeback.matching.evidence import Ground

WHOLE, KEYPOINTS = GROUNDS.index(Ground.WHOLE), GROUNDS.index(Ground.KEYPOINTS)
NO_CROPS = [np.empty(0, np.int64)] * 2


def photographs(count: int = 4) -> list[Subject]:
    """Return pictures of scikit-image, each with three companions."""
    return subjects(None, count)


def hits(*rows: tuple[int, int, int]) -> Hits:
    """Return matches of one picture's uploads: edit, entry and ground of each."""
    return np.array([(edit, entry, ground, 0, 0.0, "whole") for edit, entry, ground in rows], HIT)


def test_a_match_with_a_stranger_is_false() -> None:
    """On whatever grounds, and an upload and an entry are one pair."""
    trial = Trial("edited copy uploaded", photographs())
    strangers = hits((5, STRANGERS + 1, WHOLE), (5, STRANGERS + 1, KEYPOINTS))
    every = [strangers, hits(), hits(), hits()]

    wrong = false_hits(every, related(trial.subjects), NO_CROPS)
    found = outcomes(trial, every, wrong, strangers=10)

    assert (found[WITHOUT].false, found[ALONE].false, found[WITH].false) == (1, 1, 1)
    assert not found[WITH].found.any()
    assert found[WITH].pairs == 4 * len(EDITS) * 14


def test_what_an_upload_shows_is_not_false() -> None:
    """Neither a crop of its own picture, nor a picture it was put together with."""
    chosen = subjects(None, 6)
    crops = np.array([0, 5])  # the first stranger shows the first picture, the second the last
    own = hits(
        (0, STRANGERS, KEYPOINTS), (0, 1, WHOLE), (0, STRANGERS + 1, KEYPOINTS), (0, 5, WHOLE)
    )

    (wrong,) = false_hits([own], related(chosen), [crops, crops])

    assert wrong["entry"].tolist() == [STRANGERS + 1, 5]


def test_a_registered_copy_may_show_the_upload() -> None:
    """The first picture's collages show the second, which may match them, but not the third's."""
    seen = related(subjects(None, 12))
    assert 1 in seen[0]
    assert 0 not in seen[1]

    (_, wrong, *_) = false_hits(
        [hits(), hits((-1, copy(0, 3), WHOLE), (-1, copy(2, 3), WHOLE))], showing(seen), NO_CROPS
    )

    assert wrong["entry"].tolist() == [copy(2, 3)]


def test_a_copy_is_found_by_its_own_original_only() -> None:
    """Each ground in its column; the original made dull in its own table."""
    trial = Trial("edited copy uploaded", photographs())
    every = [hits((3, 0, WHOLE), (4, 0, KEYPOINTS), (5, 1, WHOLE), (6, DULLED, WHOLE))] + [
        hits()
    ] * 3

    plain = outcomes(trial, every, [hits()] * 4, strangers=0)
    dull = outcomes(trial, every, [hits()] * 4, strangers=0, first=DULLED)

    assert np.argwhere(plain[WITHOUT].found).tolist() == [[0, 3]]
    assert np.argwhere(plain[ALONE].found).tolist() == [[0, 4]]
    assert np.argwhere(plain[WITH].found).tolist() == [[0, 3], [0, 4]]
    assert np.argwhere(dull[WITH].found).tolist() == [[0, 6]]


def test_a_registered_copy_is_found_by_its_number() -> None:
    """The edit is the entry's; copies of other pictures count for nothing."""
    trial = Trial("edited copy registered", photographs(), edited_uploaded=False)
    every = [hits(), hits((-1, copy(1, 76), WHOLE), (-1, copy(2, 5), WHOLE)), hits(), hits()]

    found = outcomes(trial, every, [hits()] * 4, strangers=0)[WITH].found

    assert np.argwhere(found).tolist() == [[1, 76]]


def test_every_entry_has_a_source() -> None:
    """Originals, dull or not, copies and crops show a picture; drawn strangers show none."""
    entries = np.array([7, copy(7, 76), DULLED + 7, STRANGERS, STRANGERS + 1, STRANGERS + 2])
    assert sources_of(entries, np.array([4, 5])).tolist() == [7, 7, 7, 4, 5, -1]
    assert copy(208, len(EDITS) - 1) < DULLED
    assert COPIES > 209


@pytest.mark.parametrize("role", ["query", "reporter"])
def test_what_is_kept_of_a_picture_is_all_of_it(role: str) -> None:
    """Packed and unpacked, every signal, view, look and place is the same."""
    found = hash_picture(photographs()[0].path, role=role)  # type: ignore[arg-type]
    again = unpack(pack(found))
    assert (again.dihedral, again.views, again.quality) == (
        found.dihedral,
        found.views,
        found.quality,
    )
    assert [(look.look, look.place) for look in again.keypoints] == [
        (look.look, look.place) for look in found.keypoints
    ]
    for before, after in zip(found.keypoints, again.keypoints, strict=True):
        packed = {view: each.pack() for view, each in before.views.items()}
        assert {view: each.pack() for view, each in after.views.items()} == packed


def test_crops_know_their_pictures_and_are_made_once(tmp_path: Path) -> None:
    """As many of each picture; a second run reads what the first kept."""
    chosen = photographs(2)
    crops = described_crops(chosen, "reporter", 2 * 3, tmp_path, processes=1)
    assert crops.sources.tolist() == [0, 1] * 3
    files = sorted(tmp_path.rglob("*.npz"))
    times = [file.stat().st_mtime_ns for file in files]
    again = described_crops(chosen, "reporter", 2 * BLOCK, tmp_path, processes=1)
    assert [file.stat().st_mtime_ns for file in files] == times
    assert again.picture(0).whole == crops.picture(0).whole
    assert len(again) == 2 * BLOCK


def test_a_padded_bank_finds_the_picture_and_no_stranger(tmp_path: Path) -> None:
    """Real crops of other pictures and drawn pictures around it; withdrawn, it is found no more."""
    chosen = photographs(3)
    crops = described_crops(chosen[1:], "reporter", 12, tmp_path, processes=1)
    bank = Bank()
    pad(bank, Crops(crops.pictures, crops.sources + 1), 40)
    data = chosen[0].path.read_bytes()
    entry = {0: hash_picture(data, role="reporter")}
    bank.register(entry)
    upload = hash_picture(data, role="query")

    found = [row(0, hit) for hit in bank.look_up(upload)]

    assert {each[1] for each in found} == {0}
    assert {each[2] for each in found} >= {WHOLE, KEYPOINTS}
    bank.withdraw(entry)
    assert not list(bank.look_up(upload))


def test_a_dull_original_has_less_contrast_or_detail() -> None:
    """And its edited copies are made of it."""
    subject = photographs(1)[0]
    sharp = np.asarray(subject.picture()).astype(float)
    pale = np.asarray(subject.dulled(Dull.PALE).picture()).astype(float)
    soft = np.asarray(subject.dulled(Dull.SOFT).picture()).astype(float)
    assert pale.std() == pytest.approx(sharp.std() / 4, rel=0.1)
    assert np.abs(np.diff(soft, axis=0)).mean() < np.abs(np.diff(sharp, axis=0)).mean()
    assert subject.dulled(Dull.SOFT).name == subject.name


def test_copies_are_registered_one_edit_at_a_time(tmp_path: Path) -> None:
    """Each original finds its own copy of every edit, whatever else was registered before."""
    chosen = photographs(4)
    kept = Kept(tmp_path)
    for subject in chosen:
        copies = [np.asarray(pack(hash_picture(subject.path, role="reporter")))] * (1 + len(EDITS))
        kept.write(subject, "reporter", copies)
        kept.write(subject, "query", [pack(hash_picture(subject.path, role="query"))])
    crops = described_crops(chosen, "reporter", 8, tmp_path, processes=1)
    filling, trial = Filling(crops, 4), Trial("alone", chosen, edited_uploaded=False)

    look_up([trial], kept, filling, processes=1)
    every = found(trial, kept, filling)

    crops_of = [filling.strangers(half).sources for half in (0, 1)]
    wrong = false_hits(every, showing(related(chosen)), crops_of)
    assert outcomes(trial, every, wrong, strangers=4)[WITH].found.all()
    assert not sum(map(len, wrong))
    assert copy(0, 0) not in filling.bank(0).keypoints
