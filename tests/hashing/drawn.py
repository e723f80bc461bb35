"""Pictures drawn from whole numbers, so that every language draws the same pixels.

``vectors/README.md`` gives the formula in words. Write ``vectors/pdq.json`` anew with
``python -m tests.hashing.drawn``; ``tests/hashing/test_vectors.py`` holds it to the
independent ``pdqhash``.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from takeback.hashing import Signal
from takeback.hashing.pdq import Sampler, coefficients, dihedral_signals, quality_of
from takeback.hashing.upright import AS_STORED

VECTORS = Path(__file__).parents[2] / "vectors" / "pdq.json"

SPREADS = ((6, 4), (4, 2), (2, 1))
"""The cells' side as a power of two, and their weight; the weights add up to 7."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What to draw."""

    seed: int
    width: int
    height: int
    channels: int = 3


DRAWINGS = (
    Drawing(1, 64, 64),
    Drawing(2, 65, 63),
    Drawing(3, 127, 129),
    Drawing(4, 128, 128, channels=1),
    Drawing(5, 640, 480),
    Drawing(6, 481, 641),
    Drawing(7, 1000, 750, channels=1),
    Drawing(8, 1921, 1081),
    Drawing(9, 2000, 90),
    Drawing(10, 33, 17),
    Drawing(11, 5, 5),
    Drawing(12, 4, 300),
    Drawing(13, 1, 1),
)
"""Even and odd windows, no window at all, long sides, and what is too small to hash."""


def draw(drawing: Drawing) -> NDArray[np.uint8]:
    """Draw smooth noise of three sizes, shape (height, width, channels)."""
    down, across, channel = np.meshgrid(
        np.arange(drawing.height, dtype=np.uint32),
        np.arange(drawing.width, dtype=np.uint32),
        np.arange(drawing.channels, dtype=np.uint32),
        indexing="ij",
    )
    seed = channel + np.uint32(16 * drawing.seed)
    total = sum(weight * _cells(across, down, seed, power) for power, weight in SPREADS)
    return np.asarray(total // 7, dtype=np.uint8)


def _cells(
    x: NDArray[np.uint32], y: NDArray[np.uint32], seed: NDArray[np.uint32], power: int
) -> NDArray[np.uint32]:
    side = np.uint32(1 << power)
    left, top = x >> np.uint32(power), y >> np.uint32(power)
    fx, fy = x & (side - np.uint32(1)), y & (side - np.uint32(1))
    one = np.uint32(1)
    upper = _corner(left, top, seed) * (side - fx) + _corner(left + one, top, seed) * fx
    lower = _corner(left, top + one, seed) * (side - fx) + _corner(left + one, top + one, seed) * fx
    return np.asarray((upper * (side - fy) + lower * fy) >> np.uint32(2 * power), np.uint32)


def _corner(
    x: NDArray[np.uint32], y: NDArray[np.uint32], seed: NDArray[np.uint32]
) -> NDArray[np.uint32]:
    mixed = x * np.uint32(374761393) + y * np.uint32(668265263) + seed * np.uint32(2246822519)
    mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(1274126177)
    return np.asarray((mixed ^ (mixed >> np.uint32(16))) & np.uint32(255), np.uint32)


def hash_pixels(pixels: NDArray[np.uint8]) -> tuple[tuple[Signal, ...], int]:
    """Return the eight signals and the quality of (height, width, channels) pixels."""
    sampler = Sampler(pixels.shape[1], pixels.shape[0], AS_STORED)
    sampler.add(0, pixels)
    samples = sampler.samples()
    return dihedral_signals(coefficients(samples)), quality_of(samples)


def _expectation(drawing: Drawing) -> dict[str, object]:
    pixels = draw(drawing)
    dihedral, quality = hash_pixels(pixels)
    return {
        "seed": drawing.seed,
        "width": drawing.width,
        "height": drawing.height,
        "channels": drawing.channels,
        "sum_of_pixels": int(pixels.sum(dtype=np.int64)),
        "quality": quality,
        "dihedral": [str(signal) for signal in dihedral],
    }


def _signals() -> dict[str, object]:
    valid = [str(Signal(bytes(range(start, start + 32)))) for start in (0, 100, 224)]
    a, b, c = (Signal.parse(text) for text in valid)
    return {
        "valid": valid,
        "distances": [[0, 1, a.distance(b)], [0, 2, a.distance(c)], [1, 1, b.distance(b)]],
        "malformed": [
            "",
            valid[0][:-1],
            valid[0] + "0",
            valid[2].upper(),
            " " + valid[0][1:],
            valid[0] + "\n",
            "0x" + valid[0][2:],
            "g" * 64,
            "０" * 64,
        ],
    }


if __name__ == "__main__":
    expected = {
        "signal_type": "pdq",
        "tolerance_bits": 2,
        "signals": _signals(),
        "drawings": [_expectation(drawing) for drawing in DRAWINGS],
    }
    VECTORS.write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")
