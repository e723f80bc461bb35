"""The public bank in memory: what a platform's engineer tries first, on pictures of their own."""

import io
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import skimage.data
from PIL import Image, ImageDraw, ImageOps

from takeback.cli.demo.film import Edit, excerpt, film
from takeback.cli.demo.pictures import drawn, jpeg, others
from takeback.errors import QualityTooLow
from takeback.hashing import PictureSignals, hash_picture, hash_video
from takeback.matching import Match, PictureBank
from takeback.matching.evidence import Ground


def picture(name: str) -> Image.Image:
    """Return one of scikit-image's photographs."""
    return Image.fromarray(getattr(skimage.data, name)())


@cache
def neighbours() -> dict[str, PictureSignals]:
    """Return pictures that are registered beside hers."""
    return {
        f"other {number}": hash_picture(jpeg(drawn(100 + number), 90), role="reporter")
        for number in range(4)
    }


def registered(image: Image.Image) -> PictureBank[str]:
    """Return a bank of one picture, ``hers``, among others."""
    bank = PictureBank[str]()
    for name, signals in neighbours().items():
        bank.register(name, signals)
    bank.register("hers", hash_picture(jpeg(image, 92), role="reporter"))
    return bank


def matches(bank: PictureBank[str], image: Image.Image) -> list[Match[str]]:
    """Look a copy up."""
    return bank.match(hash_picture(jpeg(image, 85), role="query"))


def screenshot(image: Image.Image) -> Image.Image:
    """Put a picture on a telephone's screen, cut at both sides."""
    screen = Image.new("RGB", (540, 1170), (18, 18, 18))
    draw = ImageDraw.Draw(screen)
    for y in (30, 90, 1090):
        draw.rectangle((30, y, 200, y + 24), fill=(230, 230, 230))
        draw.ellipse((440, y, 470, y + 30), fill=(90, 150, 250))
    scaled = ImageOps.fit(image, (540, 700))
    screen.paste(scaled, (0, 220))
    return screen


def off_centre(image: Image.Image) -> Image.Image:
    """Keep the lower right part, a third of the area."""
    return image.crop((int(image.width * 0.42), int(image.height * 0.42), *image.size))


def stickered(image: Image.Image) -> Image.Image:
    """Cover a fifth of the middle."""
    covered = image.copy()
    half = (0.1 * image.width * image.height) ** 0.5
    x, y = image.width / 2, image.height / 2
    ImageDraw.Draw(covered).ellipse((x - half, y - half, x + half, y + half), fill=(255, 210, 0))
    return covered


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as it is": lambda image: image,
    "mirrored": ImageOps.mirror,
    "turned": lambda image: image.rotate(90, expand=True),
    "tilted": lambda image: image.rotate(9, Image.Resampling.BICUBIC),
    "bordered": lambda image: ImageOps.expand(image, 40, "white"),
    "screenshot": screenshot,
    "off-centre": off_centre,
    "stickered": stickered,
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("name", ["coffee", "chelsea"])
def test_an_edited_copy_is_found_and_lies_in_the_upload(name: str, edit: str) -> None:
    """One match, hers, with its ground; the quadrilateral overlaps the upload."""
    image = picture(name)

    [match] = matches(registered(image), EDITS[edit](image))

    assert match.entry_id == "hers"
    assert match.ground in {"whole", "view", "keypoints"}
    assert match.score > 0
    assert match.place is not None
    assert min(x for x, _ in match.place) < 1 < 1 + max(x for x, _ in match.place)
    assert min(y for _, y in match.place) < 1 < 1 + max(y for _, y in match.place)


def test_the_place_of_an_off_centre_crop_is_where_it_was_cut() -> None:
    """The registered picture's corners lie outside the upload by what was cut away."""
    image = picture("coffee")

    [match] = matches(registered(image), off_centre(image))

    assert match.place is not None
    (left, top), _, (right, bottom), _ = match.place
    kept = 1 / (1 - 0.42)
    assert (right, bottom) == pytest.approx((1, 1), abs=0.08)
    assert (left, top) == pytest.approx((1 - kept, 1 - kept), abs=0.12)


def test_other_pictures_are_not_found() -> None:
    """Twenty-four that show nothing of it."""
    bank = registered(picture("coffee"))

    assert [bank.match(hash_picture(other, role="query")) for other in others()] == [[]] * 24


def test_what_is_withdrawn_is_not_found() -> None:
    """Not as a whole, and not by its keypoints."""
    bank, image = registered(picture("coffee")), picture("coffee")

    bank.withdraw("hers")
    bank.withdraw("never there")

    assert matches(bank, image) == matches(bank, off_centre(image)) == []
    assert ("hers" in bank, "other 1" in bank, len(bank)) == (False, True, 4)


