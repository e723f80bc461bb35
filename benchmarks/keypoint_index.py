"""What the keypoint index takes, how fast it answers, and what it misses.

The bank is padded with ``benchmarks/padding.py``. Of the pictures that the padding does not
use, one half is registered beside it and looked up edited: what comparing everything with
everything finds of them is what the index should find. The other half is looked up, as they are and
edited, against a bank that has nothing of them; so are nearly all uploads.

    python -m benchmarks.keypoint_index --pictures 1000000 --corpus ../shared/corpus/images

Times are processor time of the thread that searches, of one look: up to 300 keypoints in four
views.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.keypoint_edits import EDITS
from benchmarks.keypoint_pictures import picture_of, sources
from benchmarks.machine import resident_bytes
from benchmarks.padding import CROPS, padded_keypoints

from takeback.hashing.keypoint_signals import KeypointLook, KeypointSignals, whole_look
from takeback.hashing.keypoints import describe_pixels
from takeback.hashing.keypoints import warm_up as warm_up_keypoints
from takeback.matching.keypoints.guide import upload_of
from takeback.matching.keypoints.index import KeypointIndex, KeypointMatch, warm_up
from takeback.matching.keypoints.kernels import HALF
from takeback.matching.keypoints.rows import joined
from takeback.matching.keypoints.voting import VOTES_NEEDED, near_pairs, vote

HELD_BACK: Final = 4
"""One source in so many is not used for padding."""

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "takeback"
MEDIAN_WANTED: Final = 15.0
RECALL_WANTED: Final = 0.99


@dataclass(frozen=True, slots=True)
class Upload:
    """One look at one edited picture."""

    number: int
    """Of the picture."""

    edit: str
    look: KeypointLook


def uploads(files: Sequence[Path]) -> Iterator[Upload]:
    """Look at each picture as it is, and after each edit."""
    for number, path in enumerate(files):
        picture = picture_of(path)
        yield Upload(number, "as it is", look_at(np.asarray(picture)))
        for order, (name, edit) in enumerate(EDITS.items()):
            random = np.random.default_rng([order, number])
            yield Upload(number, name, look_at(np.asarray(edit(picture, random))))


def look_at(pixels: np.typing.NDArray[np.uint8]) -> KeypointLook:
    """Describe pixels as an upload's."""
    return whole_look(describe_pixels(pixels).looked_up())


def registered(path: Path, count: int) -> KeypointSignals:
    """Describe a picture as a reporter's."""
    return describe_pixels(np.asarray(picture_of(path))).registered(count)


def compared(ours: KeypointSignals, look: KeypointLook) -> int:
    """Return the most votes of a view when every keypoint is compared with every one."""
    votes = (
        vote(ours, signals, near_pairs(ours, signals), view) for view, signals in look.views.items()
    )
    return max((agreement.votes for agreement in votes if agreement), default=0)


def milliseconds(taken: Sequence[float]) -> dict[str, float]:
    """Say how long searches took."""
    percentiles = {"median": 50, "p90": 90, "p99": 99, "longest": 100}
    return {
        name: round(1000 * float(np.percentile(taken, rank)), 2)
        for name, rank in percentiles.items()
    }


def timed(index: KeypointIndex, looked: Upload, needed: int) -> tuple[float, list[KeypointMatch]]:
    """Search once and return the seconds and what was found."""
    start = time.thread_time()
    found = index.search([looked.look], needed=needed)
    return time.thread_time() - start, found


def strangers(index: KeypointIndex, looked: Sequence[Upload]) -> dict[str, object]:
    """Look up what is not there."""
    taken = [timed(index, upload, VOTES_NEEDED) for upload in looked]
    pairs = [timed(index, upload, VOTES_NEEDED - 1)[1] for upload in looked]
    return {
        "uploads": len(looked),
        "keypoints looked up": statistics.median(
            sum(map(len, upload.look.views.values())) for upload in looked
        ),
        "milliseconds": milliseconds([seconds for seconds, _ in taken]),
        "milliseconds, not edited": milliseconds(
            [taken[i][0] for i, upload in enumerate(looked) if upload.edit == "as it is"]
        ),
        **near_keypoints(index, looked),
        "uploads with two votes": sum(map(bool, pairs)),
        "uploads with three votes": sum(bool(found) for _, found in taken),
    }


def near_keypoints(index: KeypointIndex, looked: Sequence[Upload]) -> dict[str, object]:
    """Count the bank's keypoints that are near those of an upload, in real and drawn pictures."""
    counts = np.array([counted(index, upload) for upload in looked])
    pictures = len(index)
    per_million = 1e6 / np.array([CROPS, max(1, pictures - CROPS)])
    every = counts.sum(axis=1)
    return {
        "near keypoints, median": float(np.median(every)),
        "near keypoints, p90": float(np.percentile(every, 90)),
        "near keypoints, most": int(every.max()),
        "of a million real crops, mean": round(float(counts[:, 0].mean() * per_million[0])),
        "of a million drawn, mean": round(float(counts[:, 1].mean() * per_million[1])),
    }


