"""One edit of a picture: what is done, how strongly, and with which chance.

Chance is seeded by the edit and the picture, so that every run makes the same uploads, in
whatever order and on however many processes.
"""

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from PIL import Image

Picture = Image.Image
Chance = np.random.Generator

SIDE: Final = 768
"""Longest side, in pixels, of a picture before it is edited."""

UPLOAD_QUALITY: Final = 90
"""JPEG quality of an upload, unless the edit is about that."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What an edit works on."""

    picture: Picture
    """In colour, its longest side ``SIDE`` pixels."""

    others: Sequence[Picture]
    """Three different pictures, for what puts pictures together."""

    chance: Chance

    def showing(self, picture: Picture) -> "Scene":
        """Return the same scene with another picture, for edits on top of edits."""
        return Scene(picture, self.others, self.chance)


Apply = Callable[..., Picture]
"""Takes a scene and the edit's parameters."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit at one strength."""

    family: str
    name: str
    apply: Apply
    parameters: Mapping[str, Any] = field(default_factory=dict)
    quality: int = UPLOAD_QUALITY
    """JPEG quality the result is saved with."""

    def upload(self, name: str, picture: Picture, others: Sequence[Picture]) -> bytes:
        """Return the file that is uploaded: *picture*, called *name*, edited and saved."""
        seed = hashlib.sha256(f"{self.name}|{name}".encode()).digest()
        scene = Scene(picture, others, np.random.default_rng(list(seed)))
        return jpeg(self.apply(scene, **self.parameters), self.quality)

    def __str__(self) -> str:
        said = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        kind = self.apply.__name__.replace("_", " ")
        return f"{self.family}: {self.name}: {kind}({said}), JPEG {self.quality}"


def jpeg(picture: Picture, quality: int) -> bytes:
    """Save as JPEG in colour."""
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=quality)
    return file.getvalue()


def sized(picture: Picture, side: int = SIDE) -> Picture:
    """Scale to a longest side, in colour."""
    share = side / max(picture.size)
    width, height = (max(1, round(length * share)) for length in picture.size)
    return picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
