"""The videos of the demonstration: one to protect, ten seconds that come back, and another."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from takeback.cli.demo.film import Edit, excerpt, film
from takeback.cli.demo.pictures import photograph

FILMED: Final = ("hubble_deep_field.jpg", "retina.jpg", "ihc.png", "coins.png", "cell.png")
OTHER: Final = ("gravel.png", "moon.png", "chelsea.png")
SECONDS: Final = 60
BEGIN: Final = 23.4
"""Where the excerpt begins, in seconds: at no whole second and at no cut."""

LENGTH: Final = 10
REPOSTED: Final = Edit(height=480, quality=35, border=0.12)


@dataclass(frozen=True, slots=True)
class Videos:
    """Where the videos lie."""

    registered: Path
    reposted: Path
    """Ten seconds of it, encoded again, scaled and framed."""
    other: Path


def draw_videos(folder: Path) -> Videos:
    """Draw a minute from moving photographs, cut an excerpt, and draw another video."""
    videos = Videos(*(folder / f"{name}.mp4" for name in ("film", "reposted", "other")))
    film([photograph(name).upright() for name in FILMED], SECONDS, videos.registered)
    excerpt(videos.registered, BEGIN, LENGTH, videos.reposted, REPOSTED)
    film([photograph(name).upright() for name in OTHER], LENGTH, videos.other)
    return videos
