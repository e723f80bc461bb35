"""PDQ from pixels, against the independent implementation."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from takeback.hashing import MATCH_DISTANCE, Signal
from takeback.hashing.pdq import MINIMUM_SIDE, Sampler
from takeback.hashing.upright import AS_STORED, TURNS, Turn
from tests.hashing.drawn import hash_pixels
from tests.hashing.oracle import oracle_signals
from tests.hashing.photographs import CHELSEA, COFFEE, ROCKET

SIZES = [
    (5, 5),
    (6, 7),
    (31, 33),
    (63, 64),
    (64, 64),
    (65, 64),
    (127, 129),
    (128, 128),
    (129, 257),
    (500, 6),
    (5, 500),
    (5000, 64),
    (64, 5000),
    (333, 777),
    (1000, 1001),
]
"""Width and height around every change of the window, and long strips."""

TURNED: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "upright": lambda pixels: pixels,
    "90 degrees counter-clockwise": np.rot90,
    "180 degrees": lambda pixels: np.rot90(pixels, 2),
    "270 degrees counter-clockwise": lambda pixels: np.rot90(pixels, 3),
    "top to bottom": np.flipud,
    "left to right": np.fliplr,
    "main diagonal": lambda pixels: pixels.swapaxes(0, 1),
    "other diagonal": lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
}
"""What each of the eight signals is of, in their order."""


def coffee(width: int, height: int) -> NDArray[np.uint8]:
    """Return a photograph in another size."""
    with Image.open(COFFEE) as picture:
        return np.array(picture.convert("RGB").resize((width, height)))


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_photograph_of_any_size_has_the_signals_of_the_oracle(width: int, height: int) -> None:
    """Whoever hashes with another PDQ finds what we registered, however it is turned."""
    pixels = coffee(width, height)

    ours, quality = hash_pixels(pixels)
    theirs, their_quality = oracle_signals(pixels)

    assert max(a.distance(b) for a, b in zip(ours, theirs, strict=True)) <= 2
    assert quality == their_quality


@settings(max_examples=40, deadline=None)
@given(
    st.integers(32, 300), st.integers(32, 300), st.sampled_from([1, 3]), st.integers(0, 2**32 - 1)
)
def test_noise_has_the_signals_of_the_oracle(
    width: int, height: int, channels: int, seed: int
) -> None:
    """Arithmetic agrees on pictures that no camera makes.

    In still smaller ones each pixel is sampled many times, so frequencies cancel out, and
    the oracle's rounding decides.
    """
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)

    ours, quality = hash_pixels(noise)
    theirs, their_quality = oracle_signals(noise)

    assert max(a.distance(b) for a, b in zip(ours, theirs, strict=True)) <= 2
    assert quality == their_quality


@pytest.mark.parametrize("value", [0, 127, 255])
def test_a_flat_picture_has_no_quality(value: int) -> None:
    """So it is never registered, though it is hashed like any other."""
    flat = np.full((300, 201, 3), value, np.uint8)

    dihedral, quality = hash_pixels(flat)

    assert quality == oracle_signals(flat)[1] == 0
    assert dihedral == (Signal(bytes(32)),) * 8


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 500), (500, 2), (4, 4), (1, 5000)])
def test_a_picture_too_small_for_pdq_has_no_quality(width: int, height: int) -> None:
    """Below five pixels the oracle gives zero for everything, and so do we."""
    assert min(width, height) < MINIMUM_SIDE

    assert hash_pixels(coffee(width, height)) == oracle_signals(coffee(width, height))


@pytest.mark.parametrize("view", TURNED)
@pytest.mark.parametrize("picture", [CHELSEA, COFFEE, ROCKET], ids=lambda path: path.stem)
def test_each_dihedral_signal_is_of_the_turned_picture(picture: Path, view: str) -> None:
    """A re-upload turned or mirrored is found by the signal in that place, and by no other."""
    with Image.open(picture) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    place = list(TURNED).index(view)

    dihedral, _ = hash_pixels(pixels)
    turned = hash_pixels(np.ascontiguousarray(TURNED[view](pixels)))[0][0]

    away = [signal.distance(turned) for signal in dihedral]
    assert [distance <= MATCH_DISTANCE for distance in away] == [n == place for n in range(8)]


@pytest.mark.parametrize("turn", TURNS.values(), ids=str)
def test_turning_the_matrices_equals_turning_the_pixels(turn: Turn) -> None:
    """A picture is never copied to be turned, and nothing changes by that, not one bit."""
    stored = coffee(333, 250)
    sampler = Sampler(333, 250, turn)

    sampler.add(0, stored)

    upright = np.ascontiguousarray(turn.pixels(stored))
    height, width = upright.shape[:2]
    expected = Sampler(width, height, AS_STORED)
    expected.add(0, upright)
    assert turn.size(333, 250) == (width, height)
    assert np.array_equal(sampler.samples(), expected.samples())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 249), max_size=6, unique=True))
def test_strips_add_up_to_the_picture(cuts: list[int]) -> None:
    """However a decoder hands out its rows, the samples are the same."""
    pixels = coffee(200, 250)
    edges = [0, *sorted(cuts), 250]
    whole, parts = Sampler(200, 250, AS_STORED), Sampler(200, 250, AS_STORED)

    whole.add(0, pixels)
    for top, end in pairwise(edges):
        parts.add(top, pixels[top:end])

    assert np.allclose(whole.samples(), parts.samples(), rtol=0, atol=1e-4)


def test_samples_of_a_white_picture_are_exactly_white() -> None:
    """Rounding never shows, at the edges neither, so what cancels out does so exactly."""
    white = np.full((1001, 999, 1), 255, np.uint8)
    sampler = Sampler(999, 1001, AS_STORED)

    sampler.add(0, white)

    assert np.array_equal(sampler.samples(), np.full((64, 64), 255, np.float32))
