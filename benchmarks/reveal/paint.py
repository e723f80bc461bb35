"""A sheet to paint ordinary things on: shapes with shading and grain, and where their outlines are.

Grain matters: a picture of flat colours has few keypoints and would make the study too kind.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]
Point = tuple[float, float]

WIDTH: Final = 512
HEIGHT: Final = 384
FINER: Final = 2
"""Everything is painted so many times as large, then reduced."""


def grain(random: Generator, shape: tuple[int, int], roughness: float = 1.0) -> Grey:
    """Draw noise whose strength falls with frequency to the power of *roughness*; deviation 1."""
    down = np.fft.fftfreq(shape[0])[:, None]
    across = np.fft.rfftfreq(shape[1])[None, :]
    fall = np.maximum(np.hypot(down, across), 1.5 / max(shape)) ** -roughness
    waves = np.fft.rfft2(random.normal(size=shape)) * fall
    noise = np.fft.irfft2(waves, shape)
    return np.asarray((noise - noise.mean()) / noise.std(), np.float32)


class Sheet:
    """A painting under way; places are in 512ths of its width, from the upper left corner."""

    def __init__(self, random: Generator) -> None:
        """Begin with a plain grey sheet."""
        size = HEIGHT * FINER, WIDTH * FINER
        self.random = random
        self._grey = np.full(size, 128, np.float32)
        self._shapes = np.zeros(size, np.int32)
        self._down, self._across = np.mgrid[0 : size[0], 0 : size[1]] / np.float32(FINER)

    def box(self, left: float, top: float, right: float, bottom: float) -> Mask:
        """Cover a rectangle."""
        return self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)])

    def polygon(self, corners: Sequence[Point]) -> Mask:
        """Cover what lies between corners."""
        blank = Image.new("1", (WIDTH * FINER, HEIGHT * FINER))
        ImageDraw.Draw(blank).polygon([(x * FINER, y * FINER) for x, y in corners], fill=1)
        return np.asarray(blank)

    def ellipse(self, x: float, y: float, wide: float, high: float, turn: float = 0.0) -> Mask:
        """Cover an ellipse around a point, with half axes, turned by radians."""
        across, down = self._across - x, self._down - y
        along = across * np.cos(turn) + down * np.sin(turn)
        aside = down * np.cos(turn) - across * np.sin(turn)
        return np.asarray((along / wide) ** 2 + (aside / high) ** 2 <= 1)

    def letters(self, x: float, y: float, text: str, size: float) -> Mask:
        """Cover letters of that size, their upper left corner at a point."""
        blank = Image.new("1", (WIDTH * FINER, HEIGHT * FINER))
        place = (x * FINER, y * FINER)
        ImageDraw.Draw(blank).text(place, text, fill=1, font_size=size * FINER)
        return np.asarray(blank)

    def paint(
        self,
        where: Mask,
        grey: float,
        *,
        rough: float = 8.0,
        roughness: float = 1.0,
        light: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Paint a shape: its grey, the strength and kind of its grain, where light falls from.

        Args:
            where: what to cover.
            grey: 0-255.
            rough: deviation of the grain.
            roughness: 2 is clouds, 0.5 is sand.
            light: how much brighter the right and the lower end are than the middle.
        """
        if not where.any():
            return
        rows, columns = np.nonzero(where)
        box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        inside = where[box]
        across = np.linspace(-1, 1, inside.shape[1])[None, :]
        down = np.linspace(-1, 1, inside.shape[0])[:, None]
        texture = rough * grain(
            self.random, (max(8, inside.shape[0]), max(8, inside.shape[1])), roughness
        )
        paint = (
            grey
            + light[0] * across
            + light[1] * down
            + texture[: inside.shape[0], : inside.shape[1]]
        )
        self._grey[box][inside] = paint[inside]
        self._shapes[box][inside] = self._shapes.max() + 1

    def shadow(self, where: Mask, strength: float, softness: float) -> None:
        """Darken a shape softly, without an outline."""
        soft = Image.fromarray((where * 255).astype(np.uint8))
        share = (
            np.asarray(soft.filter(ImageFilter.GaussianBlur(softness * FINER)), np.float32) / 255
        )
        self._grey *= 1 - strength * share

    def picture(self) -> Grey:
        """Return the painting, shape (384, 512), 0-255."""
        grainy = self._grey + self.random.normal(0, 3, self._grey.shape)
        small = Image.fromarray(np.clip(grainy, 0, 255).astype(np.float32)).reduce(FINER)
        return np.asarray(np.round(np.asarray(small)), np.float32)

    def outlines(self) -> Mask:
        """Return where one shape ends and another begins, shape (384, 512)."""
        shapes = self._shapes[::FINER, ::FINER]
        edge = np.zeros(shapes.shape, np.bool_)
        edge[:, 1:] |= shapes[:, 1:] != shapes[:, :-1]
        edge[1:] |= shapes[1:] != shapes[:-1]
        return edge
