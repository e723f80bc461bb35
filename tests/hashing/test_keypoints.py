"""Keypoint signals are what the specification says, on every picture and every machine."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from takeback.errors import MalformedSignal, NotAPicture
from takeback.hashing import extrema, orientation, patches, ranking, scalespace, shrink
from takeback.hashing.decode import upright_pixels
from takeback.hashing.keypoint_signals import PLACES, KeypointSignals, KeypointView
from takeback.hashing.keypoints import (
    LOOKED_UP,
    MOST_REGISTERED,
    describe_keypoints,
    describe_pixels,
    warm_up,
)
from takeback.hashing.upright import AS_STORED, TURNS, Turn
from tests.hashing import plain_kp1
from tests.hashing.files import photograph, save
from tests.hashing.keypoint_drawings import DRAWINGS, VECTORS, VIEWS, KeypointDrawing, expectation
from tests.hashing.photographs import BESIDE, CHELSEA, COFFEE, IN_WHEEL, ROCKET

EXPECTED = json.loads(VECTORS.read_text(encoding="utf-8"))["drawings"]
SPECIFICATION = (Path(__file__).parents[2] / "docs" / "reference" / "signals.md").read_text("utf-8")
PAYLOAD_BYTES = 6000


def rows(signals: KeypointSignals) -> list[bytes]:
    """Return each keypoint's bits and place as bytes."""
    both = np.concatenate([signals.bits, signals.places], axis=1)
    return [row.tobytes() for row in both]


def share_within(bits: int, ours: KeypointSignals, theirs: KeypointSignals) -> float:
    """Return the share of our keypoints that one of theirs is within so many bits of."""
    differing = np.unpackbits(ours.bits[:, None] ^ theirs.bits[None], axis=2).sum(axis=2)
    return float((differing.min(axis=1) <= bits).mean())


@pytest.mark.parametrize("drawing", DRAWINGS, ids=str)
def test_drawn_pictures_have_the_expected_keypoints(drawing: KeypointDrawing) -> None:
    """Bit for bit, in every view."""
    expected = EXPECTED[DRAWINGS.index(drawing)]

    found = describe_pixels(drawing.pixels())

    best = [
        {"signal": row[:64], "place": row[64:], "strength": float(strength)}
        for row, strength in zip(
            re.findall("." * 70, found.signals().pack()[2:].hex()),
            found.keypoints["strength"],
            strict=True,
        )
    ]
    assert best[: len(expected["best"])] == expected["best"]
    assert len(found.keypoints) == expected["keypoints"]
    for view, signals in found.looked_up().items():
        digest = hashlib.sha256(signals.pack()).hexdigest()
        assert digest == expected["packed_sha256"][view]
    for most, registered in expected["registered_sha256"].items():
        assert hashlib.sha256(found.registered(int(most)).pack()).hexdigest() == registered


@pytest.mark.parametrize("drawing", DRAWINGS, ids=str)
def test_the_plain_implementation_finds_the_same(drawing: KeypointDrawing) -> None:
    """The specification alone is enough to write another one."""
    assert expectation(drawing) == EXPECTED[DRAWINGS.index(drawing)]


@pytest.mark.parametrize("path", [*IN_WHEEL[::4], *BESIDE[::16]], ids=lambda path: path.name)
def test_both_implementations_agree_on_photographs(path: Path) -> None:
    """Every bit, place and strength, in every view."""
    pixels = upright_pixels(path)
    theirs = plain_kp1.packed(pixels, most=120)

    ours = describe_pixels(pixels, most=120)

    for key, (packed, strengths) in theirs.items():
        assert ours.signals(VIEWS[key]).pack() == packed
        assert ours.keypoints["strength"].tolist() == strengths


def test_there_are_drawings_of_every_strength() -> None:
    """Strong, weak and weakest keypoints are ranked apart, so the vectors must hold all three."""
    strengths = np.concatenate(
        [describe_pixels(d.pixels()).keypoints["strength"] for d in DRAWINGS]
    )

    tiers = (strengths >= 2, (strengths >= 1) & (strengths < 2), strengths < 1)
    assert all(tier.any() for tier in tiers)


def test_every_number_of_the_code_is_in_the_specification() -> None:
    """Nobody has to read our code to write another implementation."""
    tables = (
        *(scalespace.FIRST_KERNEL, *scalespace.STEP_KERNELS, scalespace.SIZES),
        *(orientation.SLOPES, np.abs(orientation.COSINES), np.abs(patches.COSINES)),
        np.array([extrema.LN2_3, ranking.ALIKE_SIZES, ranking.ALIKE_TURNS]),
        np.array([orientation.BIN_RADIANS, orientation.REACH, patches.STEP, ranking.SMALLEST_SIZE]),
    )

    numbers = {f"{value:.12g}" for table in tables for value in table.ravel()}
    missing = {number for number in numbers if number not in SPECIFICATION}
    assert missing == set()
    assert len(numbers) > 80


