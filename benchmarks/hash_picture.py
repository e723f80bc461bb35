"""How fast, how near and how frugal ``hash_picture`` is on a 12-megapixel JPEG, on one core.

The peer is threatexchange's ``pdq_from_bytes`` on the same bytes in the same run, turn by
turn; the oracle for the distance is ``pdqhash`` on the same upright pixels. Memory is what
a fresh process takes on top of what it had before, in sizes of the decoded picture.

    python -m benchmarks.hash_picture
    python -m benchmarks.hash_picture --picture photo.jpg --runs 31 --json
"""

import argparse
import io
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pdqhash
import skimage.data
from PIL import Image
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

from takeback.hashing import Signal, hash_picture, warm_up
from takeback.hashing.decode import upright_pixels

SIZE = (4000, 3000)
"""Width and height of the picture that is made when none is given: 12 megapixels."""

WANTED_RATIO = 5.0
WANTED_DISTANCE = 2
WANTED_MEMORY = 3.0

PEAK = """
import re, sys
from pathlib import Path
from takeback.hashing import hash_picture, warm_up
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

def kibibytes(name):
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

warm_up()
data = Path(sys.argv[2]).read_bytes()
Path("/proc/self/clear_refs").write_text("5")
before = kibibytes("VmRSS")
{"ours": hash_picture, "peer": pdq_from_bytes}[sys.argv[1]](data)
print((kibibytes("VmHWM") - before) * 1024)
"""
"""Prints the bytes that hashing one file took at most, on top of the warm process (Linux)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was measured on one picture."""

    width: int
    height: int
    file_bytes: int
    path: str
    quality: int
    ours_ms: float
    scaled_ms: float
    peer_ms: float
    ratio: float
    distance_bits: int
    distance_scaled_bits: int
    distance_peer_bits: int
    memory: float
    memory_peer: float
    machine: str

    @property
    def met(self) -> bool:
        """Whether all three targets are reached."""
        return (
            self.ratio >= WANTED_RATIO
            and self.distance_bits <= WANTED_DISTANCE
            and self.memory <= WANTED_MEMORY
        )


def made_picture() -> bytes:
    """Return a photograph of a cup of coffee, enlarged, with grain as a sensor's, as a JPEG."""
    with Image.open(Path(skimage.data.__file__).parent / "coffee.png") as picture:
        large = np.asarray(picture.convert("RGB").resize(SIZE, Image.Resampling.BICUBIC))
    grain = np.random.default_rng(1).normal(0, 4, (SIZE[1], SIZE[0], 1))
    pixels = np.clip(large + grain, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=92)
    return file.getvalue()


def medians(calls: Sequence[Callable[[], object]], runs: int) -> list[float]:
    """Call each in turn, *runs* times over, and return their median times in milliseconds."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(runs):
        for call, taken in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            taken.append((time.perf_counter() - start) * 1000)
    return [statistics.median(taken) for taken in times]


def peak(who: str, data: bytes) -> int:
    """Return the bytes a fresh process takes to hash *data*."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        command = [sys.executable, "-c", PEAK, who, file.name]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(run.stdout)


def measure(data: bytes, runs: int) -> Result:
    """Measure everything on one picture."""
    warm_up()
    found, scaled = hash_picture(data), hash_picture(data, shrink=True)
    pixels = upright_pixels(data)
    vector, _ = pdqhash.compute(pixels)
    oracle = Signal(np.packbits(vector).tobytes())
    calls = (
        lambda: hash_picture(data),
        lambda: hash_picture(data, shrink=True),
        lambda: pdq_from_bytes(data),
    )
    ours_ms, scaled_ms, peer_ms = medians(calls, runs)
    return Result(
        width=found.width,
        height=found.height,
        file_bytes=len(data),
        path=found.path,
        quality=found.quality,
        ours_ms=ours_ms,
        scaled_ms=scaled_ms,
        peer_ms=peer_ms,
        ratio=peer_ms / ours_ms,
        distance_bits=found.whole.distance(oracle),
        distance_scaled_bits=scaled.whole.distance(oracle),
        distance_peer_bits=Signal.parse(pdq_from_bytes(data)[0]).distance(oracle),
        memory=peak("ours", data) / pixels.nbytes,
        memory_peer=peak("peer", data) / pixels.nbytes,
        machine=machine(),
    )


def machine() -> str:
    """Name the processor and the versions that matter."""
    try:
        listing = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        names = re.findall(r"model name\s*:\s*(.+)", listing)
    except OSError:
        names = []
    return f"{names[0] if names else platform.processor()}, Python {platform.python_version()}"


def table(result: Result) -> str:
    """Lay the result out for a person."""
    r = result
    rows = (
        (f"hash_picture ({r.path})", r.ours_ms, r.distance_bits, f"{r.memory:.2f}"),
        ("hash_picture(shrink=True)", r.scaled_ms, r.distance_scaled_bits, ""),
        ("threatexchange pdq_from_bytes", r.peer_ms, r.distance_peer_bits, f"{r.memory_peer:.2f}"),
    )
    return "\n".join(
        (
            f"{r.width} x {r.height} JPEG, {r.file_bytes / 1e6:.1f} MB, quality {r.quality}",
            f"one core of {r.machine}",
            f"{'':30} {'median ms':>10} {'bits from pdqhash':>18} {'memory / picture':>17}",
            *(f"{name:30} {ms:10.1f} {bits:18} {memory:>17}" for name, ms, bits, memory in rows),
            f"{r.ratio:.1f} times as fast (wanted: {WANTED_RATIO:.0f}), "
            f"{r.distance_bits} bits away (at most {WANTED_DISTANCE}), "
            f"{r.memory:.2f} pictures of memory (at most {WANTED_MEMORY:.0f}): "
            f"{'met' if r.met else 'MISSED'}",
        )
    )


def pictures(options: argparse.Namespace) -> list[bytes]:
    """Return the files to measure, largest first where a folder is given."""
    if options.picture:
        return [options.picture.read_bytes()]
    if options.corpus:
        files = sorted(options.corpus.glob("*.jpg"), key=lambda path: -path.stat().st_size)
        return [path.read_bytes() for path in files[: options.count]]
    return [made_picture()]


def main() -> int:
    """Measure, print, and return 1 if a target is missed."""
    parser = argparse.ArgumentParser(description="Measure hash_picture against threatexchange.")
    parser.add_argument("--picture", type=Path, help="measure this JPEG instead")
    parser.add_argument("--corpus", type=Path, help="measure the largest JPEGs of this folder")
    parser.add_argument("--count", type=int, default=5, help="how many of the folder")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true", help="print one object a picture")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    results = [measure(data, options.runs) for data in pictures(options)]
    for result in results:
        print(json.dumps(asdict(result)) if options.json else table(result) + "\n")
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
