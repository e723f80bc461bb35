"""Reporter views: what is registered beside the whole picture."""

import pytest
from PIL import Image, ImageOps

from takeback.hashing import MATCH_DISTANCE, MINIMUM_QUALITY, Signal, hash_picture
from takeback.hashing.bundle import SHAPES
from tests.hashing.files import ORIENTATION, save
from tests.hashing.test_normalise import (
    bordered,
    captioned,
    coffee,
    letterboxed,
    screenshot,
    tilted,
)


def registered(picture: bytes) -> dict[str, Signal]:
    """Return the views a reporter's device registers, by name."""
    return {view.view: view.dihedral[0] for view in hash_picture(picture, role="reporter").views}


def test_the_mirror_is_always_registered() -> None:
    """A program that compares whole pictures only finds a mirrored copy by it."""
    mirrored = hash_picture(save(ImageOps.mirror(coffee()), "PNG"))
    assert registered(save(coffee(), "PNG"))["mirror"].distance(mirrored.whole) <= 8


@pytest.mark.parametrize("view", SHAPES)
def test_the_cut_a_platform_makes_is_registered(view: str) -> None:
    """Cut by somebody else to a shape, at full size, it is near the view of that shape."""
    width, height = SHAPES[view]
    picture = coffee()
    share = min(picture.width / width, picture.height / height)
    cut = ImageOps.fit(picture, (round(share * width), round(share * height)))
    upload = hash_picture(save(cut, "JPEG", quality=80))
    assert registered(save(picture, "PNG"))[view].distance(upload.whole) <= MATCH_DISTANCE


def test_a_cut_that_keeps_everything_is_not_registered() -> None:
    """A square picture's square is the whole."""
    assert "centre_1x1" not in registered(save(coffee().resize((500, 500)), "PNG"))


@pytest.mark.parametrize("orientation", range(2, 9))
def test_as_stored_is_registered_when_exif_turns_it(orientation: int) -> None:
    """Programs that do not read EXIF hash the stored pixels."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = registered(save(coffee(), "PNG", exif=exif))
    assert stored["stored"].distance(hash_picture(save(coffee(), "PNG")).whole) <= 12
    assert "stored" not in registered(save(coffee(), "PNG"))


@pytest.mark.parametrize(
    ("make", "view"),
    [
        (bordered, "trimmed"),
        (letterboxed, "trimmed"),
        (captioned, "uncaptioned"),
        (screenshot, "uncaptioned"),
        (tilted, "levelled"),
    ],
)
def test_what_is_inside_a_frame_is_registered_too(make: object, view: str) -> None:
    """Her copy is a screenshot; what is uploaded is the picture itself."""
    assert callable(make)
    original = hash_picture(save(coffee(), "PNG")).whole
    assert registered(save(make(), "PNG"))[view].distance(original) <= MATCH_DISTANCE


def test_panels_are_not_registered() -> None:
    """Beside hers may be someone else's picture."""
    pair = Image.new("RGB", (1200, 400))
    pair.paste(coffee(), (0, 0))
    pair.paste(coffee().rotate(180), (600, 0))
    assert "panel" not in registered(save(pair, "PNG"))


def test_views_of_too_little_detail_are_not_registered() -> None:
    """Detail at the sides, nothing in the middle: its square is left out."""
    wide = Image.new("RGB", (1800, 400), (120, 120, 120))
    wide.paste(coffee(), (0, 0))
    wide.paste(coffee(), (1200, 0))
    found = hash_picture(save(wide, "PNG"), role="reporter")
    assert found.quality >= MINIMUM_QUALITY
    assert "centre_9x16" not in {view.view for view in found.views}
