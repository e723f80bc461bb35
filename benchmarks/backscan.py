"""A back-scan of 10,000 files on a local Ray, killed at three stages; its pace; ready signals.

The library is a folder of pictures, repeated until there are enough files. The bank holds some
of them as they are and some compressed hard, and random signals besides. The oracle is
``pdqhash`` on every picture, in all eight turns, and a linear scan; it knows no views, so the
scan that is held to it looks at pictures whole. The pace is that of all views.

    python -m benchmarks.backscan --corpus FOLDER
    python -m benchmarks.backscan --corpus FOLDER --files 1000 --rows 1000000 --json
"""

import argparse
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pdqhash
import pyarrow as pa
import pyarrow.parquet as pq
import skimage.data
from benchmarks.figures import keep
from benchmarks.places import cache_folder, corpus_folder
from numpy.typing import NDArray
from PIL import Image, ImageOps

from takeback.backscan.listed import prepare
from takeback.hashing import MATCH_DISTANCE

STAGES = ("planning", "hashing", "naming")
WANTED_SPEED_UP = 1.8
WANTED_SHARE = 0.9
WANTED_SECONDS = 120.0
PIECE = 1_000_000
SPEED_FILES = 4_000
"""Files of which the pace is measured."""

ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}

KILLED = """
import os, signal, sys
from takeback.backscan import plan, results
from takeback.cli import main

stage, after, *arguments = sys.argv[1:]
settle, commit, left = plan.settle, results.commit, [int(after)]


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def commit_some(*given):
    commit(*given)
    left[0] -= 1
    if not left[0]:
        die()


def settle_some(part, path):
    left[0] -= path.name.startswith("hits-")
    die() if left[0] < 0 else settle(part, path)


if stage == "planning":
    plan.write = die
elif stage == "hashing":
    results.commit = commit_some
else:
    results.settle = settle_some
sys.exit(main.run(["backscan", *arguments]))
"""
"""Kills itself before the plan is written, between two shards, or between the writing of a
shard's hits and their name."""

