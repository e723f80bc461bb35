"""Different pictures inside the same frame: none of them may match another.

Screenshots of one app, memes with one saying, copies with one watermark and pictures under one
sticker have much in common, and none of it is the picture. Everything that an app or a joke
brings along is drawn in the same words, in the same place. Every picture is good enough to be
registered without its frame; a flat one under a sticker is the sticker.

    python -m benchmarks.robustness.templates --corpus ../shared/corpus
    python -m benchmarks.robustness.templates --pictures 60 --template sticker --json
"""

import argparse
import hashlib
import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.robustness.corpus import Subject, subjects
from benchmarks.robustness.edit import Picture, Scene, jpeg
from benchmarks.robustness.families.frames import captioned
from benchmarks.robustness.families.lettering import BLACK, WHITE, face, font, words
from benchmarks.robustness.families.overlays import large_text, sticker, watermark
from benchmarks.robustness.families.phone import filled_screenshot, screenshot
from PIL import Image, ImageDraw, ImageOps

from takeback.hashing import MINIMUM_QUALITY, PictureSignals, hash_picture, warm_up
from takeback.matching import PictureBank

SIDE: Final = 768
"""Longest side of each picture, in pixels."""

QUALITY: Final = 90
"""JPEG quality of each file."""

SHAPE: Final = (4, 3)
"""Width and height of each picture: equal, so that frames around them are equal too."""


def _as_seen(apply: Callable[..., Picture], **parameters: object) -> Callable[[Picture], Picture]:
    """Return an edit that makes the same of every picture: its chance begins anew each time."""

    def frame(picture: Picture) -> Picture:
        return apply(Scene(picture, (), np.random.default_rng(7)), **parameters)

    return frame


def meme(picture: Picture) -> Picture:
    """Put a black frame around it, and a saying in large letters below."""
    border = ImageOps.expand(picture, 12, WHITE)
    canvas = Image.new("RGB", (border.width + 120, border.height + 220), BLACK)
    canvas.paste(border, (60, 40))
    draw = ImageDraw.Draw(canvas)
    saying = words(np.random.default_rng(7), 3).upper()
    middle = canvas.width / 2
    draw.text((middle, border.height + 90), saying, WHITE, font(60), "mm")
    draw.text(
        (middle, border.height + 160), words(np.random.default_rng(8), 6), WHITE, font(28), "mm"
    )
    return canvas


def logo(picture: Picture) -> Picture:
    """Put an app's sign and its user's name into two corners."""
    marked = picture.copy()
    draw = ImageDraw.Draw(marked)
    sign = face(round(0.11 * marked.width), np.random.default_rng(7))
    marked.paste(sign, (20, 20), sign)
    for shift, ink in ((2, BLACK), (0, WHITE)):
        draw.text((30 + sign.width + shift, 30 + shift), "Example", ink, font(44))
        place = (marked.width - 24 + shift, marked.height - 24 + shift)
        draw.text(place, "@somebody_there", ink, font(32), "rd")
    return marked


TEMPLATES: Final[dict[str, Callable[[Picture], Picture]]] = {
    "phone interface, dark": _as_seen(screenshot, dark=True),
    "phone interface, light": _as_seen(screenshot, dark=False),
    "phone controls on the picture": _as_seen(filled_screenshot),
    "meme frame": meme,
    "caption": _as_seen(captioned, top=0.2, bottom=0.2, colour=WHITE),
    "tiled watermark": _as_seen(watermark, opacity=0.35),
    "sticker, 12 %": _as_seen(sticker, area=0.12),
    "sticker, 25 %": _as_seen(sticker, area=0.25),
    "large text": _as_seen(large_text, lines=3),
    "app logo": logo,
}
"""What is put around or over different pictures, by name."""


Described = tuple[PictureSignals, PictureSignals]
"""One picture in a template, as it is registered and as it is looked up."""

Counts = dict[str, int]


