"""The same picture in another place: families mirror, rot90, smallrot, crop, cropoff and aspect."""

import math

from benchmarks.robustness.edit import Edit, Picture, Scene
from PIL import Image, ImageOps


def mirrored(scene: Scene) -> Picture:
    """Swap left and right."""
    return ImageOps.mirror(scene.picture)


def turned(scene: Scene, *, degrees: int) -> Picture:
    """Turn by quarters."""
    return scene.picture.rotate(degrees, expand=True)


def tilted(scene: Scene, *, degrees: float) -> Picture:
    """Turn a little, either way, inside the same frame; the corners stay black."""
    angle = degrees * scene.chance.choice([-1, 1])
    return scene.picture.rotate(angle, Image.Resampling.BICUBIC)


def levelled(scene: Scene, *, degrees: float) -> Picture:
    """Turn a little, either way, and cut out the largest upright rectangle of the same shape."""
    tilt = math.radians(degrees)
    width, height = scene.picture.size
    long, short = max(width, height), min(width, height)
    share = short / (long * math.sin(tilt) + short * math.cos(tilt))
    return _part(tilted(scene, degrees=degrees), share, share, 0.5, 0.5)


def centred(scene: Scene, *, area: float) -> Picture:
    """Keep the middle of the picture, so much of its area."""
    share = math.sqrt(area)
    return _part(scene.picture, share, share, 0.5, 0.5)


def off_centre(scene: Scene, *, area: float) -> Picture:
    """Keep so much of the area, anywhere."""
    share = math.sqrt(area)
    left, top = scene.chance.random(2)
    return _part(scene.picture, share, share, left, top)


def stretched(scene: Scene, *, factor: float) -> Picture:
    """Make wider without making higher."""
    width, height = scene.picture.size
    return scene.picture.resize((round(width * factor), height), Image.Resampling.BICUBIC)


def squared(scene: Scene) -> Picture:
    """Stretch into a square."""
    side = max(scene.picture.size)
    return scene.picture.resize((side, side), Image.Resampling.BICUBIC)


def shaped(scene: Scene, *, width: int, height: int) -> Picture:
    """Cut the middle to a shape, as platforms do."""
    across, down = scene.picture.size
    wanted = width / height
    return _part(
        scene.picture, min(1.0, down * wanted / across), min(1.0, across / wanted / down), 0.5, 0.5
    )


def _part(picture: Picture, across: float, down: float, left: float, top: float) -> Picture:
    """Cut out shares of the sides; *left* and *top* say how far along, 0 to 1."""
    width, height = picture.size
    wide, high = max(8, round(width * across)), max(8, round(height * down))
    x, y = round((width - wide) * left), round((height - high) * top)
    return picture.crop((x, y, x + wide, y + high))


EDITS = (
    Edit("mirror", "mirror", mirrored),
    *(Edit("rot90", f"rotate {turn}", turned, {"degrees": turn}) for turn in (90, 180)),
    *(
        Edit("smallrot", f"rotate {tilt} deg, black corners", tilted, {"degrees": tilt})
        for tilt in (2, 5, 10, 15)
    ),
    *(
        Edit("smallrot", f"rotate {tilt} deg, cropped", levelled, {"degrees": tilt})
        for tilt in (3, 7, 12)
    ),
    *(
        Edit("crop", f"crop {area:.0%} centred", centred, {"area": area})
        for area in (0.95, 0.9, 0.75, 0.5, 0.25)
    ),
    *(
        Edit("cropoff", f"crop {area:.0%} off-centre", off_centre, {"area": area})
        for area in (0.9, 0.75, 0.5, 0.25)
    ),
    Edit("aspect", "stretch 1.25:1", stretched, {"factor": 1.25}),
    Edit("aspect", "to square (stretch)", squared),
    Edit("aspect", "crop to 4:5", shaped, {"width": 4, "height": 5}),
    Edit("aspect", "crop to 1:1", shaped, {"width": 1, "height": 1}),
)
"""Families mirror, rot90, smallrot, crop, cropoff and aspect."""
