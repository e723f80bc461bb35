"""Strangers: what fills a bank up to a million pictures.

First crops that were really described, then pictures that are drawn from their bits. A drawn
picture has keypoints of eighty crops with their places, in the forms and with the flipped bits
of ``benchmarks/padding.py``, and each of another picture of the corpus: two of one picture
might agree, and be right. Its whole and its views are drawn byte by byte out of random crops,
as many views as a random crop has: as far from each other as random signals, but with each
bit set as often as it really is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from benchmarks.padding import FORMS
from benchmarks.robustness.bank import Bank, registered, row_number, whole_rows
from benchmarks.robustness.crops import Crops
from benchmarks.robustness.progress import Progress
from numpy.typing import NDArray

from takeback.hashing import PictureSignals
from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.hashing.keypoints import MOST_REGISTERED
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.matching.keypoint_rows import KeypointRows, rows_of

STRANGERS: Final = 10_000_000
"""Entries from this number on are strangers, the described crops first."""

BATCH: Final = 20_000
"""Pictures that are drawn at once."""

VIEW: Final = 1
"""Drawn views are called mirror images: the whole is one view of a picture, but not of each."""


def pad(bank: Bank, crops: Crops, pictures: int) -> None:
    """Register strangers, so many pictures in all."""
    real = [crops.picture(number) for number in range(min(len(crops), pictures))]
    bank.register({STRANGERS + number: picture for number, picture in enumerate(real)})
    add_drawn_keypoints(bank, Parents.of(real, crops.sources), len(real), pictures)
    add_drawn_views(bank, real, pictures)
    bank.settle()


@dataclass(frozen=True, slots=True)
class Parents:
    """Keypoints of real pictures, those of one source after the other."""

    rows: KeypointRows
    ends: NDArray[np.int64]
    """Behind the last row of each source."""

    @classmethod
    def of(cls, real: Sequence[PictureSignals], sources: NDArray[np.int64]) -> Self:
        """Gather the keypoints of pictures that were cut out of sources."""
        order = np.argsort(sources[: len(real)], kind="stable")
        own = [(int(sources[n]), each) for n in order if (each := registered(real[n]))]
        rows = rows_of([each for _, each in own])
        counts = np.bincount([source for source, _ in own], np.diff(rows.first))
        return cls(rows, np.cumsum(counts[counts > 0]).astype(np.int64))

    def drawn(self, pictures: int, chance: np.random.Generator) -> list[KeypointSignals]:
        """Draw pictures, each with keypoints of as many different sources."""
        count = min(MOST_REGISTERED, len(self.ends))
        sources = chance.random((pictures, len(self.ends)), np.float32).argsort(axis=1)[:, :count]
        begins = np.append(0, self.ends[:-1])
        sizes = (self.ends - begins)[sources]
        chosen = (begins[sources] + chance.random(sources.shape) * sizes).astype(np.int64).ravel()
        words = self.rows.words[chosen] ^ FORMS[chance.integers(0, len(FORMS), len(chosen))]
        words ^= flips(words.shape, chance)
        sides = self.rows.sides[chance.integers(0, len(self.rows), pictures)]
        places = self.rows.places[chosen]
        places[:, :2] = np.minimum(places[:, :2], np.repeat(sides, count, axis=0) - 1)
        drawn = KeypointRows(np.arange(pictures + 1) * count, sides, words, places)
        return [drawn.picture(number) for number in range(pictures)]


def flips(shape: tuple[int, ...], chance: np.random.Generator) -> NDArray[np.uint64]:
    """Return words in which one bit in 32 is set."""
    chances = chance.integers(0, 1 << 64, (5, *shape), np.uint64)
    set_bits: NDArray[np.uint64] = np.bitwise_and.reduce(chances, axis=0)
    return set_bits


def add_drawn_keypoints(bank: Bank, parents: Parents, first: int, pictures: int) -> None:
    """Register keypoints of the strangers from *first* on."""
    begins = range(first, pictures, BATCH)
    progress = Progress("drawing pictures", len(begins))
    for begin in begins:
        own = parents.drawn(min(BATCH, pictures - begin), np.random.default_rng(begin))
        bank.keypoints.add(range(STRANGERS + begin, STRANGERS + begin + len(own)), own)
        progress.step()


def add_drawn_views(bank: Bank, real: list[PictureSignals], pictures: int) -> None:
    """Register the whole pictures and views of those beyond the real ones."""
    counts = np.array([len(list(whole_rows(0, each))) for each in real], np.int64)
    rows = [row for each in real for _, row in whole_rows(0, each)]
    if pictures <= len(real) or not rows:
        return
    chance = np.random.default_rng(len(real))
    chosen = chance.choice(counts, pictures - len(real))
    ids = drawn_rows(STRANGERS + len(real), chosen)
    bank.index.add(ids, drawn_signals(np.stack(rows), len(ids), chance))


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
