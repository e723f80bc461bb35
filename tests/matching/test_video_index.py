"""Which registered videos an upload shows a part of: excerpts, re-orders, mirrors; and who not."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takeback.hashing.keypoint_signals import KeypointSignals, KeypointView, whole_look
from takeback.hashing.picture import PictureSignals
from takeback.hashing.signal import Signal
from takeback.hashing.video_signals import MOST_SIGNALS, FrameView, KeypointFrame, VideoSignals
from takeback.matching.videos.index import VideoIndex, frames_as_queries
from tests.matching.filming import Moment, filmed, joined, noisy, of, still, uploaded, world

FILM = world(1)
MINUTE = 60.0


@pytest.fixture
def index() -> VideoIndex:
    """Ten registered videos of a minute; number 1 is the one that comes back."""
    index = VideoIndex()
    index.add(range(1, 11), [filmed(world(seed), MINUTE) for seed in range(1, 11)])
    return index


def found(index: VideoIndex, moment: Moment, seconds: float) -> list[int]:
    """The entries that an upload matches."""
    return [match.id for match in index.match_video(uploaded(moment, seconds))]


def picture(bits: bytes) -> PictureSignals:
    """A picture with that signal, and other ones turned and mirrored."""
    others = np.random.default_rng(9).integers(0, 256, (7, 32), np.uint8)
    dihedral = (Signal(bits), *(Signal(row.tobytes()) for row in others))
    return PictureSignals(quality=90, dihedral=dihedral, width=640, height=360, path="full")


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 50), st.integers(0, 24))
def test_any_ten_seconds_are_found_where_they_are(start: float, flips: int) -> None:
    """An excerpt matches its video, and the match says which part of it."""
    index = VideoIndex()
    index.add([1, 2], [filmed(FILM, MINUTE), filmed(world(2), MINUTE)])

    (match,) = index.match_video(uploaded(joined((noisy(FILM, flips), start, 10.0)), 10.0))

    begin, end = match.registered_seconds
    assert match.id == 1
    assert abs(begin - match.seconds[0] - start) < 1.0
    assert end - begin > 7.0


def test_a_short_video_that_moves_fast_is_found_by_all_of_its_few_frames() -> None:
    """Two frames of four seconds are registered, and between them nothing looks like either."""
    frames = np.random.default_rng(4).integers(0, 256, (16, 32), np.uint8)
    hers = of(np.array([0, 1000], np.uint32), {FrameView.WHOLE: frames[[0, 4]]}, 4.0)
    copy = of(np.arange(16, dtype=np.uint32) * 250, {FrameView.WHOLE: frames}, 4.0)
    stranger = of(np.arange(16, dtype=np.uint32) * 250, {FrameView.WHOLE: frames[::-1]}, 4.0)
    index = VideoIndex()
    index.add([1], [hers])

    assert [match.id for match in index.match_video(copy)] == [1]
    assert index.match_video(stranger) == []


def test_a_video_that_repeats_the_frames_of_another_does_not_hide_it() -> None:
    """Whoever has the copy that goes around could register its frames, hundreds of times each."""
    frames = np.random.default_rng(8).integers(0, 256, (17, 32), np.uint8)
    flips = np.packbits(np.arange(256) < 8)
    hers = of(np.arange(17, dtype=np.uint32) * 1000, {FrameView.WHOLE: frames ^ flips}, 17.0)
    crowd = {FrameView.WHOLE: np.repeat(frames[::-1], MOST_SIGNALS // 17, axis=0)}
    count = len(crowd[FrameView.WHOLE])
    theirs = of(np.arange(count, dtype=np.uint32) * 20_000, crowd, count * 20.0)
    index = VideoIndex()
    index.add([1, 2], [hers, theirs])

    copy = of(np.arange(68, dtype=np.uint32) * 250, {FrameView.WHOLE: frames.repeat(4, 0)}, 17.0)

    assert [match.id for match in index.match_video(copy)] == [1]


@pytest.mark.parametrize("view", list(FrameView))
def test_it_is_found_in_whichever_view_shows_it(index: VideoIndex, view: FrameView) -> None:
    """Mirrored or inside a border, an upload is looked at that way too."""
    (match,) = index.match_video(uploaded(joined((FILM, 20.0, 10.0)), 10.0, view))

    assert (match.id, match.view) == (1, view)


def test_a_registered_letterbox_is_found_without_it() -> None:
    """Both forms of her copy are registered, and both are searched."""
    plain, trimmed = filmed(world(3), MINUTE), filmed(FILM, MINUTE, every=1.0)
    both = of(plain.times, {FrameView.WHOLE: plain.bits, FrameView.TRIMMED: trimmed.bits}, MINUTE)
    index = VideoIndex()
    index.add([1], [both])

    assert found(index, joined((FILM, 20.0, 10.0)), 10.0) == [1]
    assert found(index, joined((world(3), 20.0, 10.0)), 10.0) == [1]


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_a_faster_or_slower_copy_is_found_and_its_speed_told(
    index: VideoIndex, speed: float
) -> None:
    """Half to double speed."""
    (match,) = index.match_video(uploaded(lambda time: FILM(10.0 + speed * time), 10.0))

    assert match.id == 1
    assert match.speed == pytest.approx(speed, rel=0.15)


def test_parts_in_another_order_are_found_each(index: VideoIndex) -> None:
    """Long parts that were swapped are two runs of one match."""
    (match,) = index.match_video(uploaded(joined((FILM, 40.0, 10.0), (FILM, 5.0, 10.0)), 20.0))

    begins = {round(run.registered[0] / 1000) for run in match.runs}
    assert {40, 5} <= begins


def test_a_trimmed_and_lengthened_copy_is_found(index: VideoIndex) -> None:
    """Something else before and after does not hide it."""
    upload = joined((world(50), 0.0, 30.0), (noisy(FILM, 20), 12.0, 10.0), (world(51), 0.0, 30.0))

    assert found(index, upload, 70.0) == [1]


def test_strangers_are_not_found(index: VideoIndex) -> None:
    """Unrelated videos match nothing."""
    assert [found(index, world(seed), 30.0) for seed in range(100, 130)] == [[]] * 30


def test_a_shared_intro_of_three_seconds_is_no_match(index: VideoIndex) -> None:
    """Two videos of one channel begin alike and have nothing else in common."""
    assert found(index, joined((FILM, 0.0, 3.0), (world(70), 0.0, 40.0)), 43.0) == []


def test_an_intro_that_is_shown_again_and_again_is_still_an_intro() -> None:
    """Ten times three seconds are half of neither video."""
    index = VideoIndex()
    index.add([1], [filmed(FILM, 40.0)])
    intro = [part for seed in range(70, 80) for part in ((FILM, 0.0, 3.0), (world(seed), 0.0, 4.0))]

    assert found(index, joined(*intro), 70.0) == []


def test_a_title_shared_for_ten_seconds_is_no_match() -> None:
    """A still is one moment, and here a small part of both videos."""
    index = VideoIndex()
    index.add([1], [filmed(joined((still(4), 0.0, 10.0), (world(1), 0.0, 50.0)), MINUTE)])

    assert found(index, joined((still(4), 0.0, 10.0), (world(2), 0.0, 50.0)), MINUTE) == []


def test_a_still_video_is_found_in_its_copy() -> None:
    """What shows one picture all along is that picture."""
    index = VideoIndex()
    index.add([1, 2], [filmed(still(4), MINUTE), filmed(still(5), MINUTE)])

    (match,) = index.match_video(uploaded(noisy(still(4), 3), 10.0))

    assert (match.id, match.runs[0].moments) == (1, 1)


def test_a_short_clip_that_is_all_of_the_upload_is_found(index: VideoIndex) -> None:
    """Two seconds are a match if they are half of what was uploaded."""
    assert found(index, joined((FILM, 21.0, 2.0)), 2.0) == [1]


def test_a_picture_taken_from_a_video_is_found_with_its_time(index: VideoIndex) -> None:
    """A screenshot of a frame."""
    (match,) = index.match_picture(picture(noisy(FILM, 20)(33.0).tobytes()))

    assert match.id == 1
    assert match.registered_seconds == (33.0, 33.0)
    assert index.match_picture(picture(world(99)(1.0).tobytes())) == []


def test_frames_to_look_up_among_pictures_are_those_that_differ() -> None:
    """A registered picture inside an upload is asked for once, with every view."""
    upload = uploaded(joined((still(1), 0.0, 20.0), (world(2), 0.0, 3.0)), 23.0)

    queries = frames_as_queries(upload)

    assert queries[0].time == 0
    assert queries[0].signals.shape == (len(FrameView), 32)
    assert queries[0].signals[0].tobytes() == still(1)(0.0).tobytes()
    assert 2 <= len(queries) <= 4


def test_a_chosen_frame_that_was_left_out_is_still_asked_for() -> None:
    """A frame with little detail as a whole may have keypoints enough."""
    upload = uploaded(joined((still(1), 0.0, 5.0)), 5.0)
    signals = KeypointSignals(64, 36, np.zeros((9, 32), np.uint8), np.zeros((9, 4), np.uint8))
    look = whole_look({KeypointView.PLAIN: signals})

    queries = frames_as_queries(replace(upload, keypoints=(KeypointFrame(3000, look),)))

    assert [(query.time, len(query.signals), len(query.looks)) for query in queries] == [
        (0, len(FrameView), 0),
        (3000, 0, 1),
    ]


def test_a_withdrawn_video_is_gone_at_once_and_from_memory(index: VideoIndex) -> None:
    """Neither looked up nor left in any array."""
    index.withdraw([1, 999])

    assert found(index, joined((FILM, 20.0, 10.0)), 10.0) == []
    assert (1 in index, len(index)) == (False, 9)
    index.withdraw([2])
    assert found(index, joined((world(3), 20.0, 10.0)), 10.0) == [3]


def test_adding_again_replaces(index: VideoIndex) -> None:
    """One id is one video, the last one."""
    index.add([1], [filmed(world(40), MINUTE)])

    assert found(index, joined((FILM, 20.0, 10.0)), 10.0) == []
    assert found(index, joined((world(40), 20.0, 10.0)), 10.0) == [1]
    assert len(index) == 10


@pytest.mark.parametrize("ids", [[20, 20], [20]])
def test_ids_and_videos_must_fit(index: VideoIndex, ids: list[int]) -> None:
    """What can't be taken whole is not taken at all."""
    with pytest.raises(ValueError, match="different"):
        index.add(ids, [filmed(FILM, 5.0), filmed(FILM, 5.0)])

    assert 20 not in index


