"""How keypoint signals ``kp1`` recognise hard edits, what they cost, and when they are wrong.

Recall is of keypoint signals alone: a registered picture against one edited copy, compared
directly, without an index. False votes are between tiles of different pictures. Times are on
one core, decoding included where it says so.

    python -m benchmarks.keypoints
    python -m benchmarks.keypoints --corpus ../shared/corpus/images --count 60 --processes 2
"""

import argparse
import json
import multiprocessing
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from benchmarks.keypoint_edits import EDITS, STRETCH
from benchmarks.keypoint_pictures import as_is, jpeg_of, pale, picture_of, soft, sources
from PIL import Image

from takeback.hashing.keypoint_signals import KeypointSignals, KeypointView
from takeback.hashing.keypoints import (
    DescribedPicture,
    describe,
    describe_keypoints,
    describe_pixels,
    squeezed,
    warm_up,
)
from takeback.hashing.shrink import Shrinker
from takeback.hashing.upright import AS_STORED
from takeback.matching.keypoints.voting import near_pairs, vote

WAYS: Final = {
    "20": (20, 256, 60),
    "40": (40, 256, 60),
    "80": (80, 256, 60),
    "40, 128 bits": (40, 128, 24),
    "80, 128 bits": (80, 128, 24),
}
"""Registered keypoints, bits that are compared, largest distance."""

DULLED: Final = {"as is": as_is, "quarter contrast": pale, "blurred": soft}
PAYLOAD_WANTED: Final = 6000
PDQ_VIEWS: Final = 14
"""Whole-picture signals that are registered with each picture, at 40 bytes with their view."""

Votes = dict[str, int]
Views = Mapping[KeypointView, KeypointSignals]


def described(picture: Image.Image) -> DescribedPicture:
    """Describe upright pixels."""
    return describe_pixels(np.asarray(picture))


