"""Pages of evidence: real files through the command line, and pixels where they should be."""

import json
import re
import stat
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from takeback.cases.wire import View
from takeback.cli.demo.film import Edit, excerpt, film
from takeback.cli.explain.geometry import corners, seen_part, turned_about
from takeback.cli.explain.ink import BRIGHT
from takeback.cli.explain.page import MARGIN, wrapped
from takeback.cli.explain.pixels import SIDE, small_picture
from takeback.cli.explain.words import VIEWS
from takeback.hashing.normalise import QueryView
from takeback.hashing.place import EVERYWHERE, Place
from tests.cli.conftest import PICTURES, Finished, Takeback

COFFEE = PICTURES / "coffee.png"
CHELSEA = PICTURES / "chelsea.png"
Pixels = NDArray[np.uint8]


def coffee() -> Image.Image:
    """A photograph of 600 by 400 pixels."""
    with Image.open(COFFEE) as opened:
        return opened.convert("RGB")


def page(path: Path) -> Pixels:
    """Read a page as (height, width, 3)."""
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))


def panel(pixels: Pixels, size: tuple[int, int], number: int = 0) -> Pixels:
    """Cut out one of two equally large pictures from a page."""
    scale = SIDE / max(size)
    width, height = round(size[0] * scale), round(size[1] * scale)
    left = MARGIN + number * (width + MARGIN)
    return pixels[MARGIN : MARGIN + height, left : left + width]


def light(pixels: Pixels) -> NDArray[np.bool_]:
    """Where a page is white, as lines are."""
    return np.asarray((pixels > 235).all(axis=-1))


def bright(pixels: Pixels) -> NDArray[np.bool_]:
    """Where a page has the colour of keypoints."""
    return np.asarray((np.abs(pixels.astype(int) - BRIGHT) < 60).all(axis=-1))


def succeeded(done: Finished) -> Finished:
    """Insist on exit code 0."""
    assert done.code == 0, done.err
    return done


def test_a_page_is_private_and_says_so(call: Takeback, tmp_path: Path) -> None:
    """A new PNG of mode 600 without metadata; stdout is what it is without a page."""
    plain = call("hash", COFFEE)

    done = succeeded(call("hash", COFFEE, "--explain", "out.png"))

    written = tmp_path / "out.png"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert done.out == plain.out
    assert done.err == (
        "takeback: out.png shows what was found; it contains the picture, and only you can read "
        "it\n"
    )
    with Image.open(written) as opened:
        assert (opened.format, opened.info) == ("PNG", {})
        assert opened.width == 2 * SIDE + 3 * MARGIN


def test_a_frame_is_hatched_and_the_box_lies_on_its_edge(call: Takeback, tmp_path: Path) -> None:
    """A white border of a fifth: darkened on the page, and a light line where it ends."""
    framed = ImageOps.expand(coffee().resize((300, 200)), (100, 60), "white")
    framed.save(tmp_path / "framed.png")

    succeeded(call("hash", "framed.png", "--explain", "out.png"))

    views = panel(page(tmp_path / "out.png"), framed.size)
    scale = SIDE / framed.width
    left, right = round(100 * scale), round(400 * scale)
    middle = views.shape[0] // 2
    edges = views[middle - 100 : middle + 100]
    assert light(edges[:, left - 4 : left + 5]).any(axis=1).mean() > 0.5
    assert light(edges[:, right - 4 : right + 5]).any(axis=1).mean() > 0.5
    assert views[10:40, 10:40].mean() < 200, "the border was white and is darkened"


def test_keypoints_are_drawn_where_something_stands_out(call: Takeback, tmp_path: Path) -> None:
    """Discs on one half of a plain ground: circles there, none on the other half."""
    drawn = Image.new("RGB", (800, 400), (90, 90, 90))
    draw = ImageDraw.Draw(drawn)
    for x, y, radius in ((100, 100, 20), (250, 260, 34), (330, 80, 12), (120, 320, 26)):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), (220, 220, 235))
    drawn.save(tmp_path / "discs.png")

    succeeded(call("hash", "discs.png", "--explain", "out.png"))

    marked = bright(panel(page(tmp_path / "out.png"), drawn.size, 1))
    assert marked[60:140, 60:140].any()
    assert marked[200:320, 190:310].any()
    assert not marked[:, 500:].any()
    assert not bright(panel(page(tmp_path / "out.png"), drawn.size, 0)).any()


