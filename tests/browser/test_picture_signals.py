"""Pictures become the same signals in a real browser as on the command line."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import pytest
from benchmarks.portal.variants import VARIANTS, Variant
from PIL import Image
from playwright.sync_api import Browser, Page

from takeback.cases.wire import KeypointDocument, PdqDocument, SignalDocument
from takeback.cli.case.items import prepare_file
from takeback.hashing import Signal
from tests.browser.harness import PICTURE
from tests.browser.workbench import bundle, serving
from tests.hashing.files import heic, photograph, png, save

START: Final = """
async () => {
  const { SignalMaker } = await import("/client.js");
  window.maker = new SignalMaker("/worker.js");
  await window.maker.ready;
}
"""

MAKE: Final = """
async (stopAfter) => {
  const [file] = document.querySelector("input").files;
  const stop = new AbortController();
  const shares = [];
  const on = (share) => {
    shares.push(share);
    if (shares.length === stopAfter) stop.abort();
  };
  try {
    const made = await window.maker.make(file, on, stop.signal, async () => undefined);
    return { shares, signals: made.withKeypoints };
  } catch (error) {
    return { shares, trouble: error.trouble ?? String(error) };
  }
}
"""

FORMS: Final = {variant.name: variant for variant in VARIANTS}

NO_CODEC: Final = "delete globalThis.ImageDecoder;\n"
"""What browsers are like that have no WebCodecs."""

ALTERED: Final = """
const { prototype } = OffscreenCanvasRenderingContext2D;
const { getImageData } = prototype;
prototype.getImageData = function (...where) {
  const read = getImageData.apply(this, where);
  read.data.forEach((value, at) => { if (at % 4 < 3) read.data[at] = altered(value, at); });
  return read;
};
"""
"""What browsers do that hide what device they run on: to every pixel that a page reads."""

NOISE: Final = f"const altered = (value, at) => value + (at * 31 % 3) - 1;{ALTERED}"
GARBAGE: Final = f"const altered = (value, at) => at * 7919 % 256;{ALTERED}"


NOT_AT_ONCE: Final = """
const atOnce = globalThis.createImageBitmap;
globalThis.createImageBitmap = (file, ...rest) =>
  file.size > 10_000 && rest.length < 4 ? Promise.reject(new Error()) : atOnce(file, ...rest);
"""
"""What phones are like that have no memory for a large picture."""


class Told(msgspec.Struct):
    """What came of a file, and what the page was told on the way."""

    shares: list[float]
    signals: list[SignalDocument] = []
    trouble: str = ""

    @property
    def views(self) -> dict[str, PdqDocument]:
        """The signals of the whole and of every view, by name."""
        return {each.view: each for each in self.signals if isinstance(each, PdqDocument)}


@dataclass(frozen=True, slots=True)
class Bench:
    """A page that makes signals and has no network."""

    page: Page
    home: Path

    def make(self, file: bytes | Path, *, stop_after: int = 0) -> Told:
        """Make the signals of a file, whose name says nothing true."""
        path = file if isinstance(file, Path) else self.home / "<b>🙂.mp4"
        if isinstance(file, bytes):
            path.write_bytes(file)
        self.page.locator("input").set_input_files(path)
        return msgspec.convert(self.page.evaluate(MAKE, stop_after), Told)


@contextmanager
def opened(chromium: Browser, home: Path, before: str = "") -> Iterator[Bench]:
    """Open a page whose Worker begins with *before*, and end the server that it came from."""
    bundle(home)
    worker = home / "worker.js"
    worker.write_text(before + worker.read_text(encoding="utf-8"), encoding="utf-8")
    page = chromium.new_page()
    with serving(home) as address:
        page.goto(address)
        page.evaluate(START)
    yield Bench(page, home)
    page.close()


@pytest.fixture(scope="module")
def bench(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One page for all tests of a browser as it is."""
    with opened(chromium, tmp_path_factory.mktemp("bench")) as bench:
        yield bench


def away(told: Told, file: Path) -> dict[str, int]:
    """Return how far each view's signal is from the command line's, in bits."""
    ours = {each.view: each for each in python(file) if isinstance(each, PdqDocument)}
    assert list(told.views) == list(ours), told.trouble
    return {
        view: Signal.parse(each.value).distance(Signal.parse(told.views[view].value))
        for view, each in ours.items()
    }


def python(file: Path) -> Sequence[SignalDocument]:
    """Return what the command line registers of a file."""
    return prepare_file(file).document(keypoints=True).signals


def picture() -> Image.Image:
    """Return a photograph in colour."""
    with Image.open(PICTURE) as opened_picture:
        return opened_picture.convert("RGB")


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_a_picture_in_any_form_has_the_command_lines_signals(
    bench: Bench, tmp_path: Path, variant: Variant
) -> None:
    """To the last bit, keypoints and the way it was decoded included."""
    file = tmp_path / f"picture{variant.suffix}"
    file.write_bytes(variant.write(picture()))

    told = bench.make(file)

    assert told.signals == list(python(file)), told.trouble
    assert told.shares == sorted(told.shares)
    assert told.shares[-1] < 1


