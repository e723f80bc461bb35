"""What a keypoint index on disk takes to build, to open and to change, and how soon others see it.

The pictures are drawn at random, 80 keypoints each: near nothing, so look-ups cost what probing
costs; ``benchmarks/keypoint_index.py`` searches among real ones. It is built in pieces, each a
segment of its own, so that memory is that of one piece.

    python -m benchmarks.keypoint_directory --pictures 300000 --directory DIR
"""

import argparse
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.random import Generator

from takeback.hashing.keypoint_signals import KeypointLook, KeypointSignals, KeypointView
from takeback.hashing.place import EVERYWHERE
from takeback.matching.keypoints.directory import build
from takeback.matching.keypoints.index import (
    DEFAULT_POLICY,
    FollowedKeypointIndex,
    KeypointIndex,
    warm_up,
)
from takeback.matching.keypoints.rows import KeypointRows

KEYPOINTS: Final = 80
LOOKED_UP: Final = (450, 450, 200, 200)
LOOKS: Final = 100
CHANGES: Final = 200


def rows_of(random: Generator, pictures: int, keypoints: int = KEYPOINTS) -> KeypointRows:
    """Draw pictures."""
    words = np.frombuffer(random.bytes(32 * pictures * keypoints), np.uint64).reshape(-1, 4)
    places = random.integers(0, (64, 48, 10, 24), (len(words), 4), np.uint8)
    first = np.arange(pictures + 1) * keypoints
    return KeypointRows(first, np.full((pictures, 2), (64, 48), np.uint8), words, places)


def pieces(pictures: int, piece: int) -> Iterator[tuple[np.ndarray, KeypointRows]]:
    """Draw the bank, piece by piece."""
    random = np.random.default_rng(1)
    for begin in range(0, pictures, piece):
        ids = np.arange(begin, min(begin + piece, pictures))
        yield ids, rows_of(random, len(ids))


def look(random: Generator) -> KeypointLook:
    """Look at an upload that shows nothing registered."""
    drawn = (rows_of(random, 1, keypoints).picture(0) for keypoints in LOOKED_UP)
    return KeypointLook("whole", EVERYWHERE, dict(zip(KeypointView, drawn, strict=True)))


def seconds(work: Callable[[], object]) -> float:
    """Return how long that takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def put(name: str, value: float, unit: str) -> None:
    """Print one figure."""
    print(f"{name:52}{value:10.3f} {unit}")


def spread(name: str, taken: Sequence[float]) -> None:
    """Print median and 99th percentile, in milliseconds."""
    put(f"{name}, median", 1e3 * statistics.median(taken), "ms")
    put(f"{name}, 99 %", 1e3 * float(np.percentile(taken, 99)), "ms")


def changed(index: KeypointIndex, follower: FollowedKeypointIndex, pictures: int) -> None:
    """Add and withdraw, until the follower sees it; what both take together."""
    random, added, withdrawn = np.random.default_rng(2), [], []

    def add(number: int, picture: KeypointSignals) -> None:
        index.change([], [number], [picture], index.mark + 1)
        assert number in follower

    def withdraw(number: int) -> None:
        index.change([number], [], [], index.mark + 1)
        assert number not in follower

    for step in range(CHANGES):
        picture = rows_of(random, 1).picture(0)
        added.append(seconds(partial(add, pictures + step, picture)))
        withdrawn.append(seconds(partial(withdraw, step)))
    spread("added, and seen by a follower", added)
    spread("withdrawn, and gone for a follower", withdrawn)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--piece", type=int, default=250_000, help="pictures a segment")
    parser.add_argument("--directory", type=Path, required=True, help="made, and removed after")
    options = parser.parse_args()
    warm_up()
    bank = pieces(options.pictures, options.piece)
    put("built", seconds(lambda: build(options.directory, bank, DEFAULT_POLICY, 1)), "s")
    size = sum(file.stat().st_size for file in options.directory.iterdir())
    put("on disk", size / 1e9, "GB")
    put("opened", seconds(lambda: FollowedKeypointIndex.open(options.directory)), "s")
    (options.directory / "verified").unlink()
    put(
        "opened, every byte verified",
        seconds(lambda: FollowedKeypointIndex.open(options.directory)),
        "s",
    )
    follower = FollowedKeypointIndex.open(options.directory)
    random = np.random.default_rng(3)
    looks = [look(random) for _ in range(LOOKS)]
    put("first look", 1e3 * seconds(lambda: follower.search(looks[:1])), "ms")
    spread("look", [seconds(partial(follower.search, [each])) for each in looks])
    index = KeypointIndex.open(options.directory)
    changed(index, follower, options.pictures)
    shutil.rmtree(options.directory)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
