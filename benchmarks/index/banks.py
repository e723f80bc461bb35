"""Banks to search and questions to ask: random bits, families, and crops of photographs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.index.crops import NEAR_KEPT, STYLES, Crops, Style, crops_of
from benchmarks.index.health import apart
from benchmarks.index.photographs import TURNS, Photograph, Photographs, photographs
from benchmarks.index.screens import Screen, app_screens
from benchmarks.robustness.progress import Progress
from numpy.typing import NDArray

Signals = NDArray[np.uint8]

RADIUS: Final = 31
RANDOM, CLUSTERED = "random", "clustered"
NAMES: Final = (RANDOM, CLUSTERED, *STYLES)

LARGE: Final = 20_000_000
"""Rows above which signals are not held in memory beside an index of them."""

FAMILY: Final = 100
"""Entries of a family in the clustered bank, a tenth of which it is made."""

FAMILY_SPREAD: Final = 48
"""Bits of a family's founder that are flipped in a member, at most."""

SPARE: Final = 1.05
"""More crops than needed are asked of every photograph, because some give fewer."""


@dataclass(frozen=True, slots=True)
class Bank:
    """Signals, and questions by kind."""

    name: str
    signals: Signals
    questions: dict[str, Signals]
    told: dict[str, float] = field(default_factory=dict)
    """What else is to be told of it: photographs, crops a photograph, …"""


def random_bits(count: int, seed: int) -> Signals:
    """Draw signals whose bits are independent."""
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def random_signals(rows: int, cache: Path) -> Signals:
    """Draw the random bank of that size; a large one lies in a file that is mapped."""
    if rows <= LARGE:
        return random_bits(rows, seed=1)
    file = cache / f"random-{rows}.npy"
    if not file.exists():
        partial = cache / f"random-{rows}.partial.npy"
        drawn = np.lib.format.open_memmap(partial, "w+", np.uint8, (rows, 32))
        for begin in range(0, rows, LARGE // 10):
            part = drawn[begin : begin + LARGE // 10]
            part[:] = random_bits(len(part), seed=begin)
        drawn.flush()
        partial.rename(file)
    signals: Signals = np.load(file, mmap_mode="r")
    return signals


def flipped(signals: Signals, most: int, seed: int) -> Signals:
    """Return copies with 0 to *most* bits flipped, drawn for each."""
    rng = np.random.default_rng(seed)
    ranks = rng.random((len(signals), 256), np.float32).argsort(axis=1)
    flips = ranks < rng.integers(0, most + 1, (len(signals), 1))
    return signals ^ np.packbits(flips, axis=1)


def planted(bank: Signals, count: int) -> Signals:
    """Take entries and flip 0 to 31 of their bits."""
    chosen = np.random.default_rng(2).integers(0, len(bank), count)
    return flipped(bank[np.sort(chosen)], RADIUS, seed=4)


def random_bank(rows: int, questions: int, cache: Path) -> Bank:
    """Return a bank of independent bits."""
    bank = random_signals(rows, cache)
    asked = {"planted": planted(bank, questions), "unrelated": random_bits(questions, seed=3)}
    return Bank(RANDOM, bank, asked)


def clustered_bank(rows: int, questions: int) -> Bank:
    """Return random bits, a tenth of which are families around a founder."""
    bank = random_bits(rows, seed=5)
    members = rows // 10 // FAMILY * FAMILY
    founders = np.repeat(bank[rows - members : rows - members + members // FAMILY], FAMILY, axis=0)
    for begin in range(0, members, 100_000):
        part = founders[begin : begin + 100_000]
        bank[rows - members + begin :][: len(part)] = flipped(part, FAMILY_SPREAD, seed=begin)
    own = flipped(bank[rows - members :][:: max(1, members // questions)][:questions], 8, seed=6)
    asked = {
        "planted": planted(bank, questions),
        "unrelated": random_bits(questions, seed=7),
        "family": own,
    }
    return Bank(CLUSTERED, bank, asked, {"families": members // FAMILY, "members": FAMILY})


def realistic_bank(
    style: Style, rows: int, questions: int, found: Photographs, cache: Path
) -> Bank:
    """Return crops of photographs; crops of one photograph within 31 bits are kept once.

    Args:
        style: plain crops or framed ones.
        rows: how many.
        questions: of each kind.
        found: photographs for the bank, and those for the questions.
        cache: where crops are kept, a file for each photograph.
    """
    want = math.ceil(SPARE * rows / len(found.banked))
    parts = _all_crops(found.banked, style, want, cache)
    signals = np.concatenate([part.kept for part in parts])
    signals = _some(signals, rows, seed=8)
    few = math.ceil(2 * questions / len(found.strange))
    strange = _all_crops(found.strange, style, few, cache)
    asked = {
        "planted": planted(signals, questions),
        "unrelated": _some(np.concatenate([part.kept for part in strange]), questions, seed=9),
        "near": _some(np.concatenate([part.near for part in parts]), questions, seed=10),
    }
    told = {
        "photographs": len(found.banked),
        "crops a photograph": len(signals) / len(found.banked),
        "fewest crops of one": min(len(part.kept) for part in parts),
        **_turns_apart(parts),
    }
    return Bank(style.name, signals, asked, told)


def _turns_apart(parts: Sequence[Crops]) -> dict[str, float]:
    """Compare crops of one photograph turned with crops of others: bits, mean and deviation."""
    few = [part.kept[:50] for part in parts]
    size = min(len(part) for part in few)
    signals = np.stack([part[:size] for part in few]).reshape(-1, TURNS, size, 32)
    turned = apart(signals[:, 1:], signals[:, :-1])
    strange = apart(signals, np.roll(signals, 1, axis=0))
    return {
        "turned apart": turned["mean"],
        "turned deviation": turned["deviation"],
        "turned within 90 bits": turned["share_near"],
        "strangers apart": strange["mean"],
        "strangers deviation": strange["deviation"],
        "strangers within 90 bits": strange["share_near"],
    }


def _some(signals: Signals, count: int, seed: int) -> Signals:
    """Draw so many rows, or all, in a random order."""
    return signals[np.random.default_rng(seed).permutation(len(signals))[:count]]


def _all_crops(chosen: Sequence[Photograph], style: Style, want: int, cache: Path) -> list[Crops]:
    screens = app_screens()
    progress = Progress(f"{style.name} crops", len(chosen))
    parts = []
    for photograph in chosen:
        parts.append(_kept_crops(photograph, style, screens, want, cache))
        progress.step()
    return parts


def _kept_crops(
    photograph: Photograph, style: Style, screens: list[Screen], want: int, cache: Path
) -> Crops:
    """Return crops from the cache; make them if there are too few."""
    place = cache / "crops" / style.name / f"{photograph.path.stem}-{photograph.turn}.npz"
    if not place.exists() or int(np.load(place)["want"]) < want:
        made = crops_of(photograph.sums(), style, screens, want=want, seed=photograph.seed)
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_suffix(".partial.npz")
        np.savez(partial, kept=made.kept, near=made.near, want=want)
        partial.rename(place)
    with np.load(place) as stored:
        return Crops(stored["kept"][:want], stored["near"][:NEAR_KEPT], want, 0)


def made(name: str, rows: int, questions: int, corpus: Path | None, cache: Path) -> Bank:
    """Return the bank of that name."""
    if name == RANDOM:
        return random_bank(rows, questions, cache)
    if name == CLUSTERED:
        return clustered_bank(rows, questions)
    return realistic_bank(STYLES[name], rows, questions, photographs(corpus), cache)
