"""Drawn pictures with what a reporter's device registers of them: ``vectors/reporter.json``.

``vectors/README.md`` gives the rules in words. Write the file anew with
``python -m tests.hashing.reporter_drawings``; what runs in browsers is held to it by
``client/tests/reporter.test.ts``.
"""

import hashlib
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from takeback.hashing import hash_picture
from tests.hashing.drawn import Drawing, draw
from tests.hashing.files import ORIENTATION

VECTORS = Path(__file__).parents[2] / "vectors" / "reporter.json"

TOLERANCE_BITS = 2

Rectangle = tuple[int, int, int, int, int]
"""Left, top, right, bottom and shade."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A drawing on a ground, with rectangles on top and corners cut off."""

    name: str
    seed: int
    width: int
    """Pixels of the whole scene; the drawing fills what is inside its margins."""

    height: int
    channels: int = 3
    shade: int = 0
    """Of the ground."""

    margins: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Left, top, right and bottom."""

    rectangles: tuple[Rectangle, ...] = ()
    steepness: int = 0
    """Corners are black as if the picture was turned by one in so many; 0 for not."""

    orientation: int = 1
    """What EXIF says of the stored picture."""

    def pixels(self) -> NDArray[np.uint8]:
        """Return the stored pixels, shape (height, width, channels)."""
        left, top, right, bottom = self.margins
        inner = Drawing(
            self.seed, self.width - left - right, self.height - top - bottom, self.channels
        )
        scene = np.full((self.height, self.width, self.channels), self.shade, np.uint8)
        scene[top : self.height - bottom, left : self.width - right] = draw(inner)
        for x, y, end, low, shade in self.rectangles:
            scene[y:low, x:end] = shade
        return np.where(self._is_cut_off()[:, :, None], np.uint8(0), scene)

    def _is_cut_off(self) -> NDArray[np.bool_]:
        y, x = np.mgrid[: self.height, : self.width]
        if not self.steepness:
            return np.zeros(x.shape, np.bool_)
        far_x, far_y, by = self.width - 1 - x, self.height - 1 - y, self.steepness
        above, below = by * y < x, by * far_y < far_x
        return np.asarray(above | below | (by * x < far_y) | (by * far_x < y))

    def file(self) -> bytes:
        """Return the scene as a PNG."""
        pixels = self.pixels()
        exif = Image.Exif()
        exif[ORIENTATION] = self.orientation
        file = io.BytesIO()
        shown = pixels if self.channels > 1 else pixels[:, :, 0]
        Image.fromarray(shown).save(file, "PNG", exif=exif)
        return file.getvalue()


def _words(top: int, shade: int) -> tuple[Rectangle, ...]:
    """Return rectangles in a row, as far apart as letters are."""
    return tuple((x, top, x + 9, top + 22, shade) for x in range(40, 420, 18))


_POST = (100, 200, 620, 560, 130)
"""What hides a drawing but for its edge of nothing: a flat picture in a post."""

SCENES = (
    Scene("plain", 31, 600, 800),
    Scene("grey", 32, 900, 400, channels=1),
    Scene("larger than 1024", 33, 1921, 1081, channels=1),
    Scene("with a border", 34, 700, 560, shade=250, margins=(40, 60, 52, 60)),
    Scene(
        "with captions",
        35,
        640,
        700,
        shade=18,
        margins=(0, 90, 0, 110),
        rectangles=_words(30, 240) + _words(630, 240),
    ),
    Scene(
        "with captions inside a border",
        36,
        760,
        760,
        shade=255,
        margins=(60, 150, 60, 150),
        rectangles=_words(90, 10),
    ),
    Scene("turned by a tilt", 37, 720, 600, channels=1, steepness=12),
    *(Scene(f"stored by orientation {turn}", 38, 420, 333, orientation=turn) for turn in (3, 6, 7)),
    Scene(
        "flat in a post",
        39,
        720,
        720,
        shade=255,
        margins=(100, 200, 100, 160),
        rectangles=(_POST, *_words(120, 20)),
    ),
    Scene("small on a flat ground", 40, 800, 800, shade=128, margins=(360, 360, 360, 360)),
    Scene("all flat", 41, 300, 200, margins=(150, 100, 150, 100), shade=77),
)
"""Every view, every kind of frame, and what has too little inside one."""


def expectation(scene: Scene) -> dict[str, object]:
    """Return what hashing a scene must give."""
    found = hash_picture(scene.file(), role="reporter")
    return {
        **asdict(scene),
        "sum_of_pixels": int(scene.pixels().sum(dtype=np.int64)),
        "quality": found.quality,
        "whole": str(found.whole),
        "views": [
            {"view": each.view, "quality": each.quality, "signal": str(each.dihedral[0])}
            for each in found.views
        ],
        "keypoints": [
            {
                "view": look.look,
                "count": len(look.plain),
                "packed_sha256": hashlib.sha256(look.plain.pack()).hexdigest(),
            }
            for look in found.keypoints
        ],
    }


if __name__ == "__main__":
    expected = {"tolerance_bits": TOLERANCE_BITS, "scenes": [expectation(each) for each in SCENES]}
    VECTORS.write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")