def pictures(chosen: Sequence[Subject]) -> Iterator[Picture]:
    """Yield different pictures of one shape: quarters of the corpus, in no order."""
    quarters = [(each.path, corner) for each in chosen for corner in range(4)]
    for path, corner in sorted(quarters, key=_chance):
        picture = quarter(path, corner)
        if hash_picture(jpeg(picture, QUALITY), role="reporter").quality >= MINIMUM_QUALITY:
            yield picture


def quarter(path: Path, corner: int) -> Picture:
    """Cut a quarter out of a picture and bring it to the common shape."""
    with Image.open(path) as whole:
        picture = whole.convert("RGB")
    width, height = picture.width // 2, picture.height // 2
    left, top = corner % 2 * width, corner // 2 * height
    part = picture.crop((left, top, left + width, top + height))
    size = (SIDE, SIDE * SHAPE[1] // SHAPE[0])
    return ImageOps.fit(part, size, Image.Resampling.LANCZOS)


def _chance(part: tuple[Path, int]) -> bytes:
    return hashlib.sha256(f"{part[0].name}|{part[1]}".encode()).digest()


def upload(template: str, picture: Picture) -> bytes:
    """Return the file of a picture in a template."""
    return jpeg(TEMPLATES[template](picture), QUALITY)


def described(picture: Picture, template: str) -> Described:
    """Describe a picture in a template from both sides."""
    file = upload(template, picture)
    return hash_picture(file, role="reporter"), hash_picture(file, shrink=True, role="query")


def all_registered(files: Sequence[Described]) -> Counts:
    """Register all and look each up among all others; count false matches by ground."""
    bank: PictureBank[int] = PictureBank()
    for number, (registered, _) in enumerate(files):
        _register(bank, number, registered)
    counts: Counter[str] = Counter()
    for number, (registered, looked_up) in enumerate(files):
        bank.withdraw(number)
        counts.update(match.ground.value for match in bank.match(looked_up, limit=len(files)))
        _register(bank, number, registered)
    return dict(counts)


def one_registered(files: Sequence[Described], number: int) -> Counts:
    """Register one and look all others up; count false matches by ground."""
    bank: PictureBank[int] = PictureBank()
    _register(bank, number, files[number][0])
    others = [looked_up for other, (_, looked_up) in enumerate(files) if other != number]
    return dict(Counter(match.ground.value for each in others for match in bank.match(each)))


def _register(bank: PictureBank[int], number: int, signals: PictureSignals) -> None:
    """Register what is good enough; a flat picture in a frame is refused."""
    if signals.quality >= MINIMUM_QUALITY or signals.keypoints_alone:
        bank.register(number, signals)


def measured(template: str, files: Sequence[Described], alone: int) -> dict[str, object]:
    """Count false matches among pictures in one template, *alone* of them also each by itself."""
    single: Counter[str] = Counter()
    for number in range(min(alone, len(files))):
        single.update(one_registered(files, number))
    return {
        "template": template,
        "pictures": len(files),
        "registered": sum(
            one.quality >= MINIMUM_QUALITY or one.keypoints_alone for one, _ in files
        ),
        "false, all registered": all_registered(files),
        "false, one registered": dict(single),
    }


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, help="folder of pictures, or with folder images")
    parser.add_argument("--pictures", type=int, default=500, help="how many different ones")
    parser.add_argument("--alone", type=int, default=10, help="how many are registered alone")
    parser.add_argument("--template", default="", help="part of its name; all if not given")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> int:
    """Measure and print; return 1 if different pictures matched."""
    options = arguments()
    chosen = list(islice(pictures(subjects(options.corpus)), options.pictures))
    context = multiprocessing.get_context("spawn")
    rows = []
    with ProcessPoolExecutor(options.processes, context, warm_up) as executor:
        for template in TEMPLATES:
            if options.template in template:
                files = list(executor.map(partial(described, template=template), chosen))
                rows.append(measured(template, files, options.alone))
                if not options.json:
                    print(*(f"{key}: {value}" for key, value in rows[-1].items()), sep="; ")
    if options.json:
        print(json.dumps(rows, indent=2))
    return int(any(value for row in rows for key, value in row.items() if key.startswith("false")))


if __name__ == "__main__":
    sys.exit(main())
