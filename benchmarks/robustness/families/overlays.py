"""Something on top of the picture: family overlay."""

import math

from benchmarks.robustness.edit import Edit, Picture, Scene
from benchmarks.robustness.families.lettering import BLACK, WHITE, face, fitted, font, line, words
from PIL import Image, ImageDraw


def sticker(scene: Scene, *, area: float) -> Picture:
    """Put an emoji anywhere that covers so much of the picture's area."""
    picture = scene.picture.copy()
    width, height = picture.size
    side = min(round(math.sqrt(4 / math.pi * area * width * height)), width, height)
    emoji = face(side, scene.chance)
    left, top = scene.chance.random(2)
    picture.paste(emoji, (round((width - side) * left), round((height - side) * top)), emoji)
    return picture


def text_line(scene: Scene, *, height: float) -> Picture:
    """Write one white line with a black rim, somewhere in the lower or upper third."""
    picture = scene.picture.copy()
    draw = ImageDraw.Draw(picture)
    text = words(scene.chance, 5)
    size = fitted(draw, text, 0.8 * picture.width, height * picture.height)
    place = (picture.width / 2, picture.height * scene.chance.choice([0.15, 0.85]))
    draw.text(
        place, text, WHITE, font(size), "mm", stroke_width=max(1, int(size / 12)), stroke_fill=BLACK
    )
    return picture


def large_text(scene: Scene, *, lines: int) -> Picture:
    """Write lines across the whole picture, each as wide as the picture."""
    picture = scene.picture.copy()
    draw = ImageDraw.Draw(picture)
    for number in range(lines):
        text = words(scene.chance, 2).upper()
        size = fitted(draw, text, 0.92 * picture.width, 0.8 * picture.height / lines)
        place = (picture.width / 2, picture.height * (number + 0.5) / lines)
        rim = max(1, int(size / 12))
        draw.text(place, text, WHITE, font(size), "mm", stroke_width=rim, stroke_fill=BLACK)
    return picture


def watermark(scene: Scene, *, opacity: float) -> Picture:
    """Write a name all over, slanted and see-through."""
    width, height = scene.picture.size
    reach = 2 * max(width, height)
    tile = Image.new("L", (reach, reach), 0)
    step = max(width, height) // 6
    for row in range(reach // step):
        for column in range(reach // (2 * step)):
            place = ((2 * column + row % 2) * step, row * step)
            ImageDraw.Draw(tile).text(place, "@example", 255, font(step / 2.5))
    slanted = tile.rotate(30, Image.Resampling.BICUBIC)
    left, top = (reach - width) // 2, (reach - height) // 2
    mask = slanted.crop((left, top, left + width, top + height))
    mask = mask.point([round(value * opacity) for value in range(256)])
    return Image.composite(Image.new("RGB", (width, height), WHITE), scene.picture, mask)


def with_line(picture: Picture, text: str, centre: float, height: float) -> Picture:
    """Write a line on a copy, its centre so far down."""
    copy = picture.copy()
    line(copy, text, (copy.width / 2, copy.height * centre), copy.height * height, WHITE)
    return copy


EDITS = (
    *(
        Edit("overlay", f"emoji {area:.0%} area", sticker, {"area": area})
        for area in (0.05, 0.12, 0.25)
    ),
    Edit("overlay", "text line", text_line, {"height": 0.08}),
    Edit("overlay", "large text (3 lines)", large_text, {"lines": 3}),
    Edit("overlay", "watermark tiled 35%", watermark, {"opacity": 0.35}),
)
"""Family overlay."""
