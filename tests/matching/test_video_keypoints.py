"""Chosen frames that agree by keypoints: crops are found, watermarks are not."""

import numpy as np

from takeback.matching.videos.keypoint_runs import JITTER, KeypointHit, keypoint_run
from takeback.matching.videos.match import SURE, suffices
from takeback.matching.videos.runs import Run

TIMES = np.linspace(0, 9000, 10)
REGISTERED = np.linspace(0, 58_000, 30)


def hit(
    number: int, partner: int, votes: int = 8, *, telling: bool = True, same: bool = False
) -> KeypointHit:
    """A chosen frame in which a registered one lies, at places of its own or always the same."""
    first = 0 if same else 100 * partner
    return KeypointHit(number, partner, votes, telling, frozenset(range(first, first + votes)))


def run(*hits: KeypointHit) -> Run:
    """The run of those hits in an upload of ten seconds."""
    return keypoint_run(list(hits), (TIMES, 10_000.0), REGISTERED)


def enough(found: Run) -> bool:
    """Whether that alone is a match with a registered minute."""
    return suffices([found], 10_000.0, 60_000.0, 20)


def test_different_frames_in_order_are_a_match() -> None:
    """Three moments over six seconds."""
    found = run(hit(0, 4), hit(3, 5), hit(6, 7))

    assert (found.moments, found.votes) == (3, 8)
    assert abs(found.line.at(0.0) - 8000.0) <= JITTER
    assert enough(found)


def test_hits_that_contradict_each_other_in_time_do_not_add_up() -> None:
    """Frames of one second can't lie a minute apart in the registered video."""
    found = run(hit(0, 0), hit(1, 12), hit(2, 25))

    assert found.moments == 1
    assert not enough(found)


def test_the_same_places_in_every_frame_are_one_moment() -> None:
    """A watermark, or a camera that does not move."""
    found = run(*(hit(number, number // 2, same=True) for number in range(4)))

    assert found.moments == 1
    assert not enough(found)


def test_a_watermark_all_along_is_no_match() -> None:
    """Keypoints in a corner say who published a video, not what it shows."""
    found = run(*(hit(number, number // 2, same=True, telling=False) for number in range(10)))

    assert found.score < SURE
    assert not enough(found)


def test_one_scene_all_along_is_a_match() -> None:
    """An upload that shows nothing but the view of one registered frame."""
    found = run(*(hit(number, 3, same=True) for number in range(10)))

    assert enough(found)


def test_more_votes_are_surer() -> None:
    """The score grows with votes and with moments."""
    scores = [run(hit(0, 4, votes)).score for votes in (3, 6, 12)]

    assert scores == sorted(scores)
    assert run(hit(0, 4), hit(4, 6)).score > run(hit(0, 4)).score