Hit = tuple[str, str]
"""A file and an entry's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was measured."""

    files: int
    hits: int
    missed: int
    """Of what ``pdqhash`` and a linear scan find."""

    besides: int
    """What they do not find."""

    twice: int
    killed_at: tuple[str, ...]
    ray_files_per_second: float
    one_worker: float
    """Files a second."""

    two_workers: float
    speed_up: float
    hashing: float
    """Share of two workers' time in decoding and hashing, 0 to 1, against all rows."""

    bank_rows: int
    signals: int
    signals_seconds: float
    """Two workers, from the command to its end; the bank's index was there."""

    @property
    def reached(self) -> bool:
        """Tell whether every number is as wanted."""
        return (
            not (self.missed or self.besides or self.twice)
            and self.speed_up >= WANTED_SPEED_UP
            and self.hashing >= WANTED_SHARE
            and self.signals_seconds <= WANTED_SECONDS
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything lies while it is measured."""

    root: Path
    pictures: Sequence[Path]
    bank: Path
    named: NDArray[np.uint8]
    """The bank's signals that are of pictures, shape (n, 32); entry i has number i."""

    def library(self, files: int) -> Path:
        """Return a folder of so many files, the pictures again and again."""
        folder = self.root / f"library-{files}"
        for number in range(files):
            picture = self.pictures[number % len(self.pictures)]
            below = folder / f"{number // 1000:03}"
            below.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                (below / f"{number:06}{picture.suffix}").symlink_to(picture)
        return folder


def picture_bits(image: Image.Image) -> NDArray[np.uint8]:
    """Return the eight signals of a picture by ``pdqhash``, shape (8, 32)."""
    bits, _ = pdqhash.compute_dihedral(np.asarray(image.convert("RGB")))
    return np.packbits(np.array(bits, np.uint8), axis=1)


def upright(path: Path) -> Image.Image:
    """Return a picture as a person sees it."""
    with Image.open(path) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def compressed(image: Image.Image) -> Image.Image:
    """Return a copy that was made smaller and saved badly."""
    file = io.BytesIO()
    image.resize((image.width // 2, image.height // 2)).save(file, "JPEG", quality=25)
    return Image.open(file)


def registered(pictures: Sequence[Path]) -> NDArray[np.uint8]:
    """Return what is registered: of three pictures one as it is, one compressed, one not."""
    chosen = []
    for number, path in enumerate(pictures):
        if number % 3 < 2:
            image = upright(path)
            chosen.append(picture_bits(compressed(image) if number % 3 else image)[0])
    return np.array(chosen)


def write_bank(path: Path, named: NDArray[np.uint8], rows: int) -> None:
    """Write the bank: the named signals, and random ones up to so many rows."""
    chance = np.random.default_rng(5)
    schema = pa.schema([("number", pa.string()), ("signal", pa.binary(32))])
    with pq.ParquetWriter(path, schema) as writer:
        writer.write_table(bank_table(0, named, schema))
        for first in range(len(named), rows, PIECE):
            count = min(PIECE, rows - first)
            drawn = chance.integers(0, 256, (count, 32), np.uint8)
            writer.write_table(bank_table(first, drawn, schema))


def bank_table(first: int, signals: NDArray[np.uint8], schema: pa.Schema) -> pa.Table:
    """Return entries numbered from *first*."""
    packed = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(32), len(signals), [None, pa.py_buffer(np.ascontiguousarray(signals))]
    )
    numbers = [f"{first + each:032x}" for each in range(len(signals))]
    return pa.table({"number": numbers, "signal": packed}, schema=schema)


def wanted_hits(stage: Stage, library: Path) -> set[Hit]:
    """Return what ``pdqhash`` and a linear scan find."""
    near: dict[Path, list[str]] = {}
    for picture in stage.pictures:
        turned = picture_bits(upright(picture))
        apart = np.bitwise_count(turned[:, None] ^ stage.named[None]).sum(axis=2).min(axis=0)
        near[picture] = [f"{each:032x}" for each in np.flatnonzero(apart <= MATCH_DISTANCE)]
    files = (path for path in library.rglob("*") if path.is_symlink())
    return {(str(path), number) for path in files for number in near[path.readlink()]}


def found_hits(out: Path) -> list[Hit]:
    """Return the hits of whole pictures that a scan wrote."""
    tables = [pq.read_table(path) for path in out.glob("hits-*.parquet")]
    table = pa.concat_tables(tables).filter(pa.compute.field("ground") == "whole")
    return list(zip(table["path"].to_pylist(), table["number"].to_pylist(), strict=True))


def arguments(stage: Stage, given: Path, out: Path, workers: int, *more: str) -> list[str]:
    """Return the arguments of a scan; the bank's index is made once for all."""
    out.mkdir(exist_ok=True)
    made = prepare(stage.bank, stage.root)
    if not (out / made.name).exists():
        (out / made.name).symlink_to(made)
    bank = ["--bank", str(stage.bank), "--out", str(out), "--workers", str(workers)]
    return [str(given), *bank, "--json", *more]


def backscan(*given: str) -> dict[str, float]:
    """Run a scan to its end and return its summary."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "takeback.cli.main", "backscan", *given],
        stdout=subprocess.PIPE,
        check=True,
    )
    summary: dict[str, float] = json.loads(done.stdout)
    return {**summary, "wall": time.monotonic() - began}


def killed_scan(stage: Stage, library: Path, files: int, out: Path) -> dict[str, float]:
    """Scan on a Ray of two workers, killed at every stage; return the last run's summary."""
    given = arguments(stage, library, out, 2, "--views=plain", "--ray")
    after = str(max(1, min(40, files // 100)))  # shards
    for name in STAGES:
        print(f"killed at {name} …", file=sys.stderr, flush=True)
        command = [sys.executable, "-c", KILLED, name, after, *given]
        done = subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
        assert done.returncode == -signal.SIGKILL
    return backscan(*given)


def ready_signals(stage: Stage, count: int) -> Path:
    """Write ready signals, some of them near the bank's."""
    chance = np.random.default_rng(6)
    drawn = chance.integers(0, 256, (count, 32), np.uint8)
    drawn[: len(stage.named)] = stage.named
    path = stage.root / "signals.parquet"
    schema = pa.schema([("number", pa.string()), ("signal", pa.binary(32))])
    pq.write_table(bank_table(0, drawn, schema).select(["signal"]), path)
    return path


def measure(stage: Stage, files: int, rows: int, signals: int) -> Result:
    """Measure everything."""
    library, root = stage.library(files), stage.root
    last = killed_scan(stage, library, files, root / "ray")
    wanted, found = wanted_hits(stage, library), found_hits(root / "ray")
    few = stage.library(min(files, SPEED_FILES))
    one, two = (
        backscan(*arguments(stage, few, root / f"pool-{workers}", workers)) for workers in (1, 2)
    )
    given = ready_signals(stage, signals)
    ready = backscan(*arguments(stage, given, root / "ready", 2))
    return Result(
        files=files,
        hits=len(found),
        missed=len(wanted - set(found)),
        besides=len(set(found) - wanted),
        twice=len(found) - len(set(found)),
        killed_at=STAGES,
        ray_files_per_second=last["per_second"],
        one_worker=one["per_second"],
        two_workers=two["per_second"],
        speed_up=round(two["per_second"] / one["per_second"], 2),
        hashing=two["hashing"],
        bank_rows=rows,
        signals=signals,
        signals_seconds=round(ready["wall"], 1),
    )


def prepared(root: Path, corpus: Path | None, rows: int) -> Stage:
    """Draw the bank; without a corpus the pictures are those in scikit-image."""
    corpus = corpus or Path(skimage.data.__file__).parent
    pictures = sorted(path.resolve() for path in corpus.rglob("*") if path.suffix in ENDINGS)
    named = registered(pictures)
    write_bank(root / "bank.parquet", named, rows)
    return Stage(root, pictures, root / "bank.parquet", named)


def figures(result: Result) -> dict[str, float]:
    """Return the figures of the table."""
    return {
        "backscan.two workers times one": result.speed_up,
        "backscan.decode and hash percent": 100 * result.hashing,
        "backscan.million against ten million seconds": result.signals_seconds,
    }


def lines(result: Result) -> Iterator[str]:
    """Yield what a person reads."""
    yield from (f"{name:22} {value}" for name, value in asdict(result).items())


def main() -> int:
    """Measure, print, and return 1 if a number is not reached."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, default=corpus_folder(), help="a folder of pictures")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--signals", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    root = Path(tempfile.mkdtemp(prefix="backscan-", dir=cache_folder()))
    try:
        stage = prepared(root, options.corpus, options.rows)
        result = measure(stage, options.files, options.rows, options.signals)
    finally:
        shutil.rmtree(root)
    keep("backscan", figures(result), asdict(result))
    print(json.dumps(asdict(result)) if options.json else "\n".join(lines(result)))
    return int(not result.reached)


if __name__ == "__main__":
    sys.exit(main())