def _cut(kind: str, **options: object) -> bytes:
    whole = save(picture(), kind, **options)
    return whole[: len(whole) * 2 // 3]


REFUSED = {
    "nothing": (b"", "empty"),
    "text": (b"<script>alert(1)</script>", "not_readable"),
    "HEIC": (heic(photograph()), "heic"),
    "half a JPEG": (_cut("JPEG"), "damaged"),
    "half a progressive JPEG": (_cut("JPEG", progressive=True), "damaged"),
    "half a PNG": (_cut("PNG"), "damaged"),
    "half a GIF": (_cut("GIF"), "damaged"),
    "half a WebP": (_cut("WEBP"), "damaged"),
    "300 megapixels": (png(20_000, 15_000, 8, 2), "too_large"),
    "a flat picture": (save(Image.new("RGB", (300, 300), "gray"), "PNG"), "flat"),
    "one pixel": (save(Image.new("RGB", (1, 1)), "PNG"), "flat"),
}


@pytest.mark.parametrize(("file", "trouble"), REFUSED.values(), ids=REFUSED)
def test_what_gives_no_signals_is_told_apart(bench: Bench, file: bytes, trouble: str) -> None:
    """Pages have a sentence for each."""
    assert bench.make(file).trouble == trouble


def test_two_gigabytes_are_refused_at_once(bench: Bench, tmp_path: Path) -> None:
    """The beginning is read, and nothing is decoded."""
    huge = tmp_path / "huge"
    huge.write_bytes(save(picture(), "JPEG")[:2000])
    with huge.open("r+b") as file:
        file.truncate(2 << 30)
    assert bench.make(huge).trouble == "too_large"


def test_a_stopped_picture_says_so_and_the_next_one_is_made(bench: Bench) -> None:
    """Nobody waits for what nobody wants."""
    large = FORMS["JPEG of up to 16 MP"].write(picture())
    assert bench.make(large, stop_after=2).trouble == "cancelled"
    assert bench.make(save(picture(), "PNG")).views["whole"].quality == 100


@pytest.mark.parametrize("before", [NO_CODEC, NOISE + NO_CODEC], ids=["no codec", "noise"])
def test_browsers_with_only_a_canvas_are_a_few_bits_away(
    chromium: Browser, tmp_path: Path, before: str
) -> None:
    """Even if they alter what is read from it by a level or so."""
    home = tmp_path / "page"
    home.mkdir()
    with opened(chromium, home, before) as bench:
        for variant in map(FORMS.__getitem__, ("PNG", "JPEG of up to 16 MP", "EXIF 6")):
            file = tmp_path / f"picture{variant.suffix}"
            file.write_bytes(variant.write(picture()))
            told = bench.make(file)
            assert max(away(told, file).values()) <= 4
            assert told.views["whole"].path == "full"


@pytest.mark.parametrize("form", ["EXIF 1", "EXIF 3", "EXIF 6"])
def test_a_picture_too_large_to_hold_is_decoded_in_parts(
    chromium: Browser, tmp_path: Path, form: str
) -> None:
    """However it is turned."""
    file = tmp_path / "large.jpg"
    file.write_bytes(FORMS[form].write(picture().resize((4802, 3602))))
    with opened(chromium, tmp_path, NOT_AT_ONCE + NO_CODEC) as bench:
        told = bench.make(file)
        assert max(away(told, file).values()) <= 4
        assert bench.make(save(picture(), "PNG")).trouble == "damaged"


def test_a_canvas_that_gives_something_else_is_not_used(chromium: Browser, tmp_path: Path) -> None:
    """WebCodecs serves instead, for every format and turn."""
    home = tmp_path / "page"
    home.mkdir()
    with opened(chromium, home, GARBAGE) as bench:
        for variant in VARIANTS:
            file = tmp_path / f"picture{variant.suffix}"
            file.write_bytes(variant.write(picture()))
            told = bench.make(file)
            assert max(away(told, file).values()) <= 4, variant.name
            assert isinstance(told.signals[-1], KeypointDocument)


def _jpeg(**options: object) -> bytes:
    return save(picture().resize((601, 403)), "JPEG", **options)


BY_HAND = {
    "a PNG": FORMS["PNG"].write(picture()),
    "a transparent PNG": FORMS["transparent PNG"].write(picture()),
    "a PNG with a palette": save(picture().quantize(40), "PNG"),
    "a JPEG": _jpeg(),
    "a large JPEG": FORMS["JPEG of up to 16 MP"].write(picture()),
    "a JPEG with all its colours": _jpeg(subsampling=0, quality=95),
    "a JPEG with half its colours": _jpeg(subsampling=1),
    "a JPEG with marks to restart from": _jpeg(restart_marker_blocks=7),
    "a progressive JPEG": _jpeg(progressive=True),
    "a progressive JPEG with all its colours": _jpeg(progressive=True, subsampling=0),
    "a grey JPEG": save(picture().convert("L"), "JPEG"),
    "a turned JPEG": FORMS["EXIF 6"].write(picture()),
}
"""What is decoded where a browser shuts both ways: nearly all that cameras and screens give."""


@pytest.fixture(scope="module")
def shut(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One page of a browser that keeps what it decodes from pages."""
    with opened(chromium, tmp_path_factory.mktemp("shut"), GARBAGE + NO_CODEC) as bench:
        yield bench


@pytest.mark.parametrize("file", BY_HAND.values(), ids=BY_HAND)
def test_a_browser_that_keeps_pixels_from_pages_is_not_needed(
    shut: Bench, tmp_path: Path, file: bytes
) -> None:
    """Cameras' and screens' files are decoded without it."""
    path = tmp_path / "picture"
    path.write_bytes(file)
    assert max(away(shut.make(path), path).values()) <= 4


@pytest.mark.parametrize("form", ["WebP", "GIF", "CMYK"])
def test_where_no_true_way_is_left_she_is_told(shut: Bench, form: str) -> None:
    """Wrong signals would find nothing, and she would never know."""
    file = {
        "WebP": FORMS["WebP"].write(picture()),
        "GIF": save(picture(), "GIF"),
        "CMYK": save(picture().convert("CMYK"), "JPEG"),
    }[form]
    assert shut.make(file).trouble == "canvas"
