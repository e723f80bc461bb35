"""Drawn pictures with their keypoint signals, as ``vectors/kp1.json`` holds them.

Write the file anew with ``python -m tests.hashing.keypoint_drawings``. It comes from the plain
implementation in ``plain_kp1.py``, so that the compiled one is held to something else than
itself.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.keypoint_signals import KeypointView
from tests.hashing import plain_kp1
from tests.hashing.drawn import Drawing, draw

VECTORS = Path(__file__).parents[2] / "vectors" / "kp1.json"

VIEWS = {
    (False, False): KeypointView.PLAIN,
    (True, False): KeypointView.MIRRORED,
    (False, True): KeypointView.INVERTED,
    (True, True): KeypointView.MIRRORED_INVERTED,
}
"""By mirrored and inverted."""

REGISTERED = (80, 40)
"""How many keypoints are registered: at most, and of a frame of a video."""

SHOWN = 8
"""Keypoints of each drawing that are written out; digests cover the others."""


@dataclass(frozen=True, slots=True)
class KeypointDrawing:
    """What to draw, and by how much to divide its pixels: pale pictures have weak keypoints."""

    seed: int
    width: int
    height: int
    channels: int = 3
    divisor: int = 1

    def pixels(self) -> NDArray[np.uint8]:
        """Return the drawing, shape (height, width, channels)."""
        drawing = Drawing(self.seed, self.width, self.height, self.channels)
        return np.asarray(draw(drawing) // self.divisor, np.uint8)


DRAWINGS = (
    KeypointDrawing(21, 640, 480),
    KeypointDrawing(22, 97, 131, channels=1),
    KeypointDrawing(23, 1300, 700),
    KeypointDrawing(24, 257, 512, divisor=10),
    KeypointDrawing(25, 300, 300, divisor=14),
    KeypointDrawing(26, 17, 16),
    KeypointDrawing(27, 3000, 90),
    KeypointDrawing(28, 400, 300, divisor=200),
)
"""Shrunk and not, odd sides, pale ones, one keypoint, too narrow, and nearly flat."""


def expectation(drawing: KeypointDrawing) -> dict[str, object]:
    """Return what describing a drawing must give, by the plain implementation."""
    pixels = drawing.pixels()
    views = plain_kp1.packed(pixels)
    signals, strengths = views[False, False]
    rows = [signals[2 + 35 * k : 37 + 35 * k] for k in range(len(strengths))]
    return {
        **asdict(drawing),
        "sum_of_pixels": int(pixels.sum(dtype=np.int64)),
        "keypoints": len(rows),
        "best": [
            {"signal": row[:32].hex(), "place": row[32:].hex(), "strength": strength}
            for row, strength in list(zip(rows, strengths, strict=True))[:SHOWN]
        ],
        "packed_sha256": {
            str(VIEWS[view]): hashlib.sha256(packed).hexdigest()
            for view, (packed, _) in views.items()
        },
        "registered_sha256": {
            str(most): hashlib.sha256(plain_kp1.registered(signals, most)).hexdigest()
            for most in REGISTERED
        },
    }


if __name__ == "__main__":
    expected = {"signal_type": "kp1", "drawings": [expectation(each) for each in DRAWINGS]}
    VECTORS.write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")
