"""How many excerpts of registered videos are found, how many strangers, and what it costs.

Excerpts of ten seconds at random places are re-encoded, edited and looked up in a bank of all
registered videos. All work is kept, so that a run that was stopped goes on where it was.

    python -m benchmarks.video
    python -m benchmarks.video --corpus ../shared/corpus --write docs/reference/video.md
    python -m benchmarks.video --excerpts 20 --no-cost
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from benchmarks.robustness.page import put
from benchmarks.robustness.table import interval, markdown
from benchmarks.video import cost, sources
from benchmarks.video.kept import kept
from benchmarks.video.sources import Source
from benchmarks.video.trials import EDITS, Found, outcomes, trials

from takeback.hashing.picture import Role
from takeback.hashing.video_signals import VideoSignals
from takeback.matching.videos.index import VideoIndex

Item = TypeVar("Item")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    found = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    found.add_argument("--corpus", type=Path, help="folder with images and videos")
    found.add_argument("--excerpts", type=int, default=200, help="of each edit")
    found.add_argument("--cache", type=Path, default=home / "takeback" / "video")
    found.add_argument("--no-cost", action="store_true", help="measure no time and no memory")
    found.add_argument("--write", type=Path, metavar="PAGE", help="put the tables into a page")
    return found.parse_args()


def main() -> int:
    """Measure and print."""
    options = arguments()
    options.cache.mkdir(parents=True, exist_ok=True)
    ours = sources.registered(options.corpus, options.cache)
    tables = {"recall": _recall(ours, options), "strangers": _strangers(ours, options)}
    if not options.no_cost:
        tables |= _cost(options)
    for table in tables.values():
        print(table, end="\n\n")
    if options.write:
        put(options.write, tables)
    return 0


def _recall(ours: Sequence[Source], options: argparse.Namespace) -> str:
    """Look up excerpts in a bank with keypoints and in one without."""
    chosen = trials(ours, options.excerpts)
    videos = [kept(source.path, "reporter") for source in ours]
    names = [source.name for source in ours]
    found = {
        keypoints: list(outcomes(watched, bank(videos, keypoints), names, options.cache))
        for keypoints, watched in ((True, _watched(chosen, "excerpts")), (False, chosen))
    }
    head = ["excerpt of 10 s", "excerpts", "without keypoints", "with keypoints"]
    head += ["place right, of those found", "other videos matched"]
    return markdown(head, [_row(edit, found) for edit in EDITS])


def _row(edit: str, found: dict[bool, list[Found]]) -> list[str]:
    without, with_ = ([f for f in found[k] if f.trial.edit == edit] for k in (False, True))
    right = [f for f in with_ if f.right]
    return [
        edit,
        str(len(with_)),
        interval(sum(f.right for f in without) / len(without), len(without)),
        interval(len(right) / len(with_), len(with_)),
        f"{100 * sum(f.placed for f in right) / max(1, len(right)):.1f}",
        str(sum(f.wrong for f in without) + sum(f.wrong for f in with_)),
    ]


def _strangers(ours: Sequence[Source], options: argparse.Namespace) -> str:
    """Look up videos that show nothing of what is registered, and each registered one."""
    videos = [kept(source.path, "reporter") for source in ours]
    everything = bank(videos, keypoints=True)
    others = sources.strangers(options.corpus, options.cache)
    wrong = 0
    for source in _watched(others, "strangers"):
        wrong += len(everything.match_video(kept(source.path, "query")))
    own = 0
    for number, source in enumerate(ours):
        found = everything.match_video(kept(source.path, "query"))
        own += sum(match.id != number for match in found)
    rows = [
        ["drawn from other photographs or from noise", str(len(others)), str(wrong)],
        ["registered ones, each against all others", str(len(ours)), str(own)],
    ]
    return markdown(["videos looked up", "number", "matched"], rows)


def _cost(options: argparse.Namespace) -> dict[str, str]:
    """Measure time and memory."""
    pictures, _ = sources.pictures(options.corpus)
    path = cost.drawn_minute(pictures[: sources.FILM_PICTURES], cost.HD, options.cache)
    taken = cost.times(path)
    alone = taken["PyAV, the frames that others need"]
    rows = [[way, f"{sec:.2f}", f"{sec / alone:.2f}"] for way, sec in taken.items()]
    time_table = markdown(["60 s of 720p H.264", "seconds", "times decoding alone"], rows)
    long = cost.two_hours(pictures[: sources.FILM_PICTURES], options.cache)
    roles: tuple[Role, ...] = ("reporter", "query")
    used = {role: cost.memory(long, role) for role in roles}
    lines = [
        [role, f"{u['MB']:.0f}", f"{u['seconds']:.0f}", f"{u['signals']:.0f}"]
        for role, u in used.items()
    ]
    head = ["two hours, 320 × 180", "peak memory in MB", "seconds", "frames kept"]
    return {"time": time_table, "memory": markdown(head, lines)}


def bank(videos: Sequence[VideoSignals], keypoints: bool) -> VideoIndex:
    """Return an index of the videos as they come over the wire, numbered from 0."""
    index = VideoIndex()
    packed = [VideoSignals.unpack(video.pack(keypoints=keypoints)) for video in videos]
    index.add(range(len(videos)), packed)
    return index


def _watched(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Yield the items, and show on the terminal how far it has come."""
    begun = time.monotonic()
    for number, item in enumerate(items, 1):
        yield item
        if number % 10 == 0 or number == len(items):
            rate = (time.monotonic() - begun) / number
            left = rate * (len(items) - number)
            print(f"{what}: {number}/{len(items)}, {left:.0f} s left", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