def test_a_page_is_readable_without_colours(call: Takeback, tmp_path: Path) -> None:
    """Read in grey, circles are light and have a dark edge within four pixels."""
    coffee().convert("L").save(tmp_path / "grey.png")
    succeeded(call("hash", "grey.png", "--explain", "out.png"))

    shown = panel(page(tmp_path / "out.png"), (600, 400), 1)
    in_grey = Image.fromarray(shown).convert("L")
    grey = np.asarray(in_grey, dtype=int)
    rows, columns = np.nonzero(bright(shown))
    darkest = np.asarray(in_grey.filter(ImageFilter.MinFilter(9)), dtype=int)
    assert len(rows) > 500
    assert np.quantile((grey - darkest)[rows, columns], 0.05) > 90


def test_an_upload_is_explained_by_what_is_looked_at(call: Takeback, tmp_path: Path) -> None:
    """As a query: other views, more keypoints."""
    lines = succeeded(call("hash", COFFEE, "--role", "query", "--keypoints")).out.splitlines()

    succeeded(call("hash", COFFEE, "--role", "query", "--explain", "out.png"))

    assert lines[1].startswith("  kp1 whole: ")
    assert any(line.startswith("  kp1 squeezed_across: ") for line in lines)
    assert (tmp_path / "out.png").exists()