def test_nothing_is_compiled_after_warming_up() -> None:
    """No request ever waits for the compiler, whatever the picture."""
    modules = (shrink, scalespace, extrema, orientation, ranking, patches)
    loops = [v for m in modules for v in vars(m).values() if hasattr(v, "signatures")]
    warm_up()
    before = [list(loop.signatures) for loop in loops]

    for mode in ("1", "L", "RGB", "RGBA", "P"):
        from_file = (
            COFFEE.read_bytes() if mode == "RGB" else save(photograph().convert(mode), "PNG")
        )
        describe_keypoints(from_file).looked_up()
    describe_pixels(np.zeros((1, 1, 1), np.uint8)).looked_up()

    assert len(loops) > 20
    assert [list(loop.signatures) for loop in loops] == before


def test_values_of_keypoint_signals_load_no_decoder() -> None:
    """Whoever only compares them has no parser to attack."""
    check = (
        "import sys; import takeback.matching.keypoints.voting; "
        "assert not {'PIL', 'pillow_heif'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", check], check=True)


@pytest.mark.parametrize("path", [COFFEE, CHELSEA, ROCKET], ids=lambda path: path.name)
def test_the_mirrored_view_is_that_of_the_mirrored_picture(path: Path) -> None:
    """But for the last odd column, which a halved picture leaves out on the other side."""
    pixels = upright_pixels(path)

    view = describe_pixels(pixels).signals(KeypointView.MIRRORED)

    mirrored = describe_pixels(pixels[:, ::-1]).signals()
    assert len(view) >= 100
    assert share_within(8, view, mirrored) >= 0.9


@pytest.mark.parametrize("path", [COFFEE, CHELSEA, ROCKET], ids=lambda path: path.name)
def test_the_inverted_view_is_that_of_the_inverted_picture(path: Path) -> None:
    """Up to a few bits: halves are rounded up in both pictures."""
    pixels = upright_pixels(path)

    view = describe_pixels(pixels).signals(KeypointView.INVERTED)

    inverted = describe_pixels(255 - pixels).signals()
    assert share_within(8, view, inverted) >= 0.97


@given(st.integers(1, 8), st.integers(1, 70), st.integers(1, 70), st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_shrinking_depends_on_no_turn_and_no_strip(
    number: int, width: int, height: int, longest: int
) -> None:
    """However the picture is stored and read, its small form is the same to the last bit."""
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
    turn = TURNS[number]
    stored = np.ascontiguousarray(stored_as(pixels, turn))
    whole = shrink.Shrinker(width, height, AS_STORED, longest)
    whole.add(0, pixels)

    parts = shrink.Shrinker(stored.shape[1], stored.shape[0], turn, longest)
    for top in range(0, stored.shape[0], 7):
        parts.add(top, stored[top : top + 7])

    assert np.array_equal(whole.picture(), parts.picture())
    assert abs(whole.picture().mean() - plain_kp1.grey(pixels).mean()) < 1e-3


def stored_as(pixels: NDArray[np.uint8], turn: Turn) -> NDArray[np.uint8]:
    """Return what a camera stores so that *turn* makes it upright again."""
    reversed_ = pixels[:: -1 if turn.flipped else 1, :: -1 if turn.mirrored else 1]
    return reversed_.swapaxes(0, 1) if turn.transposed else reversed_


@pytest.mark.parametrize(
    "shape", [(1, 1, 3), (8, 8, 3), (1, 30_000, 3), (30_000, 1, 1), (15, 400, 3), (3, 5, 1)]
)
def test_pictures_too_small_have_no_keypoints(shape: tuple[int, int, int]) -> None:
    """There is nothing to hold on to, and that is no error."""
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8)

    assert len(describe_pixels(pixels).signals()) == 0


def test_a_flat_picture_has_no_keypoints() -> None:
    """A wall without a spot."""
    assert len(describe_pixels(np.full((300, 400, 3), 140, np.uint8)).registered()) == 0


def test_what_is_no_picture_is_refused() -> None:
    """As when it is hashed."""
    with pytest.raises(NotAPicture):
        describe_keypoints(b"not a picture")


