"""What the index is measured against: threatexchange's ``PDQIndex`` and faiss's binary indexes."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final

import faiss
import numpy as np
from benchmarks.index.banks import RADIUS
from benchmarks.machine import give_back_memory
from numpy.typing import NDArray
from threatexchange.signal_type.pdq.pdq_index import PDQIndex

Signals = NDArray[np.uint8]
Call = Callable[[], Any]

PDQ_INDEX: Final = "PDQIndex"
FLAT: Final = "faiss flat"
MULTI_HASH: Final = "faiss MultiHash"

BITE: Final = 1_000_000
"""The peers are fed in bites: a Python string and an array for every entry fill memory."""

TRIALS: Final = 60
"""Questions that decide between settings."""

SAMPLE: Final = 1_000_000
FINALISTS: Final = 2
"""Settings that are tried on the whole bank after the sample: each takes minutes and gigabytes."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One way of cutting a signal into equal hash maps.

    It is exact within 31 bits by the pigeonhole principle: an entry that no map finds differs
    by more than *flips* bits in each of the maps, hence by at least maps · (flips + 1) in all;
    so nothing within 31 is missed where that product is above 31. Bits that no map holds only
    add to the distance.
    """

    maps: int
    bits: int
    flips: int

    def __post_init__(self) -> None:
        assert self.maps * (self.flips + 1) > RADIUS
        assert self.maps * self.bits <= 256

    def __str__(self) -> str:
        return f"{self.maps} × {self.bits} bits, {self.flips} flips"


SETTINGS: Final = (
    Setting(11, 23, 2),
    Setting(12, 21, 2),
    Setting(13, 19, 2),
    Setting(16, 16, 1),
    Setting(8, 30, 3),
)
"""Exact settings whose keys are neither too few nor too many to look up for a million or more."""


@dataclass(frozen=True, slots=True)
class Peer:
    """An index of somebody else's, and how it is asked."""

    name: str
    ask: Callable[[Signals], Call]
    """Prepares one question, shape (32,), so that only the search itself is timed."""

    built_in: float = 0.0
    note: str = ""


def pdq_index(bank: Signals) -> Peer:
    """Build what HMA searches with."""
    peer: Any = PDQIndex()
    entries = ((signal.tobytes().hex(), entry) for entry, signal in enumerate(bank))
    started = time.perf_counter()
    while bite := list(islice(entries, BITE)):
        peer.add_all(bite)
    spent = time.perf_counter() - started
    return Peer(PDQ_INDEX, lambda q: partial(peer.query, q.tobytes().hex()), spent)


def flat(bank: Signals) -> Peer:
    """Build faiss's flat index, which compares every entry."""
    index = faiss.IndexBinaryFlat(256)
    started = time.perf_counter()
    for bite in _bites(bank):
        index.add(bite)
    spent = time.perf_counter() - started
    return Peer(FLAT, partial(_range_search, index), spent)


def tuned(bank: Signals, questions: Signals) -> Peer:
    """Try every setting on part of the bank, the best ones on all; return the fastest there."""
    few = questions[:TRIALS]
    sample = bank[:SAMPLE]
    trials = {each: _trial(_multi_hash(sample, each).index, few) for each in SETTINGS}
    finalists = sorted(trials, key=trials.__getitem__)[:FINALISTS]
    best, finals = _fastest(bank, few, sorted(finalists, key=lambda setting: setting.bits))
    told = f"{_told(trials, len(sample))}; {_told(finals, len(bank))}"
    ask = partial(_range_search, best.index)
    return Peer(MULTI_HASH, ask, best.seconds, f"{best.setting} ({told})")


def _fastest(
    bank: Signals, questions: Signals, settings: Sequence[Setting]
) -> tuple["Built", dict[Setting, float]]:
    """Build each in turn, one in memory at a time; the winner once more if it was not the last."""
    trials = {}
    for setting in settings:
        built = None
        give_back_memory()
        built = _multi_hash(bank, setting)
        trials[setting] = _trial(built.index, questions)
    best = min(trials, key=trials.__getitem__)
    if built is None or built.setting != best:
        built = None
        give_back_memory()
        built = _multi_hash(bank, best)
    return built, trials


def _trial(index: Any, questions: Signals) -> float:  # noqa: ANN401
    """Return the median milliseconds of a question."""
    calls = [_range_search(index, question) for question in questions]
    return float(np.median([_seconds(call) for call in calls])) * 1000


def _told(trials: dict[Setting, float], rows: int) -> str:
    return f"on {rows:,} " + ", ".join(f"{each}: {milli:.2f} ms" for each, milli in trials.items())


@dataclass(frozen=True, slots=True)
class Built:
    """A MultiHash index."""

    setting: Setting
    index: Any
    seconds: float


def _multi_hash(bank: Signals, setting: Setting) -> Built:
    index = faiss.IndexBinaryMultiHash(256, setting.maps, setting.bits)
    index.nflip = setting.flips
    started = time.perf_counter()
    for bite in _bites(bank):
        index.add(bite)
    return Built(setting, index, time.perf_counter() - started)


def _bites(bank: Signals) -> Iterator[Signals]:
    return (bank[begin : begin + BITE] for begin in range(0, len(bank), BITE))


def _range_search(index: Any, question: Signals) -> Call:  # noqa: ANN401
    """Prepare a search; faiss answers distances below its radius."""
    return partial(index.range_search, np.ascontiguousarray(question[None]), RADIUS + 1)


def _seconds(call: Call) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