def test_several_files_are_explained_in_a_folder(call: Takeback, tmp_path: Path) -> None:
    """One page each, in a folder that only its owner can list; names never collide."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "coffee.png").write_bytes(CHELSEA.read_bytes())

    succeeded(call("hash", COFFEE, "more/coffee.png", "--explain", "pages"))

    names = sorted(path.name for path in (tmp_path / "pages").iterdir())
    assert names == ["coffee-explained-2.png", "coffee-explained.png"]
    assert stat.S_IMODE((tmp_path / "pages").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        ("taken.png", "taken.png is there already"),
        ("page.jpg", "a page is a PNG file"),
        ("nowhere/page.png", "its folder is not there"),
        ("letter.txt/page.png", "its folder is not there"),
    ],
)
def test_a_page_that_can_not_be_made_is_refused_before_anything_is_done(
    call: Takeback, tmp_path: Path, out: str, reason: str
) -> None:
    """Exit 2, nothing printed, nothing overwritten."""
    (tmp_path / "taken.png").write_text("dear diary")
    (tmp_path / "letter.txt").write_text("dear diary")

    for command in (("hash",), ("match", "--against", CHELSEA)):
        done = call(*command, COFFEE, "--explain", out)

        assert (done.code, done.out) == (2, "")
        assert reason in done.err
    assert (tmp_path / "taken.png").read_text() == "dear diary"


def test_a_file_is_no_folder_for_several_pages(call: Takeback, tmp_path: Path) -> None:
    """Exit 2."""
    (tmp_path / "letter.txt").write_text("dear diary")

    done = call("hash", COFFEE, CHELSEA, "--explain", "letter.txt")

    assert (done.code, done.out) == (2, "")
    assert "several files are explained in a folder" in done.err


def test_a_plain_picture_is_explained_too(call: Takeback, tmp_path: Path) -> None:
    """No keypoints and no detail: the page says so instead of failing."""
    Image.new("RGB", (50, 900), "navy").save(tmp_path / "plain.png")

    done = succeeded(call("hash", "plain.png", "--keypoints", "--explain", "out.png"))

    assert done.out.endswith("  kp1: no keypoints, nothing stands out\n")
    assert not bright(page(tmp_path / "out.png")).any()


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (1, 3000), (4000, 30), (64, 64)])
@pytest.mark.parametrize("role", ["reporter", "query"])
def test_odd_sizes_are_explained(
    call: Takeback, tmp_path: Path, size: tuple[int, int], role: str
) -> None:
    """Noise of any shape: a page as wide as its words need, and exit 0."""
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "odd.png")

    succeeded(call("hash", "odd.png", "--role", role, "--explain", "out.png"))

    with Image.open(tmp_path / "out.png") as opened:
        assert opened.width >= 700
        assert opened.height < SIDE + 1000


def test_a_crop_is_found_in_the_picture_that_it_was_cut_from(
    call: Takeback, tmp_path: Path
) -> None:
    """The ground is said in words, and the box on the other picture is where it was cut."""
    cut = (180, 20, 560, 320)
    coffee().crop(cut).save(tmp_path / "crop.jpg", quality=85)

    done = succeeded(call("match", "crop.jpg", "--against", COFFEE, "--explain", "out.png"))

    first, *rest = done.out.splitlines()
    assert first.startswith("crop.jpg: match by keypoints, ")
    assert rest[0] == "  It fills the upload."
    shown = page(tmp_path / "out.png")
    left = 2 * MARGIN + SIDE
    registered = shown[MARGIN : MARGIN + 533, left : left + SIDE]
    scale = SIDE / 600
    for x, edge in ((cut[0], "left"), (cut[2], "right")):
        at = round(x * scale)
        middle = light(registered[150:350, max(0, at - 24) : at + 24]).any(axis=1)
        assert middle.mean() > 0.8, edge
    assert bright(shown[:400, MARGIN + SIDE : left]).any(), "lines cross from one to the other"


def test_lines_join_the_same_spot_of_a_mirrored_copy(call: Takeback, tmp_path: Path) -> None:
    """Mirrored, what is at the left of the one is at the right of the other."""
    picture = coffee()
    ImageDraw.Draw(picture).rectangle((300, 0, 599, 399), (128, 128, 128))
    picture.save(tmp_path / "left.png")
    ImageOps.mirror(picture).crop((200, 0, 600, 360)).save(tmp_path / "mirrored.png")

    done = succeeded(call("match", "mirrored.png", "--against", "left.png", "--explain", "out.png"))

    assert "match by keypoints" in done.out
    shown = bright(page(tmp_path / "out.png"))
    registered = shown[MARGIN : MARGIN + 533, 2 * MARGIN + SIDE :]
    assert registered[:, 100:400].any()
    assert not registered[:, 420:].any()


def test_an_unrelated_picture_does_not_match(call: Takeback, tmp_path: Path) -> None:
    """The page is written all the same, and says how far they are."""
    done = succeeded(call("match", CHELSEA, "--against", COFFEE, "--explain", "out.png"))

    between = page(tmp_path / "out.png")[:, MARGIN + SIDE : 2 * MARGIN + SIDE]
    assert done.out.startswith(f"{CHELSEA}: no match; ")
    assert not bright(between).any(), "no line crosses"


def test_against_in_json_is_the_whole_evidence(call: Takeback) -> None:
    """Ground, score, votes or distance, place."""
    [record] = json.loads(succeeded(call("match", COFFEE, "--against", COFFEE, "--json")).out)

    assert record["path"] == record["against"] == str(COFFEE)
    assert record["evidence"]["ground"] == "whole"
    assert record["evidence"]["distance"] == record["distance"] == 0
    assert record["evidence"]["place"] == [[0, 0], [1, 0], [1, 1], [0, 1]]


def test_what_is_no_picture_is_named(call: Takeback, tmp_path: Path) -> None:
    """The others are compared and explained; exit 3."""
    (tmp_path / "letter.txt").write_text("no picture")

    done = call("match", "letter.txt", COFFEE, "--against", COFFEE, "--explain", "pages")

    assert done.code == 3
    assert done.err.splitlines()[-2].startswith("takeback: error: letter.txt: ")
    assert [path.name for path in (tmp_path / "pages").iterdir()] == ["coffee-explained.png"]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_picture_is_shown_upright(tmp_path: Path, orientation: int) -> None:
    """As EXIF says: the same picture however a phone stored it."""
    upright = coffee().resize((300, 200))
    stored = ImageOps.exif_transpose(upright)
    turned = {1: 0, 3: 180, 6: 90, 8: 270}[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    stored.rotate(turned, expand=True).save(tmp_path / "phone.png", exif=exif)

    shown = small_picture(tmp_path / "phone.png", 300)

    assert shown.size == upright.size
    difference = np.abs(np.asarray(shown, dtype=int) - np.asarray(upright, dtype=int))
    assert difference.mean() < 2


def test_a_large_picture_is_read_coarsely(tmp_path: Path) -> None:
    """Grey, 8 megapixels, wide: the page's picture is small and shows the same."""
    ramp = np.tile(np.linspace(0, 255, 8000).astype(np.uint8), (1000, 1))
    Image.fromarray(ramp).save(tmp_path / "wide.png")

    shown = np.asarray(small_picture(tmp_path / "wide.png"))

    assert shown.shape == (100, SIDE, 3)
    assert np.abs(shown[50, :, 0] - np.linspace(0, 255, SIDE)).max() < 3


