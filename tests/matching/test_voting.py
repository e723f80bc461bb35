"""Keypoints that moved together are found, with the place they moved to; strangers are not."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageOps

from takeback.hashing.decode import upright_pixels
from takeback.hashing.keypoint_signals import KeypointSignals, KeypointView
from takeback.hashing.keypoints import describe, describe_pixels, squeezed
from takeback.hashing.place import EVERYWHERE, Place
from takeback.hashing.shrink import Shrinker
from takeback.hashing.upright import AS_STORED
from takeback.matching.keypoints import voting
from takeback.matching.keypoints.voting import (
    MOST_PAIRS,
    NEAR,
    VOTES_NEEDED,
    Agreement,
    near_pairs,
    vote,
    within,
)
from tests.hashing.photographs import CHELSEA, COFFEE, IN_WHEEL, ROCKET

Complex = NDArray[np.complex128]

ENOUGH = 20
"""Keypoints of a registered picture in these tests."""

ACCURACY = 0.06
"""How far a corner may be from where it is, in parts of the upload: places are coarse."""


@dataclass(frozen=True)
class Move:
    """How a registered picture lies in an upload: scaled, turned, shifted, perhaps mirrored."""

    scale: float
    turn: float
    mirrored: bool

    def apply(self, points: Complex) -> Complex:
        """Move points so that the unit square's middle lies in the middle again."""
        moved = (points - 0.5 - 0.5j) * self.scale * np.exp(1j * self.turn) + 0.5 + 0.5j
        return np.asarray(1 - np.conj(moved) if self.mirrored else moved)


moves = st.builds(Move, st.floats(0.25, 0.7), st.floats(-3.1, 3.1), st.booleans())


