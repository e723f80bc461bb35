"""Query views: what is around a picture is looked through."""

import io
import time

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from takeback.hashing import MATCH_DISTANCE, MINIMUM_QUALITY, Signal, hash_picture
from takeback.hashing.normalise import MOST_VIEWS, looks
from tests.hashing.files import save
from tests.hashing.photographs import CHELSEA, COFFEE


def coffee() -> Image.Image:
    """Return the photograph that is registered."""
    with Image.open(COFFEE) as picture:
        return picture.convert("RGB")


def chelsea() -> Image.Image:
    """Return another one."""
    with Image.open(CHELSEA) as picture:
        return picture.convert("RGB")


def bordered() -> Image.Image:
    """Return it with an even border."""
    return ImageOps.expand(coffee(), 40, "white")


def letterboxed() -> Image.Image:
    """Return it between two black bars."""
    return ImageOps.pad(coffee(), (540, 960), color="black")


def captioned() -> Image.Image:
    """Return it below a bar with text."""
    picture = ImageOps.expand(coffee(), (0, 80, 0, 0), "white")
    ImageDraw.Draw(picture).text((300, 40), "who is this", "black", font_size=40, anchor="mm")
    return picture


def screenshot() -> Image.Image:
    """Return it in an app, with icons and text."""
    screen = Image.new("RGB", (720, 1400), (18, 18, 20))
    screen.paste(coffee().resize((720, 480)), (0, 300))
    draw = ImageDraw.Draw(screen)
    draw.ellipse((24, 200, 84, 260), "purple")
    draw.text((110, 210), "example", "white", font_size=30)
    for left in (30, 110, 190):
        draw.ellipse((left, 810, left + 50, 860), outline="white", width=5)
    draw.text((30, 900), "a cup of coffee", "white", font_size=30)
    return screen


def story() -> Image.Image:
    """Return it on a blurred enlargement of itself."""
    screen = ImageOps.fit(coffee(), (540, 960)).filter(ImageFilter.GaussianBlur(20))
    screen.paste(coffee().resize((540, 360)), (0, 300))
    return screen


def side_by_side() -> Image.Image:
    """Return it beside another picture."""
    pair = Image.new("RGB", (1200, 400))
    pair.paste(chelsea().resize((600, 400)), (0, 0))
    pair.paste(coffee(), (600, 0))
    return pair


def inset() -> Image.Image:
    """Return it inside another picture."""
    large = chelsea().resize((900, 600))
    large.paste(coffee().resize((360, 240)), (400, 250))
    return large


def tilted() -> Image.Image:
    """Return it turned by seven degrees, with black corners."""
    return coffee().rotate(7, Image.Resampling.BICUBIC)


def inverted() -> Image.Image:
    """Return its negative."""
    return ImageOps.invert(coffee())


FRAMES = {
    "bordered": (bordered, "trimmed"),
    "letterboxed": (letterboxed, "trimmed"),
    "captioned": (captioned, "uncaptioned"),
    "screenshot": (screenshot, "uncaptioned"),
    "story": (story, "panel"),
    "side by side": (side_by_side, "panel"),
    "inset": (inset, "panel"),
    "tilted": (tilted, "levelled"),
    "inverted": (inverted, "inverted"),
}
"""What was done, and the view that looks through it."""


def whole(picture: Image.Image) -> Signal:
    """Return the signal of the picture as it is."""
    return hash_picture(save(picture, "PNG")).whole


@pytest.mark.parametrize("name", FRAMES)
def test_a_picture_is_seen_inside_what_was_put_around_it(name: str) -> None:
    """Far off as a whole, near in the view that is meant for it, saved as JPEG or not."""
    make, view = FRAMES[name]
    registered = whole(coffee())
    for file in (save(make(), "PNG"), save(make(), "JPEG", quality=60)):
        found = hash_picture(file, role="query")
        assert found.whole.distance(registered) > MATCH_DISTANCE
        near = {
            each.view: each.place
            for each in found.views
            if each.dihedral[0].distance(registered) <= MATCH_DISTANCE
        }
        assert view in near


def test_the_place_says_where_in_the_upload_it_is() -> None:
    """In shares of the upload, so that it can be drawn at any size."""
    registered = whole(coffee())
    for make, place in (
        (side_by_side, (0.5, 0.0, 1.0, 1.0)),
        (inset, (400 / 900, 250 / 600, 760 / 900, 490 / 600)),
        (screenshot, (0.0, 300 / 1400, 1.0, 780 / 1400)),
    ):
        found = hash_picture(save(make(), "PNG"), role="query")
        best = min(found.views, key=lambda each: each.dihedral[0].distance(registered))
        assert best.place.sides == pytest.approx(place, abs=0.01)


def test_a_picture_without_a_frame_has_few_views() -> None:
    """Views that show nothing new would only cost lookups and false matches."""
    assert len(hash_picture(COFFEE, role="query").views) <= 5
    assert hash_picture(COFFEE).views == ()


def test_without_a_role_nothing_changes() -> None:
    """The whole picture's own signals do not depend on the role."""
    plain, query = hash_picture(COFFEE), hash_picture(COFFEE, role="query")
    assert (plain.dihedral, plain.quality) == (query.dihedral, query.quality)


def test_views_of_too_little_detail_are_left_out() -> None:
    """A flat panel beside a picture would match any other flat panel."""
    half = Image.new("RGB", (1200, 400), (90, 140, 90))
    half.paste(coffee(), (0, 0))
    views = hash_picture(save(half, "PNG"), role="query").views
    assert views
    assert all(view.quality >= MINIMUM_QUALITY for view in views)


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (1, 3000), (3000, 1), (64, 64), (1024, 65)])
@pytest.mark.parametrize("kind", ["flat", "noise", "black and white"])
def test_any_picture_has_a_bounded_number_of_views(size: tuple[int, int], kind: str) -> None:
    """However small, narrow, flat or noisy it is, and with a line at every row."""
    rng = np.random.default_rng(1)
    pixels = {
        "flat": np.zeros((size[1], size[0])),
        "noise": rng.integers(0, 256, (size[1], size[0])),
        "black and white": np.indices((size[1], size[0])).sum(axis=0) // 3 % 2 * 255,
    }[kind].astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    found = hash_picture(file.getvalue(), role="query")
    assert len(found.views) < MOST_VIEWS
    assert all(
        0 <= v.place.left < v.place.right <= 1 and 0 <= v.place.top < v.place.bottom <= 1
        for v in found.views
    )


def test_the_worst_pictures_take_bounded_time() -> None:
    """Noise and chequers have seams everywhere; looking stays a fraction of a second."""
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 256, (1024, 1024)).astype(np.float32)
    chequers = (np.indices((1024, 1024)) // 40 % 2).sum(axis=0) % 2 * np.float32(255)
    for grey in (noise, chequers.astype(np.float32)):
        start = time.process_time()
        assert len(list(looks(grey))) < MOST_VIEWS
        assert time.process_time() - start < 2
