"""Several pictures in one: families collage and pip."""

from benchmarks.robustness.edit import Edit, Picture, Scene
from benchmarks.robustness.families.lettering import WHITE
from PIL import Image, ImageOps


def side_by_side(scene: Scene) -> Picture:
    """Put another picture beside it, as high as it."""
    height = scene.picture.height
    other = scene.others[0]
    other = other.resize((round(other.width * height / other.height), height))
    pair = _shuffled(scene, [scene.picture, other])
    canvas = Image.new("RGB", (sum(each.width for each in pair), height))
    canvas.paste(pair[0], (0, 0))
    canvas.paste(pair[1], (pair[0].width, 0))
    return canvas


def grid(scene: Scene, *, square: bool, gap: float) -> Picture:
    """Put three others around it, two by two; cut to fit where shapes differ."""
    side = min(scene.picture.size)
    size = (side, side) if square else scene.picture.size
    tiles = [ImageOps.fit(each, size) for each in (scene.picture, *scene.others)]
    space = round(gap * max(size))
    canvas = Image.new("RGB", (2 * size[0] + 3 * space, 2 * size[1] + 3 * space), WHITE)
    for number, tile in enumerate(_shuffled(scene, tiles)):
        left = space + number % 2 * (size[0] + space)
        top = space + number // 2 * (size[1] + space)
        canvas.paste(tile, (left, top))
    return canvas


def inset(scene: Scene, *, share: float) -> Picture:
    """Put it anywhere into another picture, as large as fits in so much of that one's sides."""
    canvas = scene.others[0].copy()
    box = (round(share * canvas.width), round(share * canvas.height))
    small = ImageOps.contain(scene.picture, box, Image.Resampling.LANCZOS)
    left, top = scene.chance.random(2)
    canvas.paste(
        small,
        (round((canvas.width - small.width) * left), round((canvas.height - small.height) * top)),
    )
    return canvas


def _shuffled(scene: Scene, pictures: list[Picture]) -> list[Picture]:
    return [pictures[number] for number in scene.chance.permutation(len(pictures))]


EDITS = (
    Edit("collage", "side by side", side_by_side),
    Edit("collage", "2x2 same size", grid, {"square": False, "gap": 0.0}),
    Edit("collage", "2x2 square tiles + gaps", grid, {"square": True, "gap": 0.02}),
    Edit("pip", "picture-in-picture 40%", inset, {"share": 0.4}),
    Edit("pip", "picture-in-picture 20%", inset, {"share": 0.2}),
)
"""Families collage and pip."""