def test_a_lookup_is_never_larger_than_it_may_be() -> None:
    """Thirteen hundred dots, each as good as the others."""
    dots = np.zeros((256, 256, 1), np.uint8)
    for y, x in ((3, 3), (3, 4), (4, 3), (4, 4)):
        dots[y::7, x::7] = 255

    assert len(describe_pixels(dots, most=2000).signals()) > 1000
    assert len(describe_pixels(dots).signals()) == LOOKED_UP


@pytest.mark.parametrize("path", [COFFEE, CHELSEA], ids=lambda path: path.name)
def test_a_pale_picture_still_has_enough_keypoints(path: Path) -> None:
    """Skin, walls and sheets are the real case: a quarter of the contrast leaves forty."""
    pale = upright_pixels(path) // 4

    assert len(describe_pixels(pale).registered()) == 40


def test_the_list_of_fewer_is_the_beginning_of_the_list_of_more() -> None:
    """However many are looked up, the best come first."""
    found = describe_keypoints(COFFEE)

    assert rows(describe_keypoints(COFFEE, most=25).signals()) == rows(found.first(25).signals())
    assert len(found.registered(1000)) == MOST_REGISTERED


def test_every_part_of_a_picture_has_its_share_of_what_is_registered() -> None:
    """Strong texture on the left, faint on the right: a crop of the right is found too."""
    noise = np.random.default_rng(3).normal(0, 1, (360, 480, 1))
    noise[:, :320] *= 50
    noise[:, 320:] *= 12
    found = describe_pixels(np.clip(128 + noise, 0, 255).astype(np.uint8))

    best, registered = found.signals().first(80), found.registered(80)

    def on_the_right(signals: KeypointSignals) -> int:
        return int((signals.places[:, 0] >= 43).sum())

    assert on_the_right(best) < 5
    assert on_the_right(registered) >= 7


def test_a_picture_with_one_interesting_spot_still_registers_all_of_it() -> None:
    """Shares are for where there is something; nothing is left unused."""
    pixels = np.full((384, 384, 1), 128, np.uint8)
    pixels[140:240, 140:240, 0] = np.random.default_rng(4).integers(0, 256, (100, 100))
    found = describe_pixels(pixels)

    ours, theirs = rows(found.registered(80)), rows(found.signals().first(80))
    assert sorted(ours) == sorted(theirs)
    assert len(ours) > 12


def test_strong_keypoints_come_before_weak_ones() -> None:
    """Weak ones are registered only where there are no others."""
    strengths = describe_keypoints(COFFEE).keypoints["strength"]

    tiers = (strengths < 2).astype(int) + (strengths < 1)
    assert (np.diff(tiers) >= 0).all()


def test_a_registration_is_small() -> None:
    """Eighty keypoints and fourteen whole-picture signals with their views."""
    assert len(describe_keypoints(CHELSEA).registered(80).pack()) + 14 * 40 <= PAYLOAD_BYTES


places = st.tuples(
    st.integers(0, 40), st.integers(0, PLACES - 1), st.integers(0, 15), st.integers(0, 23)
)


@given(st.lists(st.tuples(st.binary(min_size=32, max_size=32), places), max_size=5))
def test_packing_then_unpacking_gives_the_same(keypoints: list[tuple[bytes, tuple[int]]]) -> None:
    """Nothing is lost on the way from her device."""
    bits = np.frombuffer(b"".join(b for b, _ in keypoints), np.uint8).reshape(-1, 32)
    place = np.array([p for _, p in keypoints], np.uint8).reshape(-1, 4)
    signals = KeypointSignals(41, PLACES, bits, place)

    back = KeypointSignals.unpack(signals.pack())

    assert (back.width, back.height) == (41, PLACES)
    assert rows(back) == rows(signals)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x40",
        b"\x40\x40" + bytes(34),
        b"\x3f\x3f",
        b"\x40\x00",
        b"\x41\x40",
        b"\x40\x40" + bytes(34) + b"\x01",
        b"\x40\x40" + bytes(34) + b"\xc0",
        b"\x20\x40" + bytes(32) + b"\x80\x00\x00",
    ],
    ids=(
        *("nothing", "half a head", "half a keypoint", "no longest side", "no height"),
        *("too wide", "a bit too many", "no such direction", "outside"),
    ),
)
def test_what_is_no_packed_signal_is_refused(data: bytes) -> None:
    """Devices of other people send what they like."""
    with pytest.raises(MalformedSignal):
        KeypointSignals.unpack(data)


def test_every_drawing_has_an_expectation() -> None:
    """A picture added to one list alone would be held to nothing."""
    assert [entry["seed"] for entry in EXPECTED] == [drawing.seed for drawing in DRAWINGS]
