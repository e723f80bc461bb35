"""Pictures made of random keypoints, uploads that show them, and the slow way to find them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from takeback.hashing.keypoint_signals import KeypointLook, KeypointSignals, KeypointView
from takeback.hashing.place import EVERYWHERE
from takeback.matching.keypoints.index import KeypointPolicy
from takeback.matching.keypoints.tables import Layouts, interleaved
from takeback.matching.keypoints.voting import VOTES_NEEDED, near_pairs, vote

KEYPOINTS = 12
"""Of a picture in these tests."""

SMALL: Layouts = ((0, interleaved(16)),)
"""Tables of 256 keys, which tests can build often."""

POLICIES = {
    "compared": KeypointPolicy(tail_rows=100_000),
    "small tables": KeypointPolicy(tail_rows=2 * KEYPOINTS, layouts=SMALL),
    "wide tables": KeypointPolicy(
        tail_rows=2 * KEYPOINTS, layouts=((0, interleaved(6, flips=True)),)
    ),
    "as shipped": KeypointPolicy(),
}


def strange(random: Generator, count: int = KEYPOINTS) -> KeypointSignals:
    """Draw a picture that is near no other."""
    places = random.integers(0, (64, 48, 10, 24), (count, 4), np.uint8)
    return KeypointSignals(64, 48, random.integers(0, 256, (count, 32), np.uint8), places)


def pictures(count: int, seed: int) -> list[KeypointSignals]:
    """Draw pictures that are near no other."""
    random = np.random.default_rng(seed)
    return [strange(random) for _ in range(count)]


def shown(picture: KeypointSignals, random: Generator, noise: float = 0.08) -> KeypointSignals:
    """Return the keypoints of an upload that shows a picture, shifted, noisy, among strangers."""
    flips = np.packbits(random.random((len(picture), 256)) < noise, axis=1)
    places = picture.places.copy()
    places[:, :2] = places[:, :2] * 0.7 + random.integers(0, 12, 2)
    places[:, 2] = np.maximum(places[:, 2].astype(int) - 1, 0)
    others = strange(random, 40)
    return KeypointSignals(
        64,
        48,
        np.concatenate([others.bits, picture.bits ^ flips]),
        np.concatenate([others.places, places]),
    )


def look_at(*views: KeypointSignals) -> KeypointLook:
    """Look at an upload in so many views."""
    return KeypointLook("whole", EVERYWHERE, dict(zip(KeypointView, views, strict=False)))


def look_for(picture: KeypointSignals, seed: int = 0) -> KeypointLook:
    """Look at an upload that shows a picture."""
    return look_at(shown(picture, np.random.default_rng(seed)))


@dataclass(frozen=True, order=True)
class Found:
    """One match, as far as it is compared."""

    votes: int
    id: int
    view: KeypointView


def compare_everything(
    bank: Mapping[int, KeypointSignals], look: KeypointLook, needed: int = VOTES_NEEDED
) -> list[Found]:
    """Hold a full vote over every entry in every view; most votes first, then by id."""
    every = [_best(entry, picture, look, needed) for entry, picture in bank.items()]
    return sorted((found for found in every if found), key=lambda found: (-found.votes, found.id))


def _best(entry: int, picture: KeypointSignals, look: KeypointLook, needed: int) -> Found | None:
    found = [
        Found(agreement.votes, entry, view)
        for view, signals in look.views.items()
        if (agreement := vote(picture, signals, near_pairs(picture, signals), view, needed))
    ]
    return max(found, key=lambda each: each.votes, default=None)


def in_parts(ids: Sequence[int], parts: int) -> Iterator[list[int]]:
    """Give every *parts*-th position, from the first, from the second, and so on."""
    for part in range(parts):
        yield list(range(part, len(ids), parts))
