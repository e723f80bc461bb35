"""Intake of signals of every type: strict, bounded, each different one once."""

import base64
from typing import get_args

import msgspec
import pytest

from takeback.cases import intake
from takeback.cases.wire import (
    DigestDocument,
    ItemDocument,
    KeypointDocument,
    PdqDocument,
    SignalDocument,
    VideoDocument,
    View,
)
from takeback.errors import MalformedBody, MalformedSignal, TakebackError
from takeback.hashing.keypoint_signals import PACKED_BYTES
from takeback.hashing.signal_types import SignalType, to_text
from tests.cases.world import World, signal
from tests.matching.banking import described, digest, filmed


def keypoints(content: bytes) -> KeypointDocument:
    """Return packed keypoint signals as a document."""
    return KeypointDocument(base64.urlsafe_b64encode(content).rstrip(b"=").decode())


def film(content: bytes) -> VideoDocument:
    """Return a packed video as a document."""
    return VideoDocument(base64.urlsafe_b64encode(content).rstrip(b"=").decode())


WELL = described(1).content
PICTURE = filmed(2, keypoints=True).content

HOSTILE: dict[str, SignalDocument] = {
    "nothing": KeypointDocument(""),
    "padded": KeypointDocument(keypoints(WELL).value + "=="),
    "stray bits": KeypointDocument(keypoints(WELL[:-1]).value[:-1] + "_"),
    "other alphabet": KeypointDocument("+/" * 53),
    "cut off": keypoints(WELL[:-1]),
    "longer": keypoints(WELL + b"\0"),
    "81 keypoints": keypoints(WELL + WELL[-PACKED_BYTES:]),
    "two keypoints": keypoints(WELL[: 2 + 2 * PACKED_BYTES]),
    "no longest side": keypoints(b"\x3f\x30" + WELL[2:]),
    "outside": keypoints(WELL[:-3] + b"\xff\xff\xf8"),
    "no direction": keypoints(WELL[:-3] + b"\0\0\xf8"),
    "spare bits": keypoints(WELL[:-3] + b"\0\0\x01"),
    "no video": film(b"\0" * 60),
    "cut-off video": film(PICTURE[:-1]),
    "longer video": film(PICTURE + b"\0"),
    "other flags": film(PICTURE[:52] + b"\x08" + PICTURE[53:]),
    "no frames": film(PICTURE[:53] + b"\0\0\0"),
    "picture as video": film(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4),
    "short digest": DigestDocument("0" * 30),
    "capital digest": DigestDocument("A" * 32),
}


@pytest.mark.parametrize("sent", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_signal_is_refused_before_anything_is_stored(sent: SignalDocument) -> None:
    """Whatever is around it."""
    with pytest.raises((MalformedSignal, MalformedBody)) as refused:
        intake.items([ItemDocument([signal("a")]), ItemDocument([signal("b"), sent])])

    assert sent.value[:20] == "" or sent.value[:20] not in str(refused.value)


def test_every_type_is_taken_as_it_came(world: World) -> None:
    """With its content, its view and its type."""
    documents: list[SignalDocument] = [
        signal("a"),
        KeypointDocument(to_text(SignalType.KEYPOINTS, WELL), "trimmed"),
        film(PICTURE),
        DigestDocument(digest(3).content.hex()),
    ]

    [new] = intake.items([ItemDocument(documents)])

    assert [each.type for each in new.signals] == ["pdq", "kp1", "video1", "md5"]
    assert [each.content for each in new.signals[1:]] == [WELL, PICTURE, digest(3).content]
    assert [each.view for each in new.signals] == ["whole", "trimmed", "whole", "whole"]
    assert new.keypoints


def test_a_picture_with_everything_takes_at_most_six_kilobytes() -> None:
    """As a device sends it: every view there is, and as many keypoints as may be."""
    value, views = signal("a").value, get_args(View)
    views_of_it = [PdqDocument(value, 100, view, "luminance") for view in views]

    sent = msgspec.json.encode(ItemDocument([*views_of_it, keypoints(WELL)]))

    assert len(views) == 11
    assert len(sent) <= 6_000


def test_the_same_signal_of_any_type_twice_is_one() -> None:
    """A device that sends one twice does no harm."""
    [new] = intake.items([ItemDocument([keypoints(WELL), film(PICTURE)] * 2)])

    assert [each.type for each in new.signals] == ["kp1", "video1"]


@pytest.mark.parametrize(
    "two",
    [
        [keypoints(WELL), keypoints(described(9).content)],
        [film(PICTURE), film(filmed(9).content)],
        [DigestDocument("0" * 32), DigestDocument("1" * 32)],
    ],
    ids=["kp1", "video1", "md5"],
)
def test_an_item_is_one_picture_or_video(two: list[SignalDocument]) -> None:
    """More would be a way to register thousands of keypoints at once."""
    with pytest.raises(TakebackError, match=r"items\[0\].signals holds more"):
        intake.items([ItemDocument(two)])
