"""Strangers: what fills a bank up to a million pictures.

First crops that were really described, then pictures that are drawn from their bits. A drawn
picture has keypoints of eighty crops with their places, changed as ``benchmarks/padding.py``
says, and each of another picture of the corpus: several of one picture might agree, and be
right. Its whole and its views are drawn byte by byte out of random crops, as many views as a
random crop has: as far from each other as random signals, but with each bit set as often as it
really is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from benchmarks.robustness.bank import Bank, registered, row_number, whole_rows
from benchmarks.robustness.crops import Crops
from benchmarks.robustness.progress import Progress
from numpy.typing import NDArray

from benchmarks import padding
from takeback.hashing import PictureSignals
from takeback.hashing.keypoints import MOST_REGISTERED
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.matching.keypoints.rows import KeypointRows, rows_of

STRANGERS: Final = 10_000_000
"""Entries from this number on are strangers, the described crops first."""

BATCH: Final = 20_000
"""Pictures whose keypoints are chosen at once."""

VIEW: Final = 1
"""Number in ``bank.VIEWS`` of every drawn view but the first."""


def pad(bank: Bank, crops: Crops, pictures: int) -> None:
    """Register strangers, so many pictures in all."""
    real = [crops.picture(number) for number in range(min(len(crops), pictures))]
    bank.register({STRANGERS + number: picture for number, picture in enumerate(real)})
    if pictures > len(real):
        ids = range(STRANGERS + len(real), STRANGERS + pictures)
        parents = Parents.of(real, crops.sources)
        bank.keypoints.add_rows(ids, parents.drawn(len(ids), np.random.default_rng(len(ids))))
        add_drawn_views(bank, real, ids)
    bank.settle()


@dataclass(frozen=True, slots=True)
class Parents:
    """Keypoints of real pictures, those of one source after the other."""

    rows: KeypointRows
    ends: NDArray[np.int64]
    """Behind the last row of each source."""

    alike: NDArray[np.int64]
    """Shape (rows,): for each row one of another source that is near it, or -1."""

    @classmethod
    def of(cls, real: Sequence[PictureSignals], sources: NDArray[np.int64]) -> Self:
        """Gather the keypoints of pictures that were cut out of sources."""
        order = np.argsort(sources[: len(real)], kind="stable")
        own = [(int(sources[n]), each) for n in order if (each := registered(real[n]))]
        rows, origins = rows_of([each for _, each in own]), np.array([source for source, _ in own])
        counts = np.bincount(origins, np.diff(rows.first))
        ends = np.cumsum(counts[counts > 0]).astype(np.int64)
        return cls(rows, ends, padding.look_alikes(rows, origins))

    def drawn(self, pictures: int, chance: np.random.Generator) -> KeypointRows:
        """Draw pictures, each with keypoints of as many different sources."""
        count = min(MOST_REGISTERED, len(self.ends))
        chosen = np.empty((pictures, count), np.int64)
        begins = range(0, pictures, BATCH)
        progress = Progress("drawing strangers", len(begins))
        for begin in begins:
            chosen[begin : begin + BATCH] = self._chosen(len(chosen[begin : begin + BATCH]), chance)
            progress.step()
        parents, words = chosen.ravel(), np.empty((chosen.size, 4), np.uint64)
        seed = np.uint64(chance.integers(1 << 62))
        padding.draw(self.rows.words, self.alike, parents, seed, words)
        sides = self.rows.sides[chance.integers(0, len(self.rows), pictures)]
        places = self.rows.places[parents]
        places[:, :2] = np.minimum(places[:, :2], np.repeat(sides, count, axis=0) - 1)
        return KeypointRows(np.arange(pictures + 1) * count, sides, words, places)

    def _chosen(self, pictures: int, chance: np.random.Generator) -> NDArray[np.int64]:
        """Choose rows of different sources for each picture, shape (pictures, keypoints)."""
        count = min(MOST_REGISTERED, len(self.ends))
        order = chance.random((pictures, len(self.ends)), np.float32).argsort(axis=1)[:, :count]
        begins = np.append(0, self.ends[:-1])
        sizes = (self.ends - begins)[order]
        rows: NDArray[np.int64] = begins[order] + (chance.random(order.shape) * sizes).astype(int)
        return rows


def add_drawn_views(bank: Bank, real: Sequence[PictureSignals], ids: range) -> None:
    """Register the whole pictures and views of drawn strangers."""
    counts = np.array([len(list(whole_rows(0, each))) for each in real], np.int64)
    rows = np.stack([row for each in real for _, row in whole_rows(0, each)])
    chance = np.random.default_rng(len(real))
    numbers = drawn_rows(ids.start, chance.choice(counts, len(ids)))
    bank.index.add(numbers, drawn_signals(rows, len(numbers), chance))


def drawn_rows(first: int, counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers in ``Index`` of the views of pictures, so many of each."""
    entries = np.repeat(np.arange(first, first + len(counts)), counts)
    places = np.arange(len(entries)) - np.repeat(np.cumsum(counts) - counts, counts)
    return row_number(entries, places, np.where(places == 0, 0, VIEW))


def drawn_signals(
    rows: NDArray[np.uint8], count: int, chance: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw signals byte by byte: each byte is the same byte of a random row."""
    signals = np.empty((count, SIGNAL_BYTES), np.uint8)
    for byte in range(SIGNAL_BYTES):
        signals[:, byte] = rows[chance.integers(0, len(rows), count), byte]
    return signals
