"""What suffices for a match: copies are recognised, what pictures have in common is not one."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from takeback.hashing import hash_picture
from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.hashing.picture import PictureSignals, Role
from takeback.matching.evidence import (
    NEEDED,
    Evidence,
    Ground,
    judge_distance,
    judge_frame,
    judge_keypoints,
    suffices,
)
from takeback.matching.keypoints.index import KeypointIndex
from takeback.matching.keypoints.support import Support
from takeback.matching.lookup.pictures import views_of
from tests.hashing.files import save
from tests.hashing.photographs import CHELSEA, COFFEE, IN_WHEEL, ROCKET

SIZE = (640, 480)

DIFFERENT = (*(path for path in IN_WHEEL if path.stem in {"brick", "gravel", "coins"}), CHELSEA)
"""Pictures with keypoints all over, and one with a face."""

Edit = Callable[[Image.Image], Image.Image]


def shown(path: Path) -> Image.Image:
    """Return a photograph in one size, so that what lies over it lies in one place."""
    with Image.open(path) as picture:
        return ImageOps.fit(picture.convert("RGB"), SIZE)


def under_a_sticker(picture: Image.Image) -> Image.Image:
    """Cover a fifth of it with a patch with detail of its own, always the same."""
    covered = picture.copy()
    coarse = np.random.default_rng(5).integers(0, 256, (12, 12, 3), np.uint8)
    patch = Image.fromarray(coarse).resize((247, 247), Image.Resampling.BICUBIC)
    covered.paste(patch, (330, 180))
    return covered


def in_an_app(picture: Image.Image) -> Image.Image:
    """Show it on a phone's screen between a header and comments."""
    screen = Image.new("RGB", (720, 1400), (18, 18, 20))
    screen.paste(picture.resize((720, 540)), (0, 250))
    draw = ImageDraw.Draw(screen)
    draw.text((110, 160), "example", "white", font_size=40)
    for line in range(6):
        draw.text(
            (30, 850 + 60 * line), f"{line} what a picture {line * 37}", "white", font_size=36
        )
    return screen


def behind_a_watermark(picture: Image.Image) -> Image.Image:
    """Write a name all over it."""
    mask = Image.new("L", picture.size, 0)
    draw = ImageDraw.Draw(mask)
    for top in range(10, 480, 90):
        for left in range(-60 + top % 140, 640, 230):
            draw.text((left, top), "@example", 90, font_size=34)
    return Image.composite(Image.new("RGB", picture.size, "white"), picture, mask)


def signed(picture: Image.Image) -> Image.Image:
    """Put an app's name into one corner and a user's into another."""
    marked = picture.copy()
    draw = ImageDraw.Draw(marked)
    draw.text((16, 12), "EXAMPLE", "white", font_size=44, stroke_width=3, stroke_fill="black")
    draw.text((380, 430), "@somebody", "white", font_size=40, stroke_width=3, stroke_fill="black")
    return marked


def quarter(picture: Image.Image) -> Image.Image:
    """Keep a quarter of the area, off the middle."""
    return picture.crop((250, 180, 570, 420))


def inset(picture: Image.Image) -> Image.Image:
    """Put it into another picture, a third as wide."""
    large = shown(ROCKET)
    large.paste(picture.resize((214, 160)), (380, 40))
    return large


TEMPLATES = {"sticker": under_a_sticker, "app": in_an_app, "watermark": behind_a_watermark}
COPIES = {**TEMPLATES, "signed": signed, "quarter": quarter, "inset": inset}


@cache
def hashed(path: Path, edit: Edit | None, role: Role) -> PictureSignals:
    """Hash an edited photograph once."""
    picture = shown(path)
    return hash_picture(save(edit(picture) if edit else picture, "JPEG", quality=90), role=role)


def judged(registered: PictureSignals, looked_up: PictureSignals) -> list[Evidence]:
    """Ask the rule about everything that agrees."""
    index = KeypointIndex()
    index.add([1], [_registered(registered)])
    found = (index.search([look]) for look in looked_up.keypoints)
    return [evidence for matches in found for m in matches if (evidence := judge_keypoints(m))]


def _registered(signals: PictureSignals) -> KeypointSignals:
    (look,) = signals.keypoints
    return look.plain


def agreeing(registered: PictureSignals, looked_up: PictureSignals) -> int:
    """Return the most votes, whatever the rule says of them."""
    index = KeypointIndex()
    index.add([1], [_registered(registered)])
    return max((m.agreement.votes for m in index.search(looked_up.keypoints)), default=0)


