"""Segments and tails of the keypoint index: arrays under names, which may lie in a file."""

import numpy as np
import pytest

from takeback.matching.keypoints.ended import none_of
from takeback.matching.keypoints.guide import upload_of
from takeback.matching.keypoints.rows import frozen, rows_of
from takeback.matching.keypoints.segment import KeypointSegment, segment_of
from takeback.matching.keypoints.tables import Layouts, interleaved
from takeback.matching.keypoints.tail import KeypointTail
from tests.matching.keypoint_oracle import KEYPOINTS, SMALL, look_for, pictures

WIDE: Layouts = ((0, interleaved(6, flips=True)),)


def found(segment: KeypointSegment, count: int) -> list[list[int]]:
    """Look each of the bank's pictures up; numbers of those found."""
    uploads = [upload_of(look_for(picture).views.values()) for picture in pictures(count, seed=1)]
    return [segment.search(upload, 3).pictures.tolist() for upload in uploads]


@pytest.mark.parametrize("layouts", [SMALL, WIDE], ids=["small tables", "wide tables"])
def test_a_segment_is_its_attributes_and_arrays(layouts: Layouts) -> None:
    """What is made of them anew, and can't be written to, answers the same."""
    segment = segment_of(np.arange(30) * 7, rows_of(pictures(30, seed=1)), layouts)
    arrays = {name: frozen(array.copy()) for name, array in segment.arrays.items()}

    again = KeypointSegment.of(segment.attributes, arrays, none_of(30))

    assert found(again, 30) == found(segment, 30) == [[number] for number in range(30)]
    assert again.attributes == segment.attributes
    assert again.arrays.keys() == segment.arrays.keys()
    assert again.ids.tolist() == [7 * number for number in range(30)]


def test_what_has_ended_is_seen_through_the_shared_words_alone() -> None:
    """Whoever sets the bits, and from wherever: another process may."""
    segment = segment_of(np.arange(70), rows_of(pictures(70, seed=1)), SMALL)
    words = none_of(70)
    other = KeypointSegment.of(segment.attributes, segment.arrays, frozen(words))
    writer = KeypointSegment.of(segment.attributes, segment.arrays, words)

    writer.end(np.array([3, 64]))

    missing = [number for number, hits in enumerate(found(other, 70)) if not hits]
    assert missing == [3, 64]
    assert other.lasting == 68
    assert other.find(np.array([2, 3, 64, 65]))[1].tolist() == [2, 65]


def test_a_tail_shows_what_was_there_and_not_what_came_later() -> None:
    """The arrays grow behind what is shown."""
    bank = pictures(5, seed=1)
    tail = KeypointTail.of_size(4 * KEYPOINTS)
    tail.append(np.array([9, 4]), rows_of(bank[:2]))
    before = tail.shown()

    tail.append(np.array([2, 7]), rows_of(bank[2:4]))

    assert found(before, 5) == [[0], [1], [], [], []]
    assert found(tail.shown(), 5) == [[0], [1], [2], [3], []]
    assert found(tail.shown(3), 5) == [[0], [1], [2], [], []]
    assert tail.shown().find(np.array([2, 4, 5]))[1].tolist() == [1, 2]


def test_a_tail_has_room_for_so_many_keypoints_and_pictures() -> None:
    """Whichever is used up first."""
    tail = KeypointTail.of_size(2 * KEYPOINTS)
    one, bare = rows_of(pictures(1, seed=1)), rows_of([pictures(1, seed=1)[0].first(0)])

    tail.append(np.array([1]), one)
    assert tail.has_room(one)
    tail.append(np.array([2]), one)

    assert not tail.has_room(one)
    assert tail.has_room(bare)
    tail.append(np.arange(10, 8 + 2 * KEYPOINTS), rows_of([bare.picture(0)] * (2 * KEYPOINTS - 2)))
    assert not tail.has_room(bare)