def shortened(signals: KeypointSignals, bits: int) -> KeypointSignals:
    """Compare the lowest frequencies only: set all other bits to zero."""
    kept = signals.bits.copy()
    kept[:, bits // 8 :] = 0
    return KeypointSignals(signals.width, signals.height, kept, signals.places)


def votes_of(registered: KeypointSignals, views: Views, bits: int, near: int) -> int:
    """Return the votes of the best view, 0 if fewer than two places agree."""
    ours, most = shortened(registered, bits), 0
    for view, signals in views.items():
        theirs = shortened(signals, bits)
        found = vote(ours, theirs, near_pairs(ours, theirs, near), view, needed=2)
        most = max(most, found.votes if found else 0)
    return most


def votes_under_edits(path: Path, dulled: str) -> dict[str, Votes]:
    """Edit one picture in every way; return the votes by edit and way of comparing."""
    original = DULLED[dulled](picture_of(path))
    found = described(original)
    votes: dict[str, Votes] = {}
    for number, (name, edit) in enumerate(EDITS.items()):
        random = np.random.default_rng([number, len(path.name), original.width])
        views = described(edit(original, random)).looked_up()
        votes[name] = {
            way: votes_of(found.registered(count), views, bits, near)
            for way, (count, bits, near) in WAYS.items()
        }
    return votes


def votes_under_stretch(path: Path) -> dict[str, Votes]:
    """Stretch one picture; return the votes of 80 keypoints, also with squeezed views."""
    original = picture_of(path)
    registered = described(original).registered(80)
    votes: dict[str, Votes] = {}
    for name, edit in STRETCH.items():
        shown = np.asarray(edit(original, np.random.default_rng(original.width)))
        shrinker = Shrinker(shown.shape[1], shown.shape[0], AS_STORED)
        shrinker.add(0, shown)
        small = shrinker.picture()
        forms = (small, squeezed(small, across=True), squeezed(small, across=False))
        found = [votes_of(registered, describe(form).looked_up(), 256, 60) for form in forms]
        votes[name] = {"80": found[0], "80, squeezed": max(found)}
    return votes


def tiles_of(path: Path) -> list[tuple[KeypointSignals, Views]]:
    """Cut a picture in four and describe each as a registered picture and as an upload."""
    picture = picture_of(path)
    x, y = picture.width // 2, picture.height // 2
    boxes = ((0, 0, x, y), (x, 0, 2 * x, y), (0, y, x, 2 * y), (x, y, 2 * x, 2 * y))
    parts = [described(picture.crop(box)) for box in boxes]
    return [(part.registered(80), part.looked_up()) for part in parts]


def false_votes(pairs: list[tuple[Any, Any]]) -> Counter[str]:
    """Compare tiles of different pictures; count pairs of tiles by what they have in common."""
    counts: Counter[str] = Counter()
    for (registered, _), (_, views) in pairs:
        counts["pairs of tiles"] += 1
        near = {view: near_pairs(registered, signals) for view, signals in views.items()}
        places = max(len({int(i) for i, _ in pairs_}) for pairs_ in near.values())
        counts["pairs of keypoints"] += len(registered) * sum(map(len, views.values()))
        counts["near keypoints"] += sum(map(len, near.values()))
        for least in (1, 2, 3):
            counts[f"{least} near places or more"] += places >= least
        for name, (count, bits, radius) in WAYS.items():
            if places >= 2 or bits != 256:
                votes = votes_of(registered.first(count), views, bits, radius)
                for least in (2, 3, 4):
                    counts[f"{name}: {least} votes or more"] += votes >= least
    return counts


def in_processes(
    work: Callable[[Any], Any], tasks: list[Any], processes: int, name: str
) -> Iterator[Any]:
    """Yield what *work* returns for each task, and show on stderr how far it is."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, initializer=warm_up) as pool:
        for done, result in enumerate(pool.imap(work, tasks), 1):
            if sys.stderr.isatty():
                end = "\n" if done == len(tasks) else "\r"
                print(f"{name}: {done}/{len(tasks)}", end=end, file=sys.stderr, flush=True)
            yield result


def recall(files: list[Path], processes: int) -> dict[str, dict[str, dict[str, float]]]:
    """Return recall in percent, by dulled original, edit and way of comparing."""
    tables: dict[str, dict[str, dict[str, float]]] = {}
    for dulled in DULLED:
        work = partial(votes_under_edits, dulled=dulled)
        results = list(in_processes(work, files, processes, f"recall, {dulled}"))
        table_ = tables[dulled] = in_percent(results)
        table_["mean"] = {
            way: round(statistics.mean(table_[edit][way] for edit in EDITS), 1) for way in WAYS
        }
    stretch = list(in_processes(votes_under_stretch, files, processes, "stretch"))
    return {**tables, "as is, stretched": in_percent(stretch)}


def in_percent(results: list[dict[str, Votes]]) -> dict[str, dict[str, float]]:
    """Return how many of the pictures matched, by edit and way."""
    return {
        edit: {
            way: round(100 * sum(r[edit][way] >= 3 for r in results) / len(results), 1)
            for way in ways
        }
        for edit, ways in results[0].items()
    }


def negatives(files: list[Path], wanted: int, processes: int) -> Counter[str]:
    """Compare at least *wanted* pairs of tiles of different pictures, if there are so many."""
    tiles = list(in_processes(tiles_of, files, processes, "tiles"))
    pairs = [
        (a, b)
        for i, ours in enumerate(tiles)
        for j, theirs in enumerate(tiles)
        if i != j
        for a in ours
        for b in theirs
    ]
    random = np.random.default_rng(1)
    chosen = random.permutation(len(pairs))[:wanted]
    chunks = [[pairs[k] for k in part] for part in np.array_split(chosen, 200) if len(part)]
    total: Counter[str] = Counter()
    for counts in in_processes(false_votes, chunks, processes, "false votes"):
        total.update(counts)
    return total


def milliseconds(call: Callable[[], object], runs: int = 21) -> float:
    """Return the median time of a call."""
    call()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return round(statistics.median(taken), 2)


def cost(path: Path) -> dict[str, float]:
    """Measure times on a JPEG of two megapixels, and sizes."""
    with Image.open(path) as file:
        large = file.convert("RGB").resize((1632, 1224), Image.Resampling.BICUBIC)
    data, pixels = jpeg_of(large, 90), np.asarray(large)
    found = describe_keypoints(data)
    views, registered = found.looked_up(), found.registered(80)
    stranger = describe_keypoints(sources(None, 2)[1]).registered(80)
    return {
        "keypoints": len(found.keypoints),
        "bytes of 40, with PDQ views": len(found.registered(40).pack()) + 40 * PDQ_VIEWS,
        "bytes of 80, with PDQ views": len(registered.pack()) + 40 * PDQ_VIEWS,
        "ms, JPEG to described": milliseconds(lambda: describe_keypoints(data)),
        "ms, JPEG scaled to described": milliseconds(lambda: describe_keypoints(data, shrink=True)),
        "ms, pixels to described": milliseconds(lambda: describe_pixels(pixels)),
        "ms, four views' bits": milliseconds(found.looked_up),
        "ms, compared with its own entry": milliseconds(
            lambda: votes_of(registered, views, 256, 60)
        ),
        "ms, compared with another": milliseconds(lambda: votes_of(stranger, views, 256, 60)),
    }


def table(rows: Mapping[str, Mapping[str, object]]) -> str:
    """Lay rows of equal columns out for a person."""
    columns = list(next(iter(rows.values())))
    head = f"{'':32}" + "".join(f"{name:>15}" for name in columns)
    lines = [
        f"{name:32}" + "".join(f"{row[c]!s:>15}" for c in columns) for name, row in rows.items()
    ]
    return "\n".join((head, *lines))


def main() -> int:
    """Measure and print; return 1 if the payload is too large."""
    parser = argparse.ArgumentParser(description="Measure keypoint signals.")
    parser.add_argument("--corpus", type=Path, help="a folder of ordinary pictures")
    parser.add_argument("--count", type=int, default=40, help="how many of them are edited")
    parser.add_argument("--tiles", type=int, default=200, help="how many of them are cut in four")
    parser.add_argument("--pairs", type=int, default=100_000, help="pairs of tiles to compare")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    warm_up()
    costs = cost(sources(None, 3)[2])
    tables = recall(sources(options.corpus, options.count), options.processes)
    wrong = negatives(sources(options.corpus, options.tiles), options.pairs, options.processes)
    if options.json:
        print(json.dumps({"cost": costs, "recall": tables, "false votes": wrong}, indent=2))
    else:
        print("\n".join(f"{name:36}{value:>12}" for name, value in costs.items()))
        for dulled, rows in tables.items():
            print(f"\nrecall in percent, originals {dulled}\n{table(rows)}")
        print("\n" + "\n".join(f"{name:36}{value:>12}" for name, value in wrong.items()))
    return 0 if costs["bytes of 80, with PDQ views"] <= PAYLOAD_WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
