"""What one upload costs, bytes to answer, on one core, against a million signals.

Uploads are the corpus's pictures as JPEGs of two megapixels. None of them is registered, so
every view is hashed and looked up: that is what nearly all uploads cost. The peer is
threatexchange's hashing and index on the same bytes in the same run, which looks at the
whole picture only.

    python -m benchmarks.robustness.cost --corpus ../shared/corpus
    python -m benchmarks.robustness.cost --rows 100000 --pictures 12
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from benchmarks.robustness.corpus import subjects
from benchmarks.robustness.edit import jpeg
from PIL import Image
from threatexchange.signal_type.pdq.signal import PdqSignal

from takeback.hashing import MATCH_DISTANCE, PictureSignals, hash_picture, signals_to_array, warm_up
from takeback.matching import Index
from takeback.matching import index as index_module

PIXELS = 2_000_000
WANTED_MS = 40.0


def upload(path: Path) -> bytes:
    """Return a picture as a JPEG of two megapixels."""
    with Image.open(path) as picture:
        share = (PIXELS / (picture.width * picture.height)) ** 0.5
        size = (round(picture.width * share), round(picture.height * share))
        return jpeg(picture.convert("RGB").resize(size, Image.Resampling.LANCZOS), 88)


def ours(index: Index, data: bytes) -> PictureSignals:
    """Hash an upload and look it up, whole first, then all its views."""
    found = hash_picture(data, shrink=True, role="query")
    whole = index.search(signals_to_array(found.dihedral), MATCH_DISTANCE)
    views = [signal for view in found.views for signal in view.dihedral]
    if views and not list(whole):
        index.search(signals_to_array(views), MATCH_DISTANCE)
    return found


def peer(index: object, data: bytes) -> None:
    """Hash and look up as a program on threatexchange does."""
    signal = PdqSignal.hash_from_bytes(data)
    if signal:
        index.query(signal)  # type: ignore[attr-defined]


def milliseconds(call: Callable[[], object], runs: int) -> float:
    """Return the median of several calls."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def filled(rows: int) -> tuple[Index, object]:
    """Return both indexes with the same random signals."""
    signals = np.random.default_rng(1).integers(0, 256, (rows, 32), np.uint8)
    index = Index()
    index.add(list(range(rows)), signals)
    index.settle()
    print("filled our index", file=sys.stderr)
    theirs = PdqSignal.get_index_cls().build((row.tobytes().hex(), row.size) for row in signals)
    print("filled threatexchange's index", file=sys.stderr)
    return index, theirs


def main() -> int:
    """Measure, print, and return 1 if the target is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--pictures", type=int, default=50)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    warm_up()
    index_module.warm_up()
    index, theirs = filled(options.rows)
    uploads = [upload(each.path) for each in subjects(options.corpus, options.pictures)]
    mine = [milliseconds(partial(ours, index, data), options.runs) for data in uploads]
    other = [milliseconds(partial(peer, theirs, data), options.runs) for data in uploads]
    views = [len(ours(index, data).views) for data in uploads]
    figures = {
        "uploads": len(uploads),
        "rows": options.rows,
        "ours_ms": statistics.median(mine),
        "ours_p90_ms": float(np.percentile(mine, 90)),
        "threatexchange_ms": statistics.median(other),
        "threatexchange_p90_ms": float(np.percentile(other, 90)),
        "views": statistics.mean(views),
    }
    print(json.dumps(figures, indent=2))
    return int(statistics.median(mine) > WANTED_MS)


if __name__ == "__main__":
    sys.exit(main())
