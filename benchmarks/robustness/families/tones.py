"""Other tones, everything in its place: families tone and filter."""

from collections.abc import Callable

import numpy as np
from benchmarks.robustness.edit import Edit, Picture, Scene
from PIL import Image, ImageEnhance, ImageOps

ENHANCERS: dict[str, Callable[[Picture], ImageEnhance._Enhance]] = {
    "brightness": ImageEnhance.Brightness,
    "contrast": ImageEnhance.Contrast,
    "color": ImageEnhance.Color,
}
SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])


def enhanced(scene: Scene, *, what: str, factor: float) -> Picture:
    """Turn one of the usual sliders."""
    return ENHANCERS[what](scene.picture).enhance(factor)


def grey(scene: Scene) -> Picture:
    """Take the colour away."""
    return ImageOps.grayscale(scene.picture)


def sepia(scene: Scene) -> Picture:
    """Tone as an old photograph."""
    toned = np.asarray(scene.picture, dtype=np.float64) @ SEPIA.T
    return Image.fromarray(np.clip(toned, 0, 255).astype(np.uint8))


def cooled(scene: Scene, *, gamma: float, red: float, blue: float) -> Picture:
    """Shift to blue and bend the tones."""
    share = np.asarray(scene.picture, dtype=np.float64) / 255
    toned = np.power(share, gamma) * np.array([red, 1.0, blue])
    return Image.fromarray(np.clip(toned * 255, 0, 255).astype(np.uint8))


def equalised(scene: Scene) -> Picture:
    """Spread the tones evenly."""
    return ImageOps.equalize(scene.picture)


def inverted(scene: Scene) -> Picture:
    """Turn into a negative."""
    return ImageOps.invert(scene.picture)


SLIDERS = (
    ("brightness", 0.6),
    ("brightness", 1.5),
    ("contrast", 0.6),
    ("contrast", 1.7),
    ("color", 2.0),
)

EDITS = (
    *(
        Edit("tone", f"{what} x{factor:g}", enhanced, {"what": what, "factor": factor})
        for what, factor in SLIDERS
    ),
    Edit("tone", "greyscale", grey),
    Edit("filter", "sepia", sepia),
    Edit("filter", "cool + gamma", cooled, {"gamma": 0.8, "red": 0.85, "blue": 1.15}),
    Edit("filter", "auto-equalise", equalised),
    Edit("filter", "invert", inverted),
)
"""Families tone and filter."""
