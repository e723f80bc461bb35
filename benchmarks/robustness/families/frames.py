"""Something around the picture: families border and caption."""

from benchmarks.robustness.edit import Edit, Picture, Scene
from benchmarks.robustness.families.lettering import BLACK, WHITE, Colour, line, words
from PIL import Image, ImageFilter, ImageOps


def bordered(scene: Scene, *, share: float, colour: Colour) -> Picture:
    """Add an even border, so much of the longest side."""
    return ImageOps.expand(scene.picture, round(share * max(scene.picture.size)), colour)


def letterboxed(scene: Scene, *, width: int, height: int, colour: Colour) -> Picture:
    """Fill up to a shape with bars of one colour."""
    return _on(_canvas(scene.picture, width, height, colour), scene.picture)


def story(scene: Scene, *, width: int, height: int, sigma: float) -> Picture:
    """Fill up to a shape with the picture itself, enlarged and blurred."""
    canvas = _canvas(scene.picture, width, height, BLACK)
    filled = ImageOps.fit(scene.picture, canvas.size, Image.Resampling.BICUBIC)
    blurred = filled.filter(ImageFilter.GaussianBlur(sigma * max(canvas.size)))
    return _on(blurred.point([round(0.8 * value) for value in range(256)] * 3), scene.picture)


def captioned(scene: Scene, *, top: float, bottom: float, colour: Colour) -> Picture:
    """Add bars with a line of text above and below, in shares of the picture's height."""
    picture = scene.picture
    above, below = round(top * picture.height), round(bottom * picture.height)
    canvas = Image.new("RGB", (picture.width, picture.height + above + below), colour)
    canvas.paste(picture, (0, above))
    ink = BLACK if colour == WHITE else WHITE
    for height, centre in ((above, above / 2), (below, canvas.height - below / 2)):
        if height:
            text = words(scene.chance, 4)
            line(canvas, text, (canvas.width / 2, centre), 0.5 * height, ink)
    return canvas


def _canvas(picture: Picture, width: int, height: int, colour: Colour) -> Picture:
    """Return the smallest canvas of a shape that holds the picture and leaves bars.

    Half of all pictures are square; a bar all around is what letterboxing a square means here.
    """
    unit = max(picture.width / width, picture.height / height)
    if unit * unit * width * height < 1.1 * picture.width * picture.height:
        unit *= 1.15
    return Image.new("RGB", (round(unit * width), round(unit * height)), colour)


def _on(canvas: Picture, picture: Picture) -> Picture:
    canvas.paste(
        picture, ((canvas.width - picture.width) // 2, (canvas.height - picture.height) // 2)
    )
    return canvas


EDITS = (
    Edit("border", "border 5% white", bordered, {"share": 0.05, "colour": WHITE}),
    Edit("border", "border 10% black", bordered, {"share": 0.1, "colour": BLACK}),
    Edit(
        "border", "letterbox to 1:1 black", letterboxed, {"width": 1, "height": 1, "colour": BLACK}
    ),
    Edit(
        "border",
        "letterbox to 9:16 white",
        letterboxed,
        {"width": 9, "height": 16, "colour": WHITE},
    ),
    Edit(
        "border",
        "story: blurred background 9:16",
        story,
        {"width": 9, "height": 16, "sigma": 0.02},
    ),
    Edit(
        "caption",
        "caption bar top 18% white",
        captioned,
        {"top": 0.18, "bottom": 0.0, "colour": WHITE},
    ),
    Edit(
        "caption",
        "caption bar bottom 15% black",
        captioned,
        {"top": 0.0, "bottom": 0.15, "colour": BLACK},
    ),
    Edit(
        "caption",
        "caption top+bottom 20%",
        captioned,
        {"top": 0.2, "bottom": 0.2, "colour": WHITE},
    ),
)
"""Families border and caption."""