def coarse(
    points: Complex, sizes: NDArray[np.float64], turns: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Round what is measured as ``kp1`` does, sizes being powers of √2 already."""
    columns = (
        np.floor(points.real * 64),
        np.floor(points.imag * 64),
        sizes,
        np.round(np.degrees(turns) / 15) % 24,
    )
    return np.stack(columns, axis=1).astype(np.uint8)


def strangers(count: int, random: Generator) -> KeypointSignals:
    """Return random keypoints of a square picture."""
    places = random.integers(0, (64, 64, 12, 24), (count, 4), np.uint8)
    return KeypointSignals(64, 64, random.integers(0, 256, (count, 32), np.uint8), places)


def moved_pair(move: Move, random: Generator) -> tuple[KeypointSignals, KeypointSignals]:
    """Return a picture's keypoints and those of an upload that shows it, among strangers."""
    points = random.random(ENOUGH) + 1j * random.random(ENOUGH)
    sizes, turns = random.integers(4, 10, ENOUGH), random.uniform(0, 2 * np.pi, ENOUGH)
    bits = random.integers(0, 256, (ENOUGH, 32), np.uint8)
    registered = KeypointSignals(64, 64, bits, coarse(points, sizes.astype(float), turns))
    # Signals of an upload are looked up in a view in which it is not mirrored any more.
    upright = Move(move.scale, move.turn, mirrored=False)
    smaller = np.round(sizes + 2 * np.log2(move.scale))
    places = coarse(upright.apply(points), np.maximum(smaller, 0), turns + move.turn)
    noise = np.packbits(random.random((ENOUGH, 256)) < 0.1, axis=1)
    others = strangers(150, random)
    return registered, KeypointSignals(
        64, 64, np.concatenate([others.bits, bits ^ noise]), np.concatenate([others.places, places])
    )


def view_of(move: Move) -> KeypointView:
    """Return the view in which the upload was looked up."""
    return KeypointView.MIRRORED if move.mirrored else KeypointView.PLAIN


def corners(agreement: Agreement) -> Complex:
    """Return the place as complex numbers."""
    return np.array([complex(x, y) for x, y in agreement.place])


@given(moves, st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_a_moved_picture_is_found_and_its_place_is_right(move: Move, seed: int) -> None:
    """Whatever the scale, turn and mirror, and among strangers."""
    registered, looked_up = moved_pair(move, np.random.default_rng(seed))

    found = vote(registered, looked_up, near_pairs(registered, looked_up), view_of(move))

    assert found is not None
    assert found.votes >= 8
    assert np.abs(corners(found) - move.apply(np.array([0, 1, 1 + 1j, 1j]))).max() < ACCURACY
    assert abs(found.scale / move.scale - 1) < 0.1
    assert (found.pairs[:, 1] >= 150).all()


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_strangers_do_not_agree(seed: int) -> None:
    """Random signals are never near, so there is nothing to vote on."""
    random = np.random.default_rng(seed)
    registered, looked_up = strangers(80, random), strangers(300, random)

    assert vote(registered, looked_up, near_pairs(registered, looked_up)) is None


@pytest.mark.parametrize("path", IN_WHEEL[1:8], ids=lambda path: path.name)
def test_different_pictures_do_not_agree(path: Path) -> None:
    """Nor do real keypoints of real pictures, in any view."""
    registered = describe_pixels(upright_pixels(ROCKET)).registered(80)

    for view, signals in describe_pixels(upright_pixels(path)).looked_up().items():
        found = vote(registered, signals, near_pairs(registered, signals), view)
        assert found is None or path == ROCKET


def test_pairs_without_a_common_move_do_not_agree() -> None:
    """Near signals alone are no match: they must have moved together."""
    registered, looked_up = moved_pair(Move(0.5, 1.0, False), np.random.default_rng(1))
    scattered = looked_up.places.copy()
    scattered[:, 2] = np.arange(len(scattered)) % 3 * 6

    shuffled = KeypointSignals(
        64, 64, looked_up.bits, np.roll(scattered, 7, axis=0)[:, [1, 0, 2, 3]]
    )
    pairs = near_pairs(registered, shuffled)

    found = vote(registered, shuffled, pairs)
    assert len(pairs) == ENOUGH
    assert found is None or found.votes < ENOUGH / 2


def test_a_repeated_pattern_votes_once() -> None:
    """Twenty registered keypoints near one keypoint of the upload are one vote."""
    registered, looked_up = moved_pair(Move(0.5, 0.0, False), np.random.default_rng(2))
    pairs = near_pairs(registered, looked_up)

    one = np.stack([pairs[:, 0], np.full(len(pairs), pairs[0, 1])], axis=1)

    assert vote(registered, looked_up, one) is None


def test_keypoints_in_one_spot_vote_once() -> None:
    """Three of a spot say no more than one."""
    registered, looked_up = moved_pair(Move(0.5, 0.0, False), np.random.default_rng(3))
    spot = registered.places.copy()
    spot[:, :2] = 30
    there = looked_up.places.copy()
    there[:, :2] = 31

    found = vote(
        KeypointSignals(64, 64, registered.bits, spot),
        KeypointSignals(64, 64, looked_up.bits, there),
        near_pairs(registered, looked_up),
    )

    assert found is None


def test_fewer_pairs_than_votes_needed_are_no_match() -> None:
    """Two places may agree by chance."""
    registered, looked_up = moved_pair(Move(0.5, 0.4, False), np.random.default_rng(4))
    pairs = near_pairs(registered, looked_up)

    assert vote(registered, looked_up, pairs) is not None
    assert vote(registered, looked_up, pairs[: VOTES_NEEDED - 1]) is None
    assert vote(registered, looked_up, pairs[:0]) is None


def test_pairs_are_the_near_ones_nearest_first() -> None:
    """Compared with counting bits one by one."""
    registered, looked_up = moved_pair(Move(0.5, 0.4, False), np.random.default_rng(5))
    bits = np.unpackbits(registered.bits[:, None] ^ looked_up.bits[None], axis=2).sum(axis=2)

    pairs = near_pairs(registered, looked_up)

    distances = bits[pairs[:, 0], pairs[:, 1]]
    assert len(pairs) == (bits <= NEAR).sum() > 0
    assert (np.diff(distances.astype(int)) >= 0).all()
    assert distances.max() <= NEAR


def test_many_pairs_cost_no_more_than_the_nearest() -> None:
    """Whoever uploads wallpaper can't make us compare a million pairs with each other."""
    registered, looked_up = moved_pair(Move(0.5, 0.4, False), np.random.default_rng(6))
    pairs = near_pairs(registered, looked_up)
    rest = np.zeros((100_000, 2), np.int64)

    found = vote(registered, looked_up, np.concatenate([pairs, rest]))

    expected = vote(registered, looked_up, np.concatenate([pairs, rest])[:MOST_PAIRS])
    assert found is not None
    assert expected is not None
    assert (found.votes, found.place) == (expected.votes, expected.place)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("path", [COFFEE, CHELSEA], ids=lambda path: path.name)
def test_a_turned_crop_in_a_screenshot_is_found_where_it_is(path: Path, mirrored: bool) -> None:
    """A real picture, turned by ten degrees, cropped, on a white page, perhaps mirrored."""
    picture = Image.fromarray(upright_pixels(path))
    width, height = picture.size
    crop = (width // 6, height // 6, width * 3 // 4, height * 3 // 4)
    page = Image.new("RGB", (700, 900), "white")
    page.paste(picture.rotate(10, Image.Resampling.BICUBIC).crop(crop), (50, 300))
    page = ImageOps.mirror(page) if mirrored else page
    registered = describe_pixels(np.asarray(picture)).registered(80)

    views = describe_pixels(np.asarray(page)).looked_up()
    found = {v: vote(registered, s, near_pairs(registered, s), v) for v, s in views.items()}

    best = found[KeypointView.MIRRORED if mirrored else KeypointView.PLAIN]
    assert best is not None
    assert [agreement for agreement in found.values() if agreement] == [best]
    middle = complex(width, height) / 2
    points = np.array([0, width, complex(width, height), complex(0, height)])
    placed = (points - middle) * np.exp(-1j * np.radians(10)) + middle
    placed += complex(50 - crop[0], 300 - crop[1])
    expected = placed.real / 700 + 1j * placed.imag / 900
    if mirrored:
        expected = 1 - np.conj(expected)
    assert np.abs(corners(best) - expected).max() < ACCURACY


@pytest.mark.parametrize("wider", [True, False])
def test_a_stretched_copy_is_found_once_it_is_squeezed(wider: bool) -> None:
    """A third wider or higher, and cropped: what neither signal type would survive alone."""
    picture = Image.fromarray(upright_pixels(COFFEE))
    width, height = picture.size
    size = (width * 4 // 3, height) if wider else (width, height * 4 // 3)
    shown = picture.resize(size).crop((0, 0, size[0] * 3 // 4, size[1] * 3 // 4))
    registered = describe_pixels(np.asarray(picture)).registered(80)
    shrinker = Shrinker(*shown.size, AS_STORED)
    shrinker.add(0, np.asarray(shown))

    signals = describe(squeezed(shrinker.picture(), across=wider)).signals()
    found = vote(registered, signals, near_pairs(registered, signals))

    assert found is not None
    assert np.abs(corners(found) - np.array([0, 1, 1 + 1j, 1j]) * 4 / 3).max() < ACCURACY


def test_an_agreement_in_a_part_lies_in_the_whole() -> None:
    """A panel that is twice as wide as high, filled, in a square upload of twice its width."""
    signals = KeypointSignals(64, 32, np.empty((0, 32), np.uint8), np.empty((0, 4), np.uint8))
    filling = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    agreement = Agreement(3, KeypointView.PLAIN, filling, 1.0, np.empty((0, 2), np.int64))

    whole = within(Place(0.25, 0.5, 0.75, 0.75), agreement, signals)

    assert whole.place == ((0.25, 0.5), (0.75, 0.5), (0.75, 0.75), (0.25, 0.75))
    assert whole.scale == 0.5
    assert within(EVERYWHERE, agreement, signals) is agreement


@pytest.mark.parametrize("second", [200, 0], ids=["fewer", "more"])
def test_keypoints_that_are_overwritten_while_they_are_compared_are_left_out(
    second: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was near at the first look may be far at the second; no pair is made up, or too many."""
    looks: list[int] = []

    def measure(_theirs: object, _ours: object, bits: NDArray[np.uint64]) -> None:
        looks.append(1)
        bits[:] = 200 - second if len(looks) <= 3 else second
        bits[0] = 0

    monkeypatch.setattr(voting, "measure", measure)
    rows = np.zeros((3, 4), np.uint64)

    pairs = voting.compare_all.py_func(rows, rows, NEAR)  # type: ignore[attr-defined]

    assert len(pairs) == 3
    assert (pairs[:, 0] == 0).all()
    assert (pairs[:, 1:] < 3).all()
