"""Frames that follow each other agree on one speed and one offset, and stills count once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takeback.hashing.video_signals import VideoSignals
from takeback.matching.videos.run_kernels import (
    FASTEST,
    JITTER,
    SLOWEST,
    compare_along,
    distinct,
    elect_line,
)
from takeback.matching.videos.runs import (
    LOOSE,
    Line,
    Strip,
    chance,
    follow,
    propose,
    score,
    warm_up,
)
from tests.matching.filming import filmed, joined, noisy, still, world


def strip(video: VideoSignals) -> Strip:
    """The frames of a video."""
    return Strip.of(video.times, video.bits, video.duration)


@settings(max_examples=60, deadline=None)
@given(st.floats(SLOWEST, FASTEST), st.floats(-60_000, 60_000), st.integers(0, 2**32 - 1))
def test_speed_and_offset_come_back_through_wrong_pairs(
    speed: float, offset: float, seed: int
) -> None:
    """As many wrong pairs as right ones do not move the line by more than frames are apart."""
    rng = np.random.default_rng(seed)
    theirs = np.arange(40) * 250.0
    ours = speed * theirs + offset + rng.uniform(-100, 100, 40)
    wrong = rng.uniform(-60_000, 120_000, 40)

    line = propose(np.tile(theirs, 2), np.concatenate((ours, wrong)))

    assert max(abs(line.at(time) - (speed * time + offset)) for time in (0.0, 9750.0)) < JITTER


def test_one_pair_is_played_at_ordinary_speed() -> None:
    """Where nothing tells the speed, it is one."""
    assert propose(np.array([2000.0]), np.array([9000.0])) == Line(1.0, 7000.0)


def test_an_excerpt_is_one_run_from_its_beginning_to_its_end() -> None:
    """Every frame is compared with the one that should be there."""
    film = world(1)
    excerpt = joined((noisy(film, 20), 17.4, 10.0))

    (run,) = follow(
        strip(filmed(excerpt, 10.0, 0.25)), strip(filmed(film, 60.0)), Line(1.0, 17_400.0)
    )

    assert (run.begin, run.end) == (0.0, 10_000.0)
    assert run.moments >= 4
    assert run.distance is not None
    assert run.distance <= 31


def test_frames_between_two_parts_end_a_run() -> None:
    """What was put in between agrees with nothing; both parts are runs of their own."""
    film, other = world(1), world(2)
    upload = joined((film, 0.0, 8.0), (other, 0.0, 8.0), (film, 16.0, 8.0))

    runs = follow(strip(filmed(upload, 24.0, 0.25)), strip(filmed(film, 60.0)), Line(1.0, 0.0))

    assert [(run.begin, round(run.end, -3)) for run in runs] == [
        (0.0, 8000.0),
        (16_000.0, 24_000.0),
    ]


def test_frames_beyond_the_registered_video_agree_with_nothing() -> None:
    """Before its beginning and after its end there is nothing to be near to."""
    film = filmed(world(1), 20.0)

    assert follow(strip(film), strip(film), Line(1.0, 40_000.0)) == []
    assert follow(strip(film), strip(film), Line(1.0, -40_000.0)) == []


@pytest.mark.parametrize("seconds", [2.0, 10.0, 600.0])
def test_a_still_is_one_moment_however_long_it_is_shown(seconds: float) -> None:
    """Many frames of one picture say no more than one does."""
    upload = strip(filmed(noisy(still(3), 4), seconds, 0.25))

    (run,) = follow(upload, strip(filmed(still(3), 20.0)), Line(1.0, 0.0))[:1]

    assert run.moments == 1


def test_strangers_have_no_run() -> None:
    """Unrelated frames are farther apart than what agrees, wherever they are laid."""
    a, b = strip(filmed(world(1), 60.0, 0.25)), strip(filmed(world(2), 60.0))

    assert [
        run for offset in range(-50_000, 50_000, 5000) for run in follow(a, b, Line(1.0, offset))
    ] == []


@given(st.lists(st.integers(0, LOOSE), min_size=1, max_size=10), st.integers(1, 10_000))
def test_nearer_and_more_moments_score_higher(distances: list[int], tried: int) -> None:
    """The score grows with evidence and falls with what was tried."""
    moments = sorted(distances)

    assert score([*moments, LOOSE], tried) > score(moments, tried)
    assert score(moments, 2 * tried) < score(moments, tried)
    assert chance(moments[0]) <= chance(moments[-1])


def test_warming_up_compiles_every_loop() -> None:
    """No request waits for the compiler."""
    warm_up()

    for loop in (elect_line, compare_along, distinct):
        assert getattr(loop, "signatures", ())


def test_where_nothing_is_registered_nothing_ends_a_run() -> None:
    """Registered frames without detail are left out; what is uploaded there is not held against."""
    film = filmed(world(1), 30.0)
    kept = (film.times < 9000) | (film.times >= 21_000)
    sparse = Strip.of(film.times[kept], film.bits[kept], film.duration)

    (run,) = follow(strip(filmed(world(1), 30.0, 0.25)), sparse, Line(1.0, 0.0))

    assert run.end - run.begin > 29_000
