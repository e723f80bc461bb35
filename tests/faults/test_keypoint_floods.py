"""Many registrations that share their keypoints: one look-up stays bounded, others unchanged.

Somebody registers a thousand pictures under one sticker, in one app's interface or behind one
watermark, or made to be in the way.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.random import Generator

from takeback.hashing.keypoint_signals import KeypointLook, KeypointSignals, KeypointView
from takeback.hashing.looking import FURTHER, MOST_PANELS, WHOLE
from takeback.hashing.normalise import MOST_VIEWS
from takeback.hashing.place import EVERYWHERE
from takeback.matching.keypoints.guide import upload_of
from takeback.matching.keypoints.index import KeypointIndex, warm_up
from takeback.matching.keypoints.rows import KeypointRows
from takeback.matching.keypoints.search import MOST_VOTED
from takeback.matching.keypoints.segment import MOST_CHECKED, MOST_ENTRIES, MOST_FOUND
from takeback.matching.keypoints.tables import LAYOUTS
from takeback.matching.lookup.pictures import CANDIDATES

REGISTERED = 80
"""Keypoints of a registered picture."""

OTHERS = 500
FLOOD = 1_000
LOOK_SECONDS = 0.5
"""For one look that takes 10 to 20 ms on a machine with nothing else to do."""

HERS = 100_000
"""Ids of pictures that others registered begin here, those of the flood at 0: the index looks at
low ids first."""

DOCS = Path(__file__).parents[2] / "docs"

Parts = tuple[np.ndarray, np.ndarray]


def drawn(random: Generator, count: int) -> Parts:
    """Draw keypoints that are near no others: bits and places."""
    places = random.integers(0, (64, 48, 10, 24), (count, 4), np.uint8)
    return random.integers(0, 256, (count, 32), np.uint8), places


def signals(*parts: Parts) -> KeypointSignals:
    """Put keypoints side by side."""
    bits, places = zip(*parts, strict=True)
    return KeypointSignals(64, 48, np.concatenate(bits), np.concatenate(places))


def many(pictures: int, parts: Parts) -> KeypointRows:
    """Return so many pictures, each with its share of the keypoints."""
    bits, places = parts
    first = np.arange(pictures + 1) * (len(bits) // pictures)
    return KeypointRows(
        first, np.full((pictures, 2), (64, 48), np.uint8), bits.view(np.uint64), places
    )


@dataclass(slots=True)
class Flooded:
    """A bank of other people's pictures, and a flood that may come upon it."""

    shared: int
    """Keypoints that each picture of the flood has in common with all others of it."""

    random: Generator = field(default_factory=lambda: np.random.default_rng(51))
    index: KeypointIndex = field(default_factory=KeypointIndex)
    others: KeypointRows = field(init=False)
    flood: KeypointRows = field(init=False)

    def __post_init__(self) -> None:
        """Register what other people have."""
        self.others = many(OTHERS, drawn(self.random, OTHERS * REGISTERED))
        self.flood = many(FLOOD, drawn(self.random, FLOOD * REGISTERED))
        for begin in range(0, FLOOD * REGISTERED, REGISTERED):
            own = slice(begin, begin + self.shared)
            self.flood.words[own] = self.flood.words[: self.shared]
            self.flood.places[own] = self.flood.places[: self.shared]
        self.index.add_rows(np.arange(OTHERS) + HERS, self.others)

    def come(self) -> None:
        """Register the flood."""
        self.index.add_rows(np.arange(FLOOD), self.flood)
        self.index.settle()

    def common(self) -> Parts:
        """Return what all pictures of the flood show."""
        picture = self.flood.picture(0)
        return picture.bits[: self.shared], picture.places[: self.shared]

    def copy_of(self, rows: KeypointRows, number: int, *also: Parts) -> KeypointLook:
        """Look at an upload that shows a picture, a little changed, and other things."""
        picture = rows.picture(number)
        flips = np.packbits(self.random.random((len(picture), 256)) < 0.06, axis=1)
        own = picture.bits ^ flips, picture.places
        views = {
            KeypointView.PLAIN: signals(own, *also, drawn(self.random, 220)),
            KeypointView.MIRRORED: signals(drawn(self.random, 450)),
        }
        return KeypointLook("whole", EVERYWHERE, views)

    def found(self, look: KeypointLook) -> list[tuple[int, int]]:
        """Look an upload up: id and votes of each match."""
        return [(m.id, m.agreement.votes) for m in self.index.search([look], limit=100)]


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    """No look-up of a test waits for the compiler."""
    warm_up()


@pytest.mark.parametrize("shared", [10, 40, REGISTERED])
def test_nobody_elses_look_up_changes(shared: int) -> None:
    """Copies of what others registered are found as before, by the same votes; nothing else is."""
    flooded = Flooded(shared)
    looks = [flooded.copy_of(flooded.others, number) for number in range(0, OTHERS, 20)]
    before = [flooded.found(look) for look in looks]

    flooded.come()

    assert [flooded.found(look) for look in looks] == before
    assert [[entry for entry, _ in found] for found in before] == [
        [HERS + number] for number in range(0, OTHERS, 20)
    ]


@pytest.mark.parametrize("shared", [10, 40, REGISTERED])
def test_a_picture_beside_what_the_flood_shows_is_found(shared: int) -> None:
    """Hers, in the same interface or under the same sticker, though the flood has lower ids."""
    flooded = Flooded(shared)
    flooded.come()

    for number in range(0, OTHERS, 50):
        look = flooded.copy_of(flooded.others, number, flooded.common())
        assert HERS + number in [entry for entry, _ in flooded.found(look)]


@pytest.mark.parametrize("shared", [10, 40])
def test_each_picture_of_the_flood_is_found_as_well(shared: int) -> None:
    """By what it alone shows."""
    flooded = Flooded(shared)
    flooded.come()

    for number in range(0, FLOOD, 100):
        found = flooded.found(flooded.copy_of(flooded.flood, number))
        assert found[0][0] == number


def test_the_bounds_are_those_that_the_page_names() -> None:
    """What an operator reads is what holds."""
    page = (DOCS / "reference" / "robustness.md").read_text()
    keys = {layout.widths: sum(layout.widths) * layout.flips for _, layout in LAYOUTS}
    largest, *smaller = (len(widths) + flips for widths, flips in keys.items())
    further = sum(FURTHER.values())

    for line in (
        f"| {MOST_VIEWS}, in eight turns: {8 * MOST_VIEWS} signals,",
        f"| {1 + MOST_PANELS + 2}: whole, four small panels, two squeezed |",
        f"| {sum(WHOLE.values()):,} in the first look, {further} in each other |",
        f"| {min(smaller)} to {max(smaller)} in each segment of the index, {largest} in segments",
        f"| {MOST_ENTRIES:,} |",
        f"| {MOST_FOUND:,} and {MOST_CHECKED:,}, those of the likeliest pictures |",
        f"| {MOST_VOTED * CANDIDATES} |",
    ):
        assert line in page


def test_one_look_up_stays_bounded_in_a_flood() -> None:
    """In what is found, in what is checked, and in time."""
    flooded = Flooded(REGISTERED)
    flooded.come()
    look = flooded.copy_of(flooded.flood, 0)

    upload = upload_of(look.views.values())
    for segment in flooded.index.places():
        assert len(segment.hits(upload)) <= MOST_FOUND
        assert len(segment.search(upload, needed=1).pictures) <= MOST_CHECKED
    begun = time.perf_counter()
    assert len(flooded.found(look)) <= 100
    assert time.perf_counter() - begun < LOOK_SECONDS
