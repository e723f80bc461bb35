"""What a hashing process says is believed only where its parts fit together."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from takeback.errors import MalformedSignal
from takeback.hashing.messages import HashedPicture, HashedVideo, Look, View
from takeback.hashing.video_signals import MOST_KEYPOINT_FRAMES, MOST_SIGNALS, FrameView
from tests.matcher.test_types import video

WHOLE = (0.0, 0.0, 1.0, 1.0)
EIGHT = bytes(8 * 32)
LOOK = Look("whole", WHOLE, {})


def test_a_video_comes_back_as_it_was() -> None:
    """Times, qualities and views."""
    made = video(1)

    back = HashedVideo.of(made).signals()

    assert back.times.tolist() == made.times.tolist()
    assert back.qualities.tolist() == made.qualities.tolist()
    assert (back.bits == made.bits).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"times": b""},
        {"times": bytes(4 * 21)},
        {"qualities": bytes(19)},
        {"views": {}},
        {"views": {FrameView.WHOLE: bytes(32 * 20), FrameView.MIRRORED: bytes(32 * 19)}},
        {
            "times": bytes(4 * (MOST_SIGNALS + 1)),
            "qualities": bytes(MOST_SIGNALS + 1),
            "views": {FrameView.WHOLE: bytes(32 * (MOST_SIGNALS + 1))},
        },
        {"keypoints": ((0, LOOK),) * (MOST_KEYPOINT_FRAMES + 1)},
    ],
)
def test_a_video_whose_parts_do_not_fit_is_refused(wrong: Mapping[str, Any]) -> None:
    """The loops that compare frames trust that there are as many of each."""
    said = msgspec.structs.replace(HashedVideo.of(video(1)), **wrong)

    with pytest.raises(MalformedSignal):
        said.signals()


@pytest.mark.parametrize("signals", [b"", bytes(7 * 32), bytes(9 * 32)])
def test_a_view_has_eight_signals(signals: bytes) -> None:
    """Of the picture and of each of its views."""
    view = View("trimmed", WHOLE, 90, EIGHT)
    picture = HashedPicture(90, 64, 64, "full", EIGHT, (view,), ())
    assert len(picture.signals().views[0].dihedral) == 8

    with pytest.raises(MalformedSignal):
        msgspec.structs.replace(picture, dihedral=signals).signals()
    with pytest.raises(MalformedSignal):
        msgspec.structs.replace(view, dihedral=signals).signals()