def test_a_second_registration_takes_the_place_of_the_first() -> None:
    """What was registered before under the same id is gone."""
    bank = registered(picture("coffee"))

    bank.register("hers", hash_picture(jpeg(picture("chelsea"), 90), role="reporter"))

    assert matches(bank, picture("coffee")) == []
    assert [match.entry_id for match in matches(bank, picture("chelsea"))] == ["hers"]


def test_a_picture_of_one_colour_is_refused_and_loses_nothing() -> None:
    """It would match by chance; what was registered under the id stays."""
    bank = registered(picture("coffee"))

    with pytest.raises(QualityTooLow):
        bank.register("hers", hash_picture(jpeg(Image.new("RGB", (400, 300)), 90), role="reporter"))

    assert [match.entry_id for match in matches(bank, picture("coffee"))] == ["hers"]


def pale(image: Image.Image) -> Image.Image:
    """Leave a tenth of the contrast: too little detail for any signal of the whole."""
    return Image.blend(Image.new("RGB", image.size, (128, 128, 128)), image, 0.1)


def test_a_pale_picture_is_registered_by_its_keypoints_alone() -> None:
    """A copy of it and a crop of it are found, and nothing else is."""
    bank = registered(pale(picture("coffee")))

    for upload in (pale(picture("coffee")), picture("coffee"), off_centre(picture("coffee"))):
        [match] = matches(bank, upload)
        assert (match.entry_id, match.ground) == ("hers", Ground.KEYPOINTS)
    assert matches(bank, pale(picture("chelsea"))) == []
    assert matches(bank, picture("grass")) == []


def test_a_pale_picture_in_a_frame_is_not_registered_by_the_frame() -> None:
    """What stands out in a screenshot's bars counts for nothing."""
    flat = screenshot(Image.new("RGB", (540, 700), (120, 126, 131)))
    made = hash_picture(jpeg(flat, 92), role="reporter")

    assert not made.keypoints_alone
    with pytest.raises(QualityTooLow):
        PictureBank[str]().register("hers", made)


def test_ids_are_the_callers_own() -> None:
    """Anything that can be the key of a dictionary."""
    bank = PictureBank[tuple[str, int]]()
    bank.register(("shelf", 3), hash_picture(jpeg(picture("coffee"), 90), role="reporter"))

    found = bank.match(hash_picture(jpeg(picture("coffee"), 60), role="query"))

    assert [match.entry_id for match in found] == [("shelf", 3)]


def test_several_threads_may_use_it() -> None:
    """While one registers and withdraws, another always finds what stays."""
    bank, image = registered(picture("coffee")), picture("coffee")
    query = hash_picture(jpeg(off_centre(image), 85), role="query")
    other = hash_picture(jpeg(picture("rocket"), 90), role="reporter")
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            bank.register("coming and going", other)
            bank.withdraw("coming and going")

    changing = threading.Thread(target=change)
    changing.start()
    try:
        found = [[match.entry_id for match in bank.match(query)] for _ in range(20)]
    finally:
        stop.set()
        changing.join()

    assert found == [["hers"]] * 20


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four seconds over three photographs."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    film([picture(name) for name in ("coffee", "chelsea", "rocket")], 24, path)
    return path


def test_ten_seconds_of_a_video_are_found_and_when(video: Path, tmp_path: Path) -> None:
    """Re-encoded, scaled and framed: the parts that agree are named."""
    bank = PictureBank[str]()
    bank.register("hers", hash_video(video, role="reporter"))
    excerpt(video, 7.3, 10, tmp_path / "part.mp4", Edit(height=240, border=0.1))

    [match] = bank.match(hash_video(tmp_path / "part.mp4", role="query"))

    assert (match.entry_id, match.ground) == ("hers", "video")
    assert match.evidence.registered_seconds is not None
    begin, end = match.evidence.registered_seconds
    assert 5 < begin < end < 20


def test_a_registered_picture_is_found_inside_a_video(video: Path) -> None:
    """The camera pans over it."""
    bank = registered(picture("chelsea"))

    found = bank.match(hash_video(video, role="query"))

    assert [match.entry_id for match in found] == ["hers"]


def test_a_file_in_memory_is_as_good_as_one_on_disk(video: Path) -> None:
    """Both give the same signals."""
    bank = PictureBank[str]()
    bank.register("hers", hash_video(video.read_bytes(), role="reporter"))

    assert bank.match(hash_video(io.BytesIO(video.read_bytes()).getvalue(), role="query"))
