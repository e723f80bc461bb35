"""Canaries' pictures: drawn by chance, hashed as a device hashes, and kept by nobody."""

from itertools import combinations

import numpy as np

from takeback.exchange.decoys import draw, draw_many
from takeback.hashing.signal import MINIMUM_QUALITY
from takeback.hashing.signal_types import SignalType, check


def test_as_many_canaries_come_together_as_views_of_a_picture() -> None:
    """Each view once, as many as shapes and turns of phones' pictures make."""
    bundles = draw_many(12, keypoints=0.0)

    for bundle in bundles:
        views = [each.view for each in bundle]
        assert {"whole", "mirror"} < set(views)
        assert len(set(views)) == len(views)
        assert all(len(each.signal) == 32 for each in bundle)
        assert all(each.quality >= MINIMUM_QUALITY for each in bundle)
    assert {len(bundle) for bundle in bundles} <= set(range(5, 12))
    assert len({len(bundle) for bundle in bundles}) > 1
    assert len({bundle[0].view for bundle in bundles}) > 1


def test_keypoint_signals_are_well_formed() -> None:
    """A matcher unpacks them as it does any."""
    [described] = [each for each in draw(keypoints=True) if each.type == "kp1"]

    check(SignalType.KEYPOINTS, described.signal)
    assert described.quality == 0


def test_no_two_pictures_are_alike() -> None:
    """Nor any part of one and of another, so that none matches by chance."""
    bundles = draw_many(6, keypoints=0.0)

    for one, other in combinations(bundles, 2):
        ours, theirs = (
            np.frombuffer(b"".join(each.signal for each in bundle), np.uint8).reshape(-1, 32)
            for bundle in (one, other)
        )
        distances = np.bitwise_count(ours[:, None] ^ theirs[None]).sum(axis=2, dtype=int)
        assert distances.min() > 60


def test_nothing_of_a_signal_is_printed() -> None:
    """A canary that can be read somewhere is one that can be left out."""
    [first, *_] = draw(keypoints=False)

    assert repr(first.signal) not in repr(first)