def test_every_view_that_is_registered_or_looked_up_has_words() -> None:
    """Names of the code never stand on a page alone."""
    assert set(get_args(View)) | set(get_args(QueryView)) <= set(VIEWS)


def test_words_are_broken_at_the_width() -> None:
    """Every word is kept, and a word that is wider than the page has a line of its own."""
    text = "a short line and then averyveryveryveryveryverylongword and more"

    lines = wrapped(text, 150)

    assert " ".join(line.strip() for line in lines) == text
    assert len(lines) > 3


shares = st.floats(-3, 4, allow_nan=False)


@settings(max_examples=60)
@given(shares, shares, st.floats(0.1, 3), st.floats(0, 6.28))
def test_what_is_seen_lies_in_the_picture(x: float, y: float, size: float, turn: float) -> None:
    """A turned square, clipped: never outside; and the inverse of the inverse is the square."""
    arm = complex(np.cos(turn), np.sin(turn)) * size
    points = [complex(x, y), complex(x, y) + arm, complex(x, y) + arm * (1 + 1j)]
    points.append(complex(x, y) + arm * 1j)
    first, second, third, fourth = ((point.real, point.imag) for point in points)
    quad = (first, second, third, fourth)

    seen = seen_part(quad)

    assert all(-1e-9 <= share <= 1 + 1e-9 for corner in seen for share in corner)
    assert np.allclose(turned_about(turned_about(quad)), quad, atol=1e-6)


def test_a_part_that_lies_inside_is_seen_whole() -> None:
    """Nothing is cut from it; what lies outside is not seen at all."""
    inside, outside = Place(0.2, 0.3, 0.6, 0.9), Place(1.2, 0.3, 1.6, 0.9)

    assert seen_part(corners(inside)) == list(corners(inside))
    assert seen_part(corners(outside)) == []
    assert turned_about(corners(EVERYWHERE)) == corners(EVERYWHERE)


def test_a_video_is_explained_by_a_strip_of_its_frames(call: Takeback, tmp_path: Path) -> None:
    """Its frames in colour, with circles; at most nine of them."""
    film([coffee()], 3, tmp_path / "film.mp4", size=(320, 180))

    done = succeeded(call("hash", "film.mp4", "--keypoints", "--explain", "out.png"))

    name, frames, keypoints = done.out.splitlines()
    assert name == "video1 100 film.mp4"
    assert frames.startswith("  3 frames of 3.0 s, ")
    [chosen] = re.findall(r"^  \d+ keypoints in (\d) of them, \d+ bytes$", keypoints)
    shown = page(tmp_path / "out.png")[MARGIN : MARGIN + 180]
    assert int(chosen) >= 2
    for number in range(int(chosen)):
        left = MARGIN + number * (320 + MARGIN)
        assert bright(shown[:, left : left + 320]).any()
        assert np.ptp(shown[:, left : left + 320].mean(axis=(0, 1))) > 30, "coffee is not grey"


