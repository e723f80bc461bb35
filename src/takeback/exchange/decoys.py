"""Pictures drawn by chance, hashed as a device hashes a picture: what canaries are made of.

Nothing of a picture stays but its signals. They belong together as those of a photograph do,
because the same program made them: as many views, as far from each other, and keypoint signals
in as many cases as among what is registered.
"""

import io
import secrets
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from takeback import hashing
from takeback.accounts.model import MadeUp
from takeback.hashing.keypoint_signals import KeypointLook
from takeback.hashing.signal_types import SignalType

LONGEST_SIDE: Final = 640
"""Pixels; a view is hashed at 512 or fewer."""

SHAPES: Final = ((4, 3), (3, 4), (3, 4), (16, 9), (9, 16), (1, 1), (4, 5), (3, 2), (1000, 2167))
"""Widths and heights of pictures as phones take them, and of their screens."""

TURNS: Final = (1, 1, 1, 6, 8)
"""EXIF orientations of pictures as phones store them."""

_ORIENTATION: Final = 0x0112


def draw_many(count: int, keypoints: float) -> list[list[MadeUp]]:
    """Draw so many pictures; a share of them, 0 to 1, has keypoint signals."""
    chance = secrets.SystemRandom().random
    return [draw(keypoints=chance() < keypoints) for _ in range(count)]


def draw(*, keypoints: bool) -> list[MadeUp]:
    """Draw a picture, and return the signals that a device would register of it, in any order."""
    signals = hashing.hash_picture(_file(), role="reporter")
    found = [
        MadeUp("pdq", signals.whole.bits, signals.quality, "whole"),
        *(MadeUp("pdq", each.dihedral[0].bits, each.quality, each.view) for each in signals.views),
        *(_keypoints(look) for look in signals.keypoints if keypoints),
    ]
    secrets.SystemRandom().shuffle(found)
    return found


def _keypoints(look: KeypointLook) -> MadeUp:
    return MadeUp(SignalType.KEYPOINTS.value, look.plain.pack(), 0, look.look)


def _file() -> bytes:
    """Return a picture of clouds and shapes as a file."""
    choose = secrets.SystemRandom().choice
    wide, high = choose(SHAPES)
    scale = LONGEST_SIDE / max(wide, high)
    size = (round(high * scale), round(wide * scale))
    picture = Image.fromarray(_clouds(size, np.random.default_rng(secrets.randbits(128))))
    exif = Image.Exif()
    exif[_ORIENTATION] = choose(TURNS)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90, exif=exif)
    return file.getvalue()


def _clouds(size: tuple[int, int], random: np.random.Generator) -> NDArray[np.uint8]:
    """Return noise whose detail falls off as a photograph's does, shape *size*, 0-255."""
    down, across = np.fft.fftfreq(size[0]), np.fft.rfftfreq(size[1])
    frequency = np.hypot(down[:, None], across[None, :])
    frequency[0, 0] = 1.0
    shape = frequency.shape
    spectrum = random.normal(size=shape) + 1j * random.normal(size=shape)
    noise = np.fft.irfft2(spectrum / frequency ** random.uniform(1.1, 1.6), s=size)
    spread = (noise - noise.mean()) / (3.0 * noise.std())
    return np.asarray(np.clip(128 + 127 * spread, 0, 255), np.uint8)
