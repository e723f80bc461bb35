"""What platforms do by themselves, and filters to detail: jpeg, resize, blur, noise and ai."""

import numpy as np
from benchmarks.robustness.edit import Edit, Picture, Scene
from PIL import Image, ImageEnhance, ImageFilter


def saved(scene: Scene) -> Picture:
    """Change nothing but the file."""
    return scene.picture


def scaled(scene: Scene, *, factor: float) -> Picture:
    """Make larger or smaller."""
    width, height = (max(8, round(side * factor)) for side in scene.picture.size)
    return scene.picture.resize((width, height), Image.Resampling.BICUBIC)


def blurred(scene: Scene, *, sigma: float) -> Picture:
    """Blur as if the picture were 512 pixels long and the blur *sigma* of them."""
    radius = sigma * max(scene.picture.size) / 512
    return scene.picture.filter(ImageFilter.GaussianBlur(radius))


def noisy(scene: Scene, *, sigma: float) -> Picture:
    """Add grain of its own to every channel."""
    pixels = np.asarray(scene.picture, dtype=np.float32)
    grain = scene.chance.normal(0, sigma, pixels.shape).astype(np.float32)
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


def smoothed(scene: Scene, *, times: int, reach: int, tone: float) -> Picture:
    """Smooth surfaces and keep edges: a bilateral filter, as portrait filters do."""
    pixels = np.asarray(scene.picture, dtype=np.float32)
    for _ in range(times):
        pixels = _bilateral(pixels, reach, tone)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _bilateral(pixels: np.ndarray, reach: int, tone: float) -> np.ndarray:
    total, weights = np.zeros_like(pixels), np.zeros((*pixels.shape[:2], 1), np.float32)
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    height, width = pixels.shape[:2]
    for down in range(0, 2 * reach + 1, 2):
        for across in range(0, 2 * reach + 1, 2):
            near = padded[down : down + height, across : across + width]
            gap = np.square(near - pixels).mean(axis=2, keepdims=True)
            weight = np.exp(-gap / (2 * tone * tone))
            total += weight * near
            weights += weight
    return np.asarray(total / weights)


def repainted(scene: Scene, *, brush: int, bits: int) -> Picture:
    """Repaint in flat strokes: the commonest tone under a brush, few tones, more colour."""
    strokes = scene.picture.filter(ImageFilter.ModeFilter(brush))
    step = 1 << (8 - bits)
    flat = strokes.point([value // step * step + step // 2 for value in range(256)] * 3)
    return ImageEnhance.Color(flat).enhance(1.3)


def restored(scene: Scene, *, factor: int, percent: int) -> Picture:
    """Throw detail away and sharpen what is left, as enlargers do."""
    small = scaled(scene, factor=1 / factor)
    large = small.resize(scene.picture.size, Image.Resampling.BICUBIC)
    return large.filter(ImageFilter.UnsharpMask(radius=3, percent=percent, threshold=0))


EDITS = (
    *(Edit("jpeg", f"jpeg q{quality}", saved, quality=quality) for quality in (90, 50, 20)),
    *(Edit("resize", f"resize {f:g}x", scaled, {"factor": f}) for f in (0.25, 0.5, 2.0)),
    *(Edit("blur", f"blur sigma {s:g}/512", blurred, {"sigma": s}) for s in (1.0, 2.5, 5.0)),
    *(Edit("noise", f"noise sigma {s}", noisy, {"sigma": s}) for s in (10, 30)),
    Edit("ai", "smoothing (bilateral x2)", smoothed, {"times": 2, "reach": 4, "tone": 25.0}),
    Edit("ai", "repaint-like filter", repainted, {"brush": 9, "bits": 4}),
    Edit("ai", "4x down + sharpen up", restored, {"factor": 4, "percent": 200}),
)
"""Families jpeg, resize, blur, noise and ai."""
