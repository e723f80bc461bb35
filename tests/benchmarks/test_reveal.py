"""The study of what signals reveal: its attack works, its redrawing works, its page is true."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from benchmarks.reveal.canvas import lay, solved
from benchmarks.reveal.drawn import Drawing, drawings, heaps, page
from benchmarks.reveal.keying import UNKNOWN, Bits, Key, located, recovered, share_known
from benchmarks.reveal.leaks import AS_IT_IS, EIGHTY, ONE, Inverse, Leak, fitted
from benchmarks.reveal.measure import correlation, letters_read, outlines_found
from benchmarks.reveal.paint import Grey
from benchmarks.reveal.patch import cut, levels_removed
from benchmarks.reveal.pictures import levelled, reduced
from benchmarks.reveal.recall import Way
from benchmarks.reveal.ridge import Ridge
from benchmarks.reveal.sheets import GAP, LABEL, TILE
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from takeback.cases.choices_text import KEYPOINTS_SENTENCE
from takeback.hashing.keypoints import describe

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "what-signals-reveal.md"
PICTURES = PAGE.with_suffix("")

Likenesses = NDArray[np.float64]
seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def figures() -> Mapping[str, Drawing]:
    """The still life, the room and the toy bear."""
    return {each.name: each for each in drawings()}


@pytest.fixture(scope="module")
def inverse() -> Inverse:
    """What five heaps of drawn shapes teach about undoing signals."""
    return fitted(list(heaps(5)), views=(1,))


def bits_of(picture: Grey, count: int = 40) -> Bits:
    """Return the keypoint signals of a picture as single bits."""
    return np.unpackbits(describe(picture).registered(count).bits, axis=1)


def random_bits(seed: int, count: int = 40) -> Bits:
    """Draw signals of no picture."""
    return np.random.default_rng(seed).integers(0, 2, (count, 256), dtype=np.uint8)


@pytest.mark.parametrize("seed", range(3))
def test_one_picture_of_ones_own_gives_the_whole_key(
    figures: Mapping[str, Drawing], seed: int
) -> None:
    """Forty keypoint signals, known before and after keying, and no secret is left."""
    key = Key.drawn(np.random.default_rng(seed))
    plain = bits_of(figures["still life"].picture)

    found = recovered(plain, key.apply(plain))

    assert share_known(found, key) == 1


def test_the_key_opens_the_pictures_of_others(figures: Mapping[str, Drawing]) -> None:
    """What one's own picture gave away undoes the signals of everybody else's."""
    key = Key.drawn(np.random.default_rng(9))
    ours, hers = (bits_of(figures[name].picture) for name in ("still life", "toy bear"))

    found = recovered(ours, key.apply(ours))

    assert (found.undo(key.apply(hers)) == hers).all()


def test_ones_own_picture_is_found_in_a_keyed_list(figures: Mapping[str, Drawing]) -> None:
    """Keying hides bits, not the distances among the keypoints of one picture."""
    key = Key.drawn(np.random.default_rng(4))
    plain = [bits_of(each.picture) for each in figures.values()]
    keyed = [key.apply(each) for each in plain]

    assert [located(each, keyed) for each in plain] == [0, 1, 2]


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_keying_changes_no_distance(seed: int) -> None:
    """So a keyed bank finds exactly what a plain one does."""
    plain = random_bits(seed, 2)
    keyed = Key.drawn(np.random.default_rng(seed)).apply(plain)

    assert (keyed[0] ^ keyed[1]).sum() == (plain[0] ^ plain[1]).sum()


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_taking_a_key_off_gives_the_signals_back(seed: int) -> None:
    """Apply and undo are inverse."""
    plain, key = random_bits(seed), Key.drawn(np.random.default_rng(seed))

    assert (key.undo(key.apply(plain)) == plain).all()


def test_what_several_bits_explain_stays_unknown() -> None:
    """The attack claims no more than it knows: one signal tells nothing of the order."""
    plain = random_bits(1, 1)
    key = Key.drawn(np.random.default_rng(2))

    found = recovered(plain, key.apply(plain))

    assert (found.order == UNKNOWN).all()


def likenesses(leak: Leak, figures: Mapping[str, Drawing], inverse: Inverse) -> Likenesses:
    """Redraw every figure; return how like each redrawing is to each of them."""
    drawn = [inverse.redraw(leak, each.picture, 128)[0] for each in figures.values()]
    return np.array(
        [
            [correlation(reduced(a, 64), reduced(b.picture, 64)) for b in figures.values()]
            for a in drawn
        ]
    )


def test_keypoint_signals_redraw_a_picture(
    figures: Mapping[str, Drawing], inverse: Inverse
) -> None:
    """The finding: each redrawing is like its own picture, and like no other."""
    found = likenesses(EIGHTY, figures, inverse)

    assert found.diagonal().min() > 0.5
    assert (found.argmax(axis=1) == range(3)).all()


def test_whole_picture_signals_say_less_and_not_nothing(
    figures: Mapping[str, Drawing], inverse: Inverse
) -> None:
    """More than chance, less than keypoint signals: the other finding."""
    whole, keypoints = (likenesses(leak, figures, inverse) for leak in (ONE, EIGHTY))
    by_chance = (whole.sum() - whole.trace()) / 6

    assert by_chance + 0.05 < whole.trace() / 3 < keypoints.trace() / 3 - 0.2


def test_least_squares_put_true_patches_together_again(figures: Mapping[str, Drawing]) -> None:
    """Control: given what was hashed instead of guesses, nearly the picture comes out."""
    picture = figures["room"].picture
    spots = AS_IT_IS.spots(describe(picture).registered(80))
    true = levels_removed(cut(levelled(picture), spots))

    pieces = lay(true, np.ones(true.shape[1]), spots, 128)
    covered = pieces.covered()

    assert correlation(solved(pieces)[covered], reduced(picture, 128)[covered]) > 0.9


def test_ridge_regression_finds_a_linear_rule() -> None:
    """Without a penalty, what is a weighted sum of signs is guessed rightly."""
    random = np.random.default_rng(3)
    signs = random.choice([-1.0, 1.0], (200, 8)).astype(np.float32)
    numbers = np.asarray(signs @ random.normal(size=(8, 5)) + 2, np.float32)
    ridge = Ridge(8, 5)
    ridge.add(signs[:150], numbers[:150])

    guess = ridge.fitted(0)

    assert np.allclose(guess(signs[150:]), numbers[150:], atol=1e-3)
    assert np.allclose(guess.knowing_nothing(), 2, atol=1e-3)


def test_every_letter_of_the_page_itself_is_read() -> None:
    """Control: the reader fails for want of a picture only, not for want of skill."""
    sheet, letters = page(0)
    flat = np.zeros((192, 256), np.float32)

    assert set(letters_read(reduced(sheet, 256), letters).values()) == {1.0}
    assert max(letters_read(flat, letters).values()) < 0.5


def test_outlines_are_found_in_the_picture_itself_and_not_in_noise(
    figures: Mapping[str, Drawing],
) -> None:
    """Control: the measure runs from nothing to nearly all."""
    bear = figures["toy bear"]
    noise = np.random.default_rng(0).normal(size=(192, 256)).astype(np.float32)

    assert outlines_found(reduced(bear.picture, 256), bear.outlines) > 0.8
    assert outlines_found(noise, bear.outlines) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    "way",
    [
        Way("as they are", 80),
        Way("coarse places", 80, step=4),
        Way("no directions", 80, turned=False),
        Way("no places", 80, step=0),
        Way("half the bits", 80, bits=128, near=24),
    ],
    ids=lambda way: way.name,
)
def test_a_picture_that_says_less_is_still_found(figures: Mapping[str, Drawing], way: Way) -> None:
    """Every defence that the study prices leaves a turned copy recognisable, and no other."""
    room, bear = (figures[name].picture for name in ("room", "toy bear"))
    registered = way.registered(describe(room))
    turned = np.ascontiguousarray(np.rot90(room))

    assert way.votes(registered, describe(turned).looked_up()) >= 3
    assert way.votes(registered, describe(bear).looked_up()) < 3


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_words_the_sentence_that_she_reads(language: str) -> None:
    """The sentence follows from the findings only if both are the same one."""
    marked = re.search(rf"<!-- sentence {language} -->\n> (.+)\n", PAGE.read_text())

    assert marked is not None
    assert marked[1] == dict(KEYPOINTS_SENTENCE)[language]  # type: ignore[index]


def test_the_pages_pictures_are_small() -> None:
    """Nobody fetches megabytes to decide."""
    sizes = [path.stat().st_size for path in PICTURES.iterdir()]

    assert max(sizes) <= 60_000
    assert sum(sizes) <= 300_000


@pytest.mark.parametrize("name", ["still life", "room", "toy bear"])
def test_published_pictures_are_of_what_the_study_draws(
    figures: Mapping[str, Drawing], name: str
) -> None:
    """No photograph of anybody's is in the repository: the first picture is our drawing."""
    with Image.open(PICTURES / f"{name.replace(' ', '-')}.webp") as file:
        shown = np.asarray(file.convert("L"), np.float32)
    first = shown[GAP + LABEL : GAP + LABEL + TILE * 3 // 4, GAP : GAP + TILE]

    assert correlation(first, reduced(figures[name].picture, TILE)) > 0.95
