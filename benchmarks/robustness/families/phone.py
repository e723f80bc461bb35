"""Made with a phone: families screenshot and screenphoto."""

import numpy as np
from benchmarks.robustness.edit import Edit, Picture, Scene
from benchmarks.robustness.families.lettering import BLACK, WHITE, Colour, font, words
from PIL import Image, ImageDraw, ImageFilter, ImageOps

SCREEN = (720, 1560)
"""Pixels of the screen: 9 to 19.5."""

Corners = tuple[float, float, float, float, float, float, float, float]


def screenshot(scene: Scene, *, dark: bool) -> Picture:
    """Show the picture in an app, as wide as the screen, and take a screenshot."""
    paper, ink = ((18, 18, 20), WHITE) if dark else ((250, 250, 250), (25, 25, 25))
    screen = Image.new("RGB", SCREEN, paper)
    picture = _fitting(scene.picture, (SCREEN[0], 1150))
    top = 170
    screen.paste(picture, ((SCREEN[0] - picture.width) // 2, top))
    _status_bar(screen, ink)
    _header(screen, scene, ink)
    _below(screen, top + picture.height, scene, ink)
    return screen


def filled_screenshot(scene: Scene) -> Picture:
    """Show the picture cut to fill the screen, with controls on top, and take a screenshot."""
    screen = ImageOps.fit(scene.picture, SCREEN, Image.Resampling.BICUBIC)
    _status_bar(screen, WHITE)
    draw = ImageDraw.Draw(screen)
    for number in range(4):
        top = 900 + 120 * number
        draw.ellipse((630, top, 690, top + 60), outline=WHITE, width=6)
    draw.text((30, 1400), f"@example  {words(scene.chance, 4)}", WHITE, font(30))
    draw.rounded_rectangle((250, 1530, 470, 1538), 4, WHITE)
    return screen


def _fitting(picture: Picture, box: tuple[int, int]) -> Picture:
    return ImageOps.contain(picture, box, Image.Resampling.BICUBIC)


def _status_bar(screen: Picture, ink: Colour) -> None:
    draw = ImageDraw.Draw(screen)
    draw.text((40, 18), "21:07", ink, font(30))
    draw.rounded_rectangle((620, 22, 680, 46), 6, outline=ink, width=3)
    draw.rectangle((625, 27, 660, 41), ink)
    for bar in range(4):
        draw.rectangle((520 + 14 * bar, 44 - 6 * bar, 529 + 14 * bar, 46), ink)


def _header(screen: Picture, scene: Scene, ink: Colour) -> None:
    draw = ImageDraw.Draw(screen)
    colour = tuple(int(value) for value in scene.chance.integers(60, 220, 3))
    draw.ellipse((24, 84, 84, 144), colour)
    draw.text((104, 92), words(scene.chance, 2), ink, font(30))
    for dot in range(3):
        draw.ellipse((650 + 14 * dot, 110, 657 + 14 * dot, 117), ink)


def _below(screen: Picture, top: int, scene: Scene, ink: Colour) -> None:
    draw = ImageDraw.Draw(screen)
    for number in range(3):
        left = 30 + 80 * number
        draw.ellipse((left, top + 24, left + 48, top + 72), outline=ink, width=5)
    for number in range(int(scene.chance.integers(2, 5))):
        place = (30, top + 100 + 44 * number)
        draw.text(place, words(scene.chance, int(scene.chance.integers(3, 7))), ink, font(28))
    for number in range(5):
        left = 50 + 140 * number
        draw.rounded_rectangle((left, 1470, left + 50, 1520), 12, outline=ink, width=5)


def photographed(scene: Scene, *, bend: float, margin: float, moire: float, blur: float) -> Picture:
    """Photograph a screen that shows the picture.

    Args:
        scene: as everywhere.
        bend: how far each corner is out of place, at most, in shares of the sides.
        margin: how much of the screen's surroundings is seen, in shares of the sides.
        moire: strength of the stripes between both grids, in levels.
        blur: standard deviation of the blur, in pixels of 768; the grain is 5 levels for each.
    """
    seen = _bent(_on_a_desk(scene, margin), scene, bend)
    pixels = np.asarray(seen.filter(ImageFilter.GaussianBlur(blur)), dtype=np.float32)
    lit = pixels * _light(scene, pixels.shape[:2])[..., None]
    lit += moire * _stripes(scene, pixels.shape[:2])[..., None]
    lit += scene.chance.normal(0, 5 * blur, lit.shape)
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))


def _on_a_desk(scene: Scene, margin: float) -> Picture:
    width, height = scene.picture.size
    bezel = round(0.2 * margin * max(width, height))
    framed = ImageOps.expand(scene.picture, bezel, (12, 12, 12))
    desk = round(margin * max(width, height))
    return ImageOps.expand(framed, desk, (96, 84, 72))


def _bent(picture: Picture, scene: Scene, bend: float) -> Picture:
    width, height = picture.size
    size = np.array([width, height])
    corners = np.array([[0, 0], [0, 1], [1, 1], [1, 0]])
    inward = np.where(corners == 0, 1, -1) * scene.chance.uniform(-bend, bend, (4, 2))
    quad: Corners = tuple(float(value) for value in ((corners + inward) * size).ravel())  # type: ignore[assignment]
    return picture.transform(
        picture.size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC, fillcolor=BLACK
    )


def _light(scene: Scene, shape: tuple[int, int]) -> np.ndarray:
    """Return brighter and darker sides and a vignette, around 0.6 to 1.15."""
    down, across = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    slope = scene.chance.uniform(-0.12, 0.12, 2)
    light = 1 + slope[0] * down + slope[1] * across - 0.1 * (down**2 + across**2)
    return np.asarray(light, dtype=np.float32)


def _stripes(scene: Scene, shape: tuple[int, int]) -> np.ndarray:
    down, across = np.mgrid[: shape[0], : shape[1]]
    angle, length = scene.chance.uniform(0, np.pi), scene.chance.uniform(5, 12)
    wave = (down * np.sin(angle) + across * np.cos(angle)) * 2 * np.pi / length
    return np.asarray(np.sin(wave), dtype=np.float32)


EDITS = (
    Edit("screenshot", "phone screenshot, dark UI", screenshot, {"dark": True}),
    Edit("screenshot", "phone screenshot, light UI", screenshot, {"dark": False}),
    Edit("screenshot", "phone screenshot, picture cropped to fill", filled_screenshot),
    Edit(
        "screenphoto",
        "photo of screen, mild",
        photographed,
        {"bend": 0.03, "margin": 0.03, "moire": 3.0, "blur": 0.7},
    ),
    Edit(
        "screenphoto",
        "photo of screen, strong",
        photographed,
        {"bend": 0.06, "margin": 0.08, "moire": 10.0, "blur": 1.5},
    ),
)
"""Families screenshot and screenphoto."""