def test_a_damaged_video_is_said_to_be_damaged(call: Takeback, tmp_path: Path) -> None:
    """What could be read is hashed; what begins like a video and is none is refused by name."""
    film([coffee()], 6, tmp_path / "film.mkv", size=(320, 180))
    whole = (tmp_path / "film.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) * 2 // 3])
    (tmp_path / "none.mkv").write_bytes(whole[:100])

    done = call("hash", "cut.mkv", "none.mkv", "--json")

    [record] = json.loads(done.out)
    assert done.code == 3
    assert (record["path"], record["complete"]) == ("cut.mkv", False)
    assert [signal["type"] for signal in record["signals"]] == ["video1", "md5"]
    assert "takeback: cut.mkv is damaged or ends early" in done.err
    assert "takeback: error: none.mkv: " in done.err


def test_ten_seconds_are_found_in_the_video_they_were_cut_from(
    call: Takeback, tmp_path: Path
) -> None:
    """When in both is said; the page shows moments that correspond, side by side."""
    pictures = [Image.open(PICTURES / name) for name in ("coffee.png", "rocket.jpg", "moon.png")]
    film(pictures, 24, tmp_path / "film.mp4", size=(320, 180))
    excerpt(tmp_path / "film.mp4", 5.3, 10, tmp_path / "cut.mp4", Edit(height=240, border=0.1))

    done = succeeded(call("match", "cut.mp4", "--against", "film.mp4", "--explain", "out.png"))

    first, *more = done.out.splitlines()
    assert re.match(r"cut.mp4: match by video, \d+ frames agree; score \d", first)
    [begin] = re.findall(r"In the registered video from second ([0-9.]+) to", " ".join(more))
    assert 5 <= float(begin) <= 8
    shown = page(tmp_path / "out.png").astype(int)
    border = MARGIN + 5
    assert shown[border, MARGIN + 200].max() < 40, "the excerpt has a black border"
    assert shown[border, 2 * MARGIN + 480 + 200].max() > 40, "the film has none"


def test_a_picture_is_found_in_a_video_and_a_video_by_its_picture(
    call: Takeback, tmp_path: Path
) -> None:
    """Either may be the upload."""
    film([coffee(), Image.open(CHELSEA)], 8, tmp_path / "film.mp4", size=(480, 320))
    succeeded(call("hash", COFFEE))

    for upload, registered in (("film.mp4", COFFEE), (COFFEE, "film.mp4")):
        done = succeeded(call("match", upload, "--against", registered))
        assert f"{upload}: match by " in done.out

    unrelated = succeeded(call("match", PICTURES / "brick.png", "--against", "film.mp4"))
    assert "no match; too little of the one agrees with the other" in unrelated.out


def test_a_pale_picture_is_compared_by_its_keypoints(call: Takeback, tmp_path: Path) -> None:
    """As a matcher would: nothing else of it is registered; its page says so."""
    pale = Image.blend(Image.new("RGB", coffee().size, (128, 128, 128)), coffee(), 0.1)
    pale.save(tmp_path / "pale.png")

    done = succeeded(call("match", COFFEE, "--against", "pale.png"))
    hashed = succeeded(call("hash", "pale.png", "--explain", "out.png"))

    assert f"{COFFEE}: match by keypoints" in done.out
    assert "takes at most its keypoints" in hashed.err
    assert bright(page(tmp_path / "out.png")).any()


def test_what_could_not_be_registered_is_named(call: Takeback, tmp_path: Path) -> None:
    """A plain picture as FILE2: exit 3, and it is FILE2 that is named."""
    Image.new("RGB", (300, 300), "navy").save(tmp_path / "plain.png")

    done = call("match", COFFEE, "--against", "plain.png")

    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("takeback: error: plain.png: quality ")
