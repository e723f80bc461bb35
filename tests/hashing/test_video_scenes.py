"""Which frames stand for a video: few, spread over time, and bounded at any length."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from takeback.hashing.borders import inside
from takeback.hashing.scenes import LEAST_GAP, LEAST_STEP, Pace, Spread

RNG = np.random.default_rng(1)
A, B = RNG.integers(0, 256, (2, 90, 160), np.uint8)


def taken(frames: list[tuple[int, NDArray[np.uint8]]], every: int = 1000) -> list[int]:
    """The times at which a frame is hashed."""
    pace = Pace(every)
    return [time for time, luma in frames if pace.wants(time, luma)]


def test_one_frame_in_each_second() -> None:
    """Nothing changes, so nothing but time asks for a frame."""
    assert taken([(time, A) for time in range(0, 5000, 40)]) == [0, 1000, 2000, 3000, 4000]


def test_a_cut_asks_for_a_frame_at_once() -> None:
    """The new scene is hashed where it begins."""
    frames = [(time, A if time < 1480 else B) for time in range(0, 3000, 40)]

    assert taken(frames) == [0, 1000, 1480, 2000]


def test_flicker_does_not_ask_for_every_frame() -> None:
    """Cuts closer than a quarter of a second are one."""
    times = taken([(time, (A, B)[time // 40 % 2]) for time in range(0, 4000, 40)])

    assert np.diff(times).min() >= LEAST_GAP / 2
    assert len(times) <= 4000 / LEAST_GAP + 4


def test_what_moves_fast_is_looked_at_more_often_and_what_is_calm_again_less() -> None:
    """The distance of the last two frames says how soon the next is needed."""
    pace, times = Pace(240), []
    for time in range(0, 6000, 10):
        if pace.wants(time, A):
            times.append(time)
            pace.hurry(100 if time < 3000 else 0)

    steps = np.diff(times)
    assert steps[:20].min() >= LEAST_STEP
    assert steps[len(steps) // 4] <= 2 * LEAST_STEP
    assert steps[-1] == 240


@settings(max_examples=60)
@given(st.integers(1, 40), st.lists(st.integers(1, 5000), max_size=300))
def test_what_is_kept_is_bounded_and_in_order(most: int, steps: list[int]) -> None:
    """However many are added, at most so many stay; all of them if they are few."""
    spread: Spread[int] = Spread(most, 1000)
    times = np.cumsum(steps).tolist()
    for time in times:
        spread.add(time, time)

    kept = [item.time for item in spread.items]
    assert len(kept) <= most
    assert kept == sorted(set(kept) & set(times))
    assert kept == times or len(times) > most


@given(st.integers(4, 50), st.integers(60, 2000))
def test_thinning_is_even(most: int, seconds: int) -> None:
    """Of a long video every part is remembered alike."""
    spread: Spread[None] = Spread(most, 1000)
    for second in range(seconds):
        if 1000 * second % spread.cell == 0:  # as the pace asks for them once it is slowed down
            spread.add(1000 * second, None)

    gaps = np.diff([item.time for item in spread.items])
    assert len(gaps) + 1 >= most // 2
    assert gaps.max() <= 2 * gaps.min()


def test_the_best_of_each_cell_is_kept() -> None:
    """Of two frames that are too many, the richer one stays; of equals, the first."""
    spread: Spread[str] = Spread(2, 1000, worth=len)
    for time, kept in ((0, "aa"), (500, "bbb"), (1000, "c"), (1500, "d")):
        spread.add(time, kept)

    assert [item.kept for item in spread.items] == ["bbb", "c"]


@given(
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 255),
)
def test_a_flat_border_is_found_to_the_pixel(
    top: int, bottom: int, left: int, right: int, level: int
) -> None:
    """Black bars, or those of any other colour, on any side."""
    framed = np.pad(A, ((top, bottom), (left, right)), constant_values=level)

    place = inside(framed)

    assert place is not None
    height, width = framed.shape
    assert (round(place.top * height), round(place.left * width)) == (top, left)
    assert (round(place.bottom * height), round(place.right * width)) == (top + 90, left + 160)


def test_a_flat_frame_has_nothing_inside() -> None:
    """A black frame says nothing about the border."""
    assert inside(np.full((90, 160), 16, np.uint8)) is None
