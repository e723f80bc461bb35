"""What one upload costs, bytes to answer, on one core, against a million pictures.

Registered are pictures with all their views and 80 keypoints each: really described crops,
and more drawn from their bits. Uploads are JPEGs of two megapixels. Nearly all of the corpus's
match nothing, as nearly all uploads do, so every view and look is hashed and looked up; what
matches is timed apart. The peer is threatexchange's hashing and index on the same bytes in the
same run, which looks at the whole picture only, against a million signals.

    python -m benchmarks.robustness.cost --corpus ../shared/corpus
    python -m benchmarks.robustness.cost --bank 20000 --crops 2000 --uploads 3
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from benchmarks.robustness.bank import VIEWS, Bank, registered
from benchmarks.robustness.corpus import subjects
from benchmarks.robustness.crops import described_crops
from benchmarks.robustness.edit import jpeg
from benchmarks.robustness.filling import pad
from benchmarks.robustness.options import parser, with_bank
from benchmarks.robustness.page import put
from benchmarks.robustness.table import markdown
from PIL import Image
from threatexchange.signal_type.pdq.signal import PdqSignal

from takeback.hashing import PictureSignals, hash_picture, warm_up
from takeback.matching.keypoints.search import DEFAULT_LIMIT
from takeback.matching.lookup.indexes import Indexes
from takeback.matching.lookup.indexes import warm_up as warm_up_indexes
from takeback.matching.lookup.pictures import PictureSearch

PIXELS: Final = 2_000_000
QUALITY: Final = 88
REGISTERED_AS_WELL: Final = 5
"""One in so many uploads has its picture registered, and so matches."""

VIEWS_WANTED_MS: Final = 40.0
ALL_WANTED_MS: Final = 120.0
PAYLOAD_WANTED: Final = 6_000

VIEW_BYTES: Final = 40
"""A whole-picture signal as it is registered, with its view."""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of one upload."""

    matched: bool
    views: float
    """Whole picture and views: hashed and looked up."""

    everything: float
    """And keypoints, as far as they are looked at."""

    peer: float


def main() -> int:
    """Measure, print, and return 1 if a goal is missed."""
    options = _arguments()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    warm_up()
    warm_up_indexes()
    every = subjects(options.corpus)
    looked_up, others = every[: options.uploads], every[options.uploads :]
    crops = described_crops(others, "reporter", options.crops, options.cache, options.processes)
    bank = Bank()
    pad(bank, crops, options.bank)
    uploads = [upload(each.path) for each in looked_up]
    own = {n: hash_picture(u, role="reporter") for n, u in enumerate(uploads)}
    bank.register({n: each for n, each in own.items() if n % REGISTERED_AS_WELL == 0})
    bank.settle()
    theirs = peers_index(options.bank)
    search = PictureSearch(Indexes(signals=bank.index, keypoints=bank.keypoints), Register())
    times = [timed(search, theirs, data, options.runs) for data in uploads]
    tables = {"cost": table(times, payloads(own.values()))}
    print(tables["cost"])
    if options.write:
        put(options.write, tables)
    return int(not _met(times))


def _arguments() -> argparse.Namespace:
    found = with_bank(parser(__doc__))
    found.add_argument("--uploads", type=int, default=50, help="pictures that are looked up")
    found.add_argument("--runs", type=int, default=5, help="of each; the median counts")
    return found.parse_args()


def upload(path: Path) -> bytes:
    """Return a picture as a JPEG of two megapixels."""
    with Image.open(path) as picture:
        share = (PIXELS / (picture.width * picture.height)) ** 0.5
        size = (round(picture.width * share), round(picture.height * share))
        return jpeg(picture.convert("RGB").resize(size, Image.Resampling.LANCZOS), QUALITY)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a platform's matcher knows of an entry beside its signal."""

    number: int
    view: str
    vouched: bool = True


class Register:
    """Knows the entries of a bank by the numbers that it gave them in the index of signals."""

    def held(self, ids: Sequence[int], /) -> Mapping[int, Entry]:
        """Return what is known of entries: of all of them, something."""
        return {number: Entry(number >> 8, VIEWS[number & 15]) for number in ids}

    def vouched(self, ids: Sequence[int], /) -> Sequence[int]:
        """Return all."""
        return ids


def timed(search: PictureSearch[Entry], theirs: Any, data: bytes, runs: int) -> Times:  # noqa: ANN401
    """Time one upload in every way, one after the other."""
    views = partial(answered, search, data, keypoints=False)
    everything = partial(answered, search, data, keypoints=True)
    return Times(
        matched=everything(),
        views=milliseconds(views, runs),
        everything=milliseconds(everything, runs),
        peer=milliseconds(partial(peer, theirs, data), runs),
    )


def answered(search: PictureSearch[Entry], data: bytes, *, keypoints: bool) -> bool:
    """Hash an upload and look it up until something matches; tell whether something did."""
    upload = hash_picture(data, shrink=True, role="query", keypoints=keypoints)
    return bool(search.picture(upload, DEFAULT_LIMIT).matches)


def peer(index: Any, data: bytes) -> None:  # noqa: ANN401
    """Hash and look up as a program on threatexchange does."""
    signal = PdqSignal.hash_from_bytes(data)
    if signal:
        index.query(signal)


def peers_index(rows: int) -> Any:  # noqa: ANN401
    """Return threatexchange's index of random signals."""
    signals = np.random.default_rng(1).integers(0, 256, (rows, 32), np.uint8)
    return PdqSignal.get_index_cls().build((row.tobytes().hex(), row.size) for row in signals)


def milliseconds(call: Callable[[], object], runs: int) -> float:
    """Return the median of several calls."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def payloads(pictures: Iterable[PictureSignals]) -> list[int]:
    """Return the bytes of each registration: its signals with their views, and its keypoints."""
    return [
        VIEW_BYTES * (1 + len(each.views)) + len(own.pack() if (own := registered(each)) else b"")
        for each in pictures
    ]


def table(times: Sequence[Times], sizes: Sequence[int]) -> str:
    """Lay out what was measured beside what was wanted."""
    strangers = [each for each in times if not each.matched]
    known = [each for each in times if each.matched]
    rows = [
        _row("nothing matches: whole and views", [t.views for t in strangers], VIEWS_WANTED_MS),
        _row("nothing matches: everything", [t.everything for t in strangers], ALL_WANTED_MS),
        _row("something matches: everything", [t.everything for t in known]),
        _row("threatexchange, whole picture only", [t.peer for t in times]),
    ]
    size = f"{max(sizes)} bytes"
    rows.append(["registration, largest", "1", size, "", f"{PAYLOAD_WANTED} bytes"])
    return markdown(["upload", "uploads", "median", "90 %", "wanted"], rows)


def _row(name: str, times: Sequence[float], wanted: float | None = None) -> list[str]:
    if not times:
        return [name, "0", "–", "–", "–"]
    said = f"{wanted:g} ms" if wanted else ""
    tenth = float(np.percentile(times, 90))
    return [name, str(len(times)), f"{statistics.median(times):.1f} ms", f"{tenth:.1f} ms", said]


def _met(times: Sequence[Times]) -> bool:
    strangers = [each for each in times if not each.matched]
    views = statistics.median(each.views for each in strangers)
    return views <= VIEWS_WANTED_MS and (
        statistics.median(each.everything for each in strangers) <= ALL_WANTED_MS
    )


if __name__ == "__main__":
    sys.exit(main())