@pytest.mark.parametrize("edit", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("path", [COFFEE, CHELSEA], ids=lambda path: path.stem)
def test_a_copy_suffices(path: Path, edit: Edit) -> None:
    """Under a sticker, in an app, cut to a quarter or small in another picture: it is there."""
    found = judged(hashed(path, None, "reporter"), hashed(path, edit, "query"))

    assert found
    assert all(each.ground is Ground.KEYPOINTS and each.score >= 3 for each in found)
    assert all(each.votes and each.votes >= 3 and each.place for each in found)


def pairs() -> Iterator[tuple[Path, Path]]:
    """Yield different photographs, the registered and the uploaded one."""
    yield from permutations(DIFFERENT, 2)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_what_different_pictures_have_in_common_does_not_suffice(template: Edit) -> None:
    """One sticker, one app and one watermark are around and over any number of pictures."""
    for one, other in pairs():
        ours, theirs = hashed(one, template, "reporter"), hashed(other, template, "query")
        assert not judged(ours, theirs), (one.stem, other.stem)


def test_a_sticker_alone_gets_votes_enough() -> None:
    """A control: votes alone would have called this a match."""
    votes = [
        agreeing(hashed(a, under_a_sticker, "reporter"), hashed(b, under_a_sticker, "query"))
        for a, b in pairs()
    ]

    assert max(votes) >= 2 * NEEDED


SUPPORTED = Support(votes=12, twin_votes=0, there=20, share=0.5, spots=6, extent=0.9, distance=40.0)


@pytest.mark.parametrize(
    ("changes", "enough"),
    [
        ({}, True),
        ({"share": 0.1}, True),
        ({"share": 0.05}, False),
        ({"share": 0.2, "spots": 2}, False),
        ({"share": 0.4, "spots": 2}, True),
        ({"share": 0.4, "extent": 0.5}, True),
        ({"share": 0.4, "extent": 0.45}, False),
        ({"share": 0.45, "extent": 0.2, "spots": 1}, True),
        ({"votes": 3}, False),
        ({"twin_votes": 13}, False),
    ],
    ids=str,
)
def test_votes_need_support(changes: dict[str, float], enough: bool) -> None:
    """Places far apart in several spots, or most of what should be visible; none of it twice."""
    values = {name: getattr(SUPPORTED, name) for name in Support.__slots__}

    assert suffices(Support(**{**values, **changes}), small=False) is enough


@pytest.mark.parametrize(
    ("small", "changes", "enough"),
    [
        (True, {}, True),
        (True, {"share": 0.35}, False),
        (True, {"votes": 2}, False),
        (True, {"twin_votes": 4}, False),
        (False, {}, False),
    ],
    ids=str,
)
def test_a_small_inset_needs_fewer_votes(
    small: bool, changes: dict[str, float], enough: bool
) -> None:
    """A picture shown small shows few keypoints; then three are enough, if few are missing."""
    values = {name: getattr(SUPPORTED, name) for name in Support.__slots__} | {"votes": 3}

    assert suffices(Support(**{**values, **changes}), small=small) is enough


@pytest.mark.parametrize(
    ("distance", "upload_view", "registered_view", "ground"),
    [
        (31, "whole", "whole", Ground.WHOLE),
        (0, "whole", "mirror", Ground.WHOLE),
        (31, "trimmed", "whole", Ground.VIEW),
        (10, "whole", "centre_1x1", Ground.VIEW),
        (10, "panel", "uncaptioned", Ground.VIEW),
    ],
)
def test_near_signals_match(
    distance: int, upload_view: str, registered_view: str, ground: Ground
) -> None:
    """Within the threshold; the ground says whether both were whole pictures."""
    found = judge_distance(distance, upload_view, registered_view, None)

    assert found is not None
    assert found.ground is ground
    assert (found.distance, found.upload_view) == (distance, upload_view)


@pytest.mark.parametrize(
    ("distance", "upload_view", "registered_view"),
    [(32, "whole", "whole"), (32, "panel", "whole"), (0, "panel", "centre_1x1")],
)
def test_far_signals_and_parts_of_parts_do_not(
    distance: int, upload_view: str, registered_view: str
) -> None:
    """A part of an upload that is like a part of a registered picture is no match by itself."""
    assert judge_distance(distance, upload_view, registered_view, None) is None


def test_scores_compare_between_grounds() -> None:
    """Nearer is surer, a whole picture is surer than a view, and more votes than fewer."""

    def score(distance: int, view: str) -> float:
        found = judge_distance(distance, view, "whole", None)
        assert found is not None
        return found.score

    assert score(0, "whole") > score(31, "whole") > score(31, "panel") > 2
    assert score(0, "panel") > score(31, "panel")
    copy = judged(hashed(COFFEE, None, "reporter"), hashed(COFFEE, None, "query"))
    part = judged(hashed(COFFEE, None, "reporter"), hashed(COFFEE, inset, "query"))
    assert max(each.score for each in copy) > max(each.score for each in part) >= 3


def test_one_of_many_frames_must_be_surer() -> None:
    """Ten thousand frames are ten thousand chances to look like a stranger's picture."""
    found = judge_distance(20, "panel", "whole", None)
    assert found is not None

    assert judge_frame(found, 1, (1.0, 2.0)) is not None
    assert judge_frame(found, 10_000, (1.0, 2.0)) is None


def flat_in_an_app(picture: Image.Image) -> Image.Image:
    """Show one colour in the app instead of the picture."""
    return in_an_app(Image.new("RGB", picture.size, "navy"))


def test_an_upload_that_is_mostly_frame_is_looked_up_by_what_is_inside() -> None:
    """Two screenshots of one app are near each other, whatever they show."""
    views = views_of(hashed(COFFEE, in_an_app, "query"))

    assert "uncaptioned" in {view.view for view in views}
    assert all(view.place.top > 0.1 and view.place.bottom < 0.7 for view in views)
    assert "whole" in {view.view for view in views_of(hashed(COFFEE, None, "query"))}


def test_a_flat_picture_in_a_frame_is_neither_registered_nor_looked_up() -> None:
    """All that could match is the frame."""
    registered = hashed(COFFEE, flat_in_an_app, "reporter")

    assert registered.quality == 0
    assert registered.keypoints == ()
    assert views_of(hashed(COFFEE, flat_in_an_app, "query")) == []