def test_a_video_without_frames_is_no_entry(index: VideoIndex) -> None:
    """It could never match."""
    empty = of(np.empty(0, np.uint32), {FrameView.WHOLE: np.empty((0, 32), np.uint8)}, 5.0)

    with pytest.raises(ValueError, match="frames"):
        index.add([20], [empty])
    assert index.match_video(empty) == []


def test_the_longest_video_keeps_its_frames_apart_from_its_neighbours(index: VideoIndex) -> None:
    """Numbers of frames of one video never run into those of the next."""
    times = np.arange(MOST_SIGNALS, dtype=np.uint32) * 1000
    bits = np.random.default_rng(2).integers(0, 256, (MOST_SIGNALS, 32), np.uint8)
    index.add([20], [of(times, {FrameView.WHOLE: bits}, MOST_SIGNALS)])
    end = of(times[:20], {FrameView.WHOLE: bits[-20:]}, 20.0)

    (match,) = index.match_video(end)

    assert (match.id, match.registered_seconds[0]) == (20, MOST_SIGNALS - 20)
    assert found(index, joined((FILM, 20.0, 10.0)), 10.0) == [1]


def test_searches_beside_writers_see_whole_videos(index: VideoIndex) -> None:
    """An entry that stays is found by every search, whatever comes and goes meanwhile."""
    film: VideoSignals = uploaded(joined((FILM, 20.0, 10.0)), 10.0)
    stop = threading.Event()

    def write() -> None:
        number = 100
        while not stop.is_set():
            index.add([number], [filmed(world(200), 20.0)])
            index.withdraw([number])
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        answers = [[match.id for match in index.match_video(film)] for _ in range(50)]
    finally:
        stop.set()
        writer.join()

    assert answers == [[1]] * 50
