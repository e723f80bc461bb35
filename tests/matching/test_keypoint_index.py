"""The keypoint index answers what comparing everything with everything would."""

import numpy as np
import pytest
from PIL import Image

from takeback.hashing.decode import upright_pixels
from takeback.hashing.keypoint_signals import KeypointLook, KeypointView, whole_look
from takeback.hashing.keypoints import describe_pixels
from takeback.hashing.place import Place
from takeback.matching.keypoint_index import KeypointIndex
from tests.hashing.photographs import CHELSEA, COFFEE, ROCKET

PHOTOGRAPHS = (CHELSEA, COFFEE, ROCKET)


@pytest.fixture(scope="module")
def full() -> KeypointIndex:
    """Three photographs, under ids in no order."""
    index = KeypointIndex()
    pictures = [describe_pixels(upright_pixels(path)).registered(80) for path in PHOTOGRAPHS]
    index.add([9, -4, 7], pictures)
    return index


def upload_of(picture: Image.Image) -> KeypointLook:
    """Look at an upload."""
    return whole_look(describe_pixels(np.asarray(picture)).looked_up())


def test_an_edited_copy_is_found_under_its_id(full: KeypointIndex) -> None:
    """Cropped and mirrored, with how it has to be looked at."""
    picture = Image.fromarray(upright_pixels(COFFEE)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)

    found = full.search([upload_of(picture.crop((50, 40, 500, 380)))])

    assert [match.id for match in found] == [-4]
    assert found[0].agreement.view == KeypointView.MIRRORED
    assert found[0].look == "whole"


def test_a_place_is_one_in_the_whole_upload(full: KeypointIndex) -> None:
    """Where only the lower right quarter was looked at, the corners lie there."""
    picture = Image.fromarray(upright_pixels(COFFEE))
    quarter = KeypointLook("panel", Place(0.5, 0.5, 1.0, 1.0), upload_of(picture).views)

    (match,) = full.search([quarter])

    assert match.look == "panel"
    corners = np.array(match.agreement.place)
    assert np.abs(corners - [(0.5, 0.5), (1, 0.5), (1, 1), (0.5, 1)]).max() < 0.03
    assert abs(match.agreement.scale - 0.5) < 0.03
