"""What hashing a video costs: time beside decoding alone, and memory for two hours."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import av
from benchmarks.video.sources import Opener

from takeback.cli.demo.film import film
from takeback.hashing.footage import THREADS
from takeback.hashing.picture import Role
from takeback.hashing.video import hash_video

HD: Final = (1280, 720)
SMALL: Final = (320, 180)
REPEATS: Final = 5
TWO_HOURS: Final = 7200

PROBE: Final = """
import sys, time
from pathlib import Path
from takeback.hashing.video import hash_video
begun = time.perf_counter()
found = hash_video(Path(sys.argv[1]), role=sys.argv[2])
taken = time.perf_counter() - begun
status = Path("/proc/self/status").read_text()  # getrusage would tell the parent's, if larger
peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
print(peak, taken, len(found), found.duration)
"""


def drawn_minute(pictures: list[Opener], size: tuple[int, int], cache: Path) -> Path:
    """Return a minute of film, drawing it if it is not there."""
    path = cache / f"minute-{size[1]}.mp4"
    if not path.exists():
        begun = path.with_suffix(".part.mp4")
        film([opener() for opener in pictures], 60.0, begun, size=size)
        begun.rename(path)
    return path


def decode_alone(path: Path, *, every: bool = False) -> float:
    """Return the seconds PyAV needs to decode what ``hash_video`` decodes, or every frame."""
    begun = time.perf_counter()
    with av.open(str(path), "r") as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = THREADS
        if not every:
            stream.codec_context.skip_frame = "NONREF"
        for _ in container.decode(stream):
            pass
    return time.perf_counter() - begun


def seconds_to_hash(path: Path, role: Role) -> float:
    """Return the seconds ``hash_video`` needs."""
    begun = time.perf_counter()
    hash_video(path, role=role)
    return time.perf_counter() - begun


def times(path: Path) -> dict[str, float]:
    """Return the medians of interleaved runs, in seconds."""
    seconds_to_hash(path, "query")
    ways: dict[str, Callable[[], float]] = {
        "PyAV, every frame": lambda: decode_alone(path, every=True),
        "PyAV, the frames that others need": lambda: decode_alone(path),
        "hash_video, reporter": lambda: seconds_to_hash(path, "reporter"),
        "hash_video, query": lambda: seconds_to_hash(path, "query"),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(REPEATS):
        for name, way in ways.items():
            taken[name].append(way())
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def two_hours(pictures: list[Opener], cache: Path) -> Path:
    """Return a video of two hours: a minute of film, over and over."""
    minute, path = drawn_minute(pictures, SMALL, cache), cache / "two-hours.mp4"
    if not path.exists():
        begun = path.with_suffix(".part.mp4")
        _repeat(minute, begun, TWO_HOURS)
        begun.rename(path)
    return path


def _repeat(source: Path, path: Path, seconds: int) -> None:
    with av.open(str(source), "r") as first, av.open(str(path), "w") as out:
        length = (first.duration or 0) / av.time_base
        written: Any = out.add_stream_from_template(first.streams.video[0])
        for number in range(int(seconds / length)):
            with av.open(str(source), "r") as again:
                for packet in again.demux(again.streams.video[0]):
                    if packet.dts is None or packet.pts is None:
                        continue
                    shift = round(number * length / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = written
                    out.mux(packet)


def memory(path: Path, role: Role) -> dict[str, float]:
    """Hash a video in a process of its own, and return what that took."""
    command = [sys.executable, "-c", PROBE, str(path), role]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    names = ("MB", "seconds", "signals", "milliseconds")
    return dict(zip(names, map(float, printed), strict=True))
