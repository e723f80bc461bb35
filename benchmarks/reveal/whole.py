"""What whole-picture signals reveal: one of them, and all views that are registered together."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from benchmarks.reveal.paint import Grey
from benchmarks.reveal.pictures import bytes_of, levelled, reduced
from benchmarks.reveal.ridge import Guess, Numbers, Ridge, signs_of
from PIL import Image

from takeback.hashing.bundle import SHAPES, centred
from takeback.hashing.pdq import Sampler, coefficients, signal_of
from takeback.hashing.upright import AS_STORED

GUESSED: Final = 64
"""Pixels across a guessed picture."""

HASHED: Final = 256
"""Pixels across the pictures that are hashed to fit on."""

PENALTY: Final = 1.0
CUTS: Final = 24
"""Parts of each picture, at random, that are fitted on."""


def signs_of_views(picture: Grey) -> Numbers:
    """Return the signs of the whole and of every centred cut, shape (1, 256 x views).

    The mirror image is left out: its signal is the same numbers, every other one negated.
    """
    boxes = (centred(picture, width / height) for width, height in SHAPES.values())
    views = [picture, *(box.cut(picture) for box in boxes if box)]
    bits = b"".join(_signal(view) for view in views)
    return signs_of(np.frombuffer(bits, np.uint8)[None])


def _signal(view: Grey) -> bytes:
    sampler = Sampler(view.shape[1], view.shape[0], AS_STORED)
    sampler.add(0, bytes_of(view))
    return signal_of(coefficients(sampler.samples())).bits


def fit(pictures: Sequence[Grey], views: int) -> Guess:
    """Fit the guess of a whole picture, 64 x 48, from its first *views* signals."""
    ridge = Ridge(256 * views, GUESSED * GUESSED * 3 // 4)
    for number, picture in enumerate(pictures):
        parts = list(_cuts(picture, np.random.default_rng([3, number])))
        signs = np.concatenate([signs_of_views(part)[:, : 256 * views] for part in parts])
        ridge.add(signs, np.stack([levelled(reduced(part, GUESSED)).ravel() for part in parts]))
    return ridge.fitted(PENALTY)


def _cuts(picture: Grey, random: np.random.Generator) -> Iterator[Grey]:
    height, width = picture.shape
    for number in range(CUTS):
        share = random.uniform(0.5, 1) if number else 1.0
        wide = int(share * width) // 4 * 4
        high = wide * 3 // 4
        left, top = random.integers(0, width - wide + 1), random.integers(0, height - high + 1)
        part = picture[top : top + high, left : left + wide]
        yield _resized(part[:, ::-1] if number % 2 else part)


def _resized(part: Grey) -> Grey:
    size = (HASHED, HASHED * 3 // 4)
    return np.asarray(
        Image.fromarray(np.ascontiguousarray(part)).resize(size, Image.Resampling.BOX)
    )


def panned(guess: Guess, picture: Grey, frames: int) -> Grey:
    """Draw a scene from one whole-picture signal of each frame of a video that pans over it.

    Whoever draws is taken to know how the camera moved, which is more than signals say.

    Args:
        guess: of one signal.
        picture: the scene; each frame shows three to four fifths of each side.
        frames: how many.
    """
    random = np.random.default_rng(frames)
    height, width = picture.shape
    total, seen = np.zeros((height, width)), np.full((height, width), 1e-6)
    for _ in range(frames):
        wide = int(random.uniform(0.6, 0.8) * width) // 4 * 4
        high = wide * 3 // 4
        left, top = random.integers(0, width - wide + 1), random.integers(0, height - high + 1)
        part = np.s_[top : top + high, left : left + wide]
        small = guess(signs_of_views(picture[part])[:, :256]).reshape(-1, GUESSED)
        total[part] += np.asarray(Image.fromarray(small).resize((wide, high)))
        seen[part] += 1
    return np.asarray(total / seen, np.float32)
