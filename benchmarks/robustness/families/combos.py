"""Several edits on top of each other, as in the wild: family combo."""

from benchmarks.robustness.edit import Edit, Picture, Scene
from benchmarks.robustness.families.frames import bordered, captioned
from benchmarks.robustness.families.geometry import levelled, mirrored, off_centre
from benchmarks.robustness.families.lettering import BLACK, WHITE
from benchmarks.robustness.families.overlays import sticker, text_line
from benchmarks.robustness.families.phone import screenshot
from benchmarks.robustness.families.tones import enhanced, sepia


def mirror_and_crop(scene: Scene, *, area: float) -> Picture:
    """Mirror, then crop off-centre."""
    return off_centre(scene.showing(mirrored(scene)), area=area)


def caption_and_border(scene: Scene, *, top: float, share: float) -> Picture:
    """Caption above, then an even black border."""
    captions = captioned(scene, top=top, bottom=0.0, colour=WHITE)
    return bordered(scene.showing(captions), share=share, colour=BLACK)


def crop_and_sticker(scene: Scene, *, area: float, emoji: float) -> Picture:
    """Crop off-centre, sticker on top, then sepia."""
    cut = off_centre(scene, area=area)
    return sepia(scene.showing(sticker(scene.showing(cut), area=emoji)))


def mirror_and_screenshot(scene: Scene) -> Picture:
    """Mirror, then a screenshot."""
    return screenshot(scene.showing(mirrored(scene)), dark=False)


def tilt_and_text(scene: Scene, *, degrees: float, factor: float) -> Picture:
    """Tilt and crop, brighten, then a line of text."""
    cut = levelled(scene, degrees=degrees)
    bright = enhanced(scene.showing(cut), what="brightness", factor=factor)
    return text_line(scene.showing(bright), height=0.08)


def screenshot_of_crop(scene: Scene, *, area: float) -> Picture:
    """Crop off-centre, then a screenshot."""
    return screenshot(scene.showing(off_centre(scene, area=area)), dark=True)


EDITS = (
    Edit("combo", "mirror + crop 80% + jpeg 50", mirror_and_crop, {"area": 0.8}, quality=50),
    Edit(
        "combo",
        "caption + border + jpeg 50",
        caption_and_border,
        {"top": 0.18, "share": 0.05},
        quality=50,
    ),
    Edit("combo", "crop 85% + emoji 8% + sepia", crop_and_sticker, {"area": 0.85, "emoji": 0.08}),
    Edit("combo", "mirror + screenshot", mirror_and_screenshot),
    Edit(
        "combo",
        "rotate 5 cropped + bright + text",
        tilt_and_text,
        {"degrees": 5, "factor": 1.3},
    ),
    Edit(
        "combo",
        "screenshot of 75% crop, jpeg 40",
        screenshot_of_crop,
        {"area": 0.75},
        quality=40,
    ),
)
"""Family combo."""
