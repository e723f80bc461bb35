"""What each cheap defence costs: recall of hard edits, and places that agree by chance.

Only what is registered says less; an upload is looked up as ever. Where nothing is told of a
place or a direction, the vote has to do without: then it is counted how many signals are near
that agree in what is left.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from benchmarks.keypoint_edits import EDITS
from benchmarks.reveal.paint import Grey
from numpy.typing import NDArray
from PIL import Image

from takeback.hashing.keypoint_signals import TURNS, KeypointSignals, KeypointView
from takeback.hashing.keypoints import DescribedPicture, describe_pixels
from takeback.matching.keypoints.voting import (
    LN_SCALE,
    MOST_PAIRS,
    NEAR,
    TURN,
    VOTES_NEEDED,
    measures,
    near_pairs,
    vote,
)

Views = Mapping[KeypointView, KeypointSignals]
QUARTER: Final = "crop to 25 %"


@dataclass(frozen=True, slots=True)
class Way:
    """How much is registered, and how it is compared."""

    name: str
    count: int
    bits: int = 256
    near: int = NEAR
    step: int = 1
    """Places are rounded to so many 64ths; 0 tells none."""
    turned: bool = True

    def registered(self, described: DescribedPicture) -> KeypointSignals:
        """Return what is registered of a picture."""
        first = described.registered(self.count)
        places = first.places.copy()
        if self.step:
            places[:, :2] = places[:, :2] // self.step * self.step + self.step // 2
        return KeypointSignals(first.width, first.height, self.shortened(first.bits), places)

    def shortened(self, bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Set all bits that are not told to zero."""
        kept = bits.copy()
        kept[:, self.bits // 8 :] = 0
        return kept

    def votes(self, registered: KeypointSignals, views: Views) -> int:
        """Count the votes in the best view of an upload."""
        return max(self._votes(registered, looked_up, view) for view, looked_up in views.items())

    def _votes(self, ours: KeypointSignals, upload: KeypointSignals, view: KeypointView) -> int:
        theirs = KeypointSignals(
            upload.width, upload.height, self.shortened(upload.bits), upload.places
        )
        pairs = near_pairs(ours, theirs, self.near)[:MOST_PAIRS]
        if len(pairs) < VOTES_NEEDED:
            return 0
        if not self.step:
            return votes_without_places(ours, theirs, pairs)
        if not self.turned:
            return votes_without_directions(ours, theirs, pairs, view)
        found = vote(ours, theirs, pairs, view)
        return found.votes if found else 0


WAYS: Final = (
    Way("80 keypoints", 80),
    Way("40 keypoints", 40),
    Way("20 keypoints", 20),
    Way("80, 128 bits", 80, bits=128, near=24),
    Way("40, 128 bits", 40, bits=128, near=24),
    Way("80, places to 1/32", 80, step=2),
    Way("80, places to 1/16", 80, step=4),
    Way("80, no directions", 80, turned=False),
    Way("80, no places", 80, step=0),
)


def votes_without_directions(
    ours: KeypointSignals, theirs: KeypointSignals, pairs: NDArray[np.int64], view: KeypointView
) -> int:
    """Vote for each turn of the whole picture in turn: what a registered keypoint faced is open."""
    most = 0
    for turn in range(TURNS):
        places = ours.places[pairs[:, 0]].copy()
        places[:, 3] = (theirs.places[pairs[:, 1], 3] + turn) % TURNS
        guessed = KeypointSignals(ours.width, ours.height, ours.bits[pairs[:, 0]], places)
        numbered = np.stack((np.arange(len(pairs)), pairs[:, 1]), axis=1)
        found = vote(guessed, theirs, numbered, view)
        most = max(most, found.votes if found else 0)
    return most


def votes_without_places(
    ours: KeypointSignals, theirs: KeypointSignals, pairs: NDArray[np.int64]
) -> int:
    """Count near signals that agree on one turn and one scale, wherever they are."""
    moved = measures(theirs)[pairs[:, 1], 2:] - measures(ours)[pairs[:, 0], 2:]
    apart = np.abs(moved[:, None] - moved[None])
    turned = np.minimum(apart[..., 1] % (2 * np.pi), -apart[..., 1] % (2 * np.pi))
    agree = (apart[..., 0] <= LN_SCALE) & (turned <= TURN)
    return max(min(len(set(pairs[row, side])) for side in (0, 1)) for row in agree)


def recall(pictures: Sequence[Grey], ways: Sequence[Way] = WAYS) -> dict[str, dict[str, float]]:
    """Return the share of pictures that match under each hard edit, by way and edit."""
    votes: dict[str, dict[str, list[int]]] = {way.name: {e: [] for e in EDITS} for way in ways}
    for picture in pictures:
        original = Image.fromarray(picture.astype(np.uint8)).convert("RGB")
        whole = describe_pixels(np.asarray(original))
        for edit, views in _edited(original):
            for way in ways:
                votes[way.name][edit].append(way.votes(way.registered(whole), views))
    return {
        name: {edit: float(np.mean(np.array(each) >= VOTES_NEEDED)) for edit, each in edits.items()}
        for name, edits in votes.items()
    }


def _edited(original: Image.Image) -> Iterator[tuple[str, Views]]:
    for number, (name, edit) in enumerate(EDITS.items()):
        random = np.random.default_rng([number, original.width])
        yield name, describe_pixels(np.asarray(edit(original, random))).looked_up()


def wrong_matches(
    pictures: Sequence[Grey], pairs: int, ways: Sequence[Way] = WAYS
) -> dict[str, int]:
    """Count pairs of quarters of different pictures that match; none should."""
    quarters = [_quarters(picture) for picture in pictures]
    random = np.random.default_rng(5)
    wrong = dict.fromkeys((way.name for way in ways), 0)
    for _ in range(pairs):
        ours, theirs = random.choice(len(quarters), 2, replace=False)
        registered, views = (
            quarters[ours][random.integers(4)][0],
            quarters[theirs][random.integers(4)][1],
        )
        for way in ways:
            wrong[way.name] += way.votes(way.registered(registered), views) >= VOTES_NEEDED
    return wrong


def _quarters(picture: Grey) -> list[tuple[DescribedPicture, Views]]:
    found: list[tuple[DescribedPicture, Views]] = []
    for rows in np.split(picture.astype(np.uint8), 2):
        for part in np.split(rows, 2, axis=1):
            described = describe_pixels(np.ascontiguousarray(part)[:, :, None])
            found.append((described, described.looked_up()))
    return found