def counted(index: KeypointIndex, upload: Upload) -> tuple[int, int]:
    """Count the near keypoints of real crops, and of all other pictures."""
    arranged = upload_of(upload.look.views.values())
    real = every = 0
    for segment in index.places():
        rows = (segment.hits(arranged) >> HALF).astype(np.int64)
        pictures = np.searchsorted(segment.rows.first, rows, side="right") - 1
        real += int((segment.ids[pictures] < CROPS).sum())
        every += len(rows)
    return real, every - real


def copies(
    index: KeypointIndex, first: int, ours: Sequence[KeypointSignals], looked: Sequence[Upload]
) -> dict[str, object]:
    """Look up edited copies of what is there."""
    wanted = {id(upload): compared(ours[upload.number], upload.look) for upload in looked}
    taken, missed, fewer = [], [], 0
    for upload in looked:
        seconds, found = timed(index, upload, VOTES_NEEDED)
        taken.append(seconds)
        votes = {match.id: match.agreement.votes for match in found}
        got = votes.get(first + upload.number, 0)
        if wanted[id(upload)] > got:
            fewer += 1
            if not got:
                missed.append(upload.edit)
    matching = sum(map(bool, wanted.values()))
    return {
        "uploads": len(looked),
        "found by comparing everything": matching,
        "of these found by the index": matching - len(missed),
        "share": round(1 - len(missed) / max(1, matching), 4),
        "found with fewer votes": fewer - len(missed),
        "missed": sorted(missed),
        "milliseconds": milliseconds(taken),
    }


def filled(
    options: argparse.Namespace, used: Sequence[Path]
) -> tuple[KeypointIndex, dict[str, object]]:
    """Fill an index and say what that took."""
    before = resident_bytes()
    start = time.perf_counter()
    rows = joined(
        padded_keypoints(
            options.pictures,
            options.cache,
            used,
            count=options.keypoints,
            processes=options.processes,
        )
    )
    drawn = time.perf_counter()
    index = KeypointIndex()
    index.add_rows(np.arange(len(rows)), rows)
    index.settle()
    built = time.perf_counter()
    bytes_held = resident_bytes() - before
    return index, {
        "pictures": len(rows),
        "keypoints": len(rows.words),
        "seconds, drawing": round(drawn - start, 1),
        "seconds, building": round(built - drawn, 1),
        "gigabytes": round(bytes_held / 1e9, 2),
        "bytes a keypoint": round(bytes_held / len(rows.words), 1),
    }


def measured(options: argparse.Namespace) -> dict[str, dict[str, object]]:
    """Fill an index and look up."""
    files = sources(options.corpus, 1 << 30)
    held = files[::HELD_BACK]
    used = [path for path in files if path not in held]
    ours, others = held[::2], held[1::2]
    index, bank = filled(options, used)
    planted = [registered(path, options.keypoints) for path in ours]
    index.add(np.arange(options.pictures, options.pictures + len(planted)), planted)
    return {
        "bank": bank,
        "uploads that match nothing": strangers(index, list(uploads(others))),
        "edited copies": copies(index, options.pictures, planted, list(uploads(ours))),
    }


def lines(result: dict[str, dict[str, object]]) -> Iterator[str]:
    """Lay the result out for a person."""
    for heading, values in result.items():
        yield f"\n{heading}"
        for name, value in values.items():
            yield f"  {name:34}{value}"


def main() -> int:
    """Measure and print; return 1 if it is too slow or misses too much."""
    parser = argparse.ArgumentParser(description="Measure the keypoint index.")
    parser.add_argument("--pictures", type=int, default=100_000, help="in the bank")
    parser.add_argument("--keypoints", type=int, default=80, help="of each picture")
    parser.add_argument("--corpus", type=Path, help="a folder of ordinary pictures")
    parser.add_argument("--cache", type=Path, default=CACHE / "padding", help="for described crops")
    parser.add_argument("--processes", type=int, default=2, help="that describe crops")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    warm_up_keypoints()
    warm_up()
    result = measured(options)
    print(json.dumps(result, indent=2) if options.json else "\n".join(lines(result)))
    times, share = result["uploads that match nothing"]["milliseconds"], result["edited copies"]
    fast = isinstance(times, dict) and times["median"] <= MEDIAN_WANTED
    return 0 if fast and float(str(share["share"])) >= RECALL_WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
