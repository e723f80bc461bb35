"""What a matcher answers over HTTP with one process on one core.

Look-ups of one signal and batches of ten thousand in a bank of random bits; then pictures of
two megapixels that match nothing: looked at in all views, whole only, and in all views with
keypoints. Who asks runs on the other cores. HMA is measured beside it where it is installed.

    python -m benchmarks.served --rows 10000000
    python -m benchmarks.served --rows 1000000 --seconds 5
"""

import argparse
import importlib.util
import io
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

import numpy as np
import skimage.data
from benchmarks.figures import keep
from benchmarks.index.banks import planted, random_bits
from benchmarks.machine import load
from benchmarks.places import cache_folder
from benchmarks.served.filling import fill
from benchmarks.served.load import Answered, Load, put
from benchmarks.served.programs import cores_for_server, matcher
from PIL import Image

PICTURE: Final = (1632, 1224)
"""Two megapixels."""

PICTURES: Final = 24
BATCH: Final = 10_000
KEYPOINT_PICTURES: Final = 10_000
WARM_UP: Final = 6
"""Seconds of a load that are not measured: the processes that hash start on the same core."""

JSON: Final = "application/json"
JPEG: Final = "image/jpeg"


def main() -> int:
    """Measure, print, and keep the figures; return 1 if a request failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each load")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--cache", type=Path, default=cache_folder())
    options = parser.parse_args()
    told: dict[str, Answered] = {}
    figures = _looked_up(options, told) | _matched(options, told)
    print(table(told))
    print(f"one core; load {load()}; {_hma()}\n")
    for name, value in figures.items():
        print(f"{name:44} {value:12,.3f}")
    keep(f"served-{options.rows}", figures, {name: asdict(each) for name, each in told.items()})
    return int(any(each.failed for each in told.values()))


def _looked_up(options: argparse.Namespace, told: dict[str, Answered]) -> dict[str, float]:
    """Ask for signals."""
    bank = random_bits(options.rows, seed=1)
    directory = options.cache / f"served-{options.rows}"
    shutil.rmtree(directory, ignore_errors=True)
    fill(directory, bank)
    near, strange = planted(bank, 500), random_bits(1500, seed=3)
    ones = [_lookup(part[None]) for part in np.concatenate([near, strange])]
    del bank
    rng = np.random.default_rng(5)
    batches = [_lookup(random_bits(BATCH, seed=int(rng.integers(1 << 30)))) for _ in range(4)]
    with matcher(directory, cores_for_server(1), "--hashers", "1") as unindexed:
        indexed = unindexed.until_ready
    with matcher(directory, cores_for_server(1), "--hashers", "1") as served:
        url = f"{served.url}/v1/lookup"
        first = seconds_of_one(url, ones[0])
        put(Load(url, JSON, ones, options.connections, WARM_UP))
        told["one signal"] = put(Load(url, JSON, ones, options.connections, options.seconds))
        told["ten thousand signals"] = put(Load(url, JSON, batches, 1, options.seconds))
    shutil.rmtree(directory, ignore_errors=True)
    return {
        f"served.{options.rows}.{name}": value
        for name, value in (
            _of_lookups(told)
            | {
                "first look-up ms": first * 1000,
                "start without an index seconds": indexed,
                "start seconds": served.until_ready,
            }
        ).items()
    }


def _of_lookups(told: dict[str, Answered]) -> dict[str, float]:
    one, batch = told["one signal"], told["ten thousand signals"]
    return {
        "requests a second": one.rate,
        "p50 ms": one.p50,
        "p99 ms": one.p99,
        "batch signals a second": batch.rate * BATCH,
    }


def seconds_of_one(url: str, body: bytes) -> float:
    """Ask once, and return how long the answer took."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    connection.connect()
    started = perf_counter()
    connection.request("POST", parts.path, body, {"Content-Type": JSON})
    answer = connection.getresponse()
    answer.read()
    spent = perf_counter() - started
    connection.close()
    assert answer.status == 200
    return spent


def _matched(options: argparse.Namespace, told: dict[str, Answered]) -> dict[str, float]:
    """Send pictures: to a bank without keypoints, then to one with them."""
    bodies = pictures()
    found = {}
    for keypoints in (0, KEYPOINT_PICTURES):
        directory = options.cache / "served-pictures"
        shutil.rmtree(directory, ignore_errors=True)
        fill(directory, random_bits(100_000, seed=1), keypoints)
        with matcher(directory, cores_for_server(1), "--hashers", "1") as served:
            for name, query in _asked(with_keypoints=bool(keypoints)):
                url = f"{served.url}/v1/match{query}"
                put(Load(url, JPEG, bodies, 2, WARM_UP))
                told[name] = put(Load(url, JPEG, bodies, 2, options.seconds))
                found[f"served.pictures.{name} a second"] = told[name].rate
        shutil.rmtree(directory, ignore_errors=True)
    return found


def _asked(*, with_keypoints: bool) -> Sequence[tuple[str, str]]:
    if with_keypoints:
        return [("all views and keypoints", "")]
    return [("all views", ""), ("plain view", "?views=plain")]


def _lookup(signals: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> bytes:
    return json.dumps({"signals": [signal.tobytes().hex() for signal in signals]}).encode()


def pictures() -> list[bytes]:
    """Make JPEGs of two megapixels, no two alike."""
    photograph = Image.open(Path(skimage.data.__file__).parent / "coffee.png").convert("RGB")
    made = []
    for number in range(PICTURES):
        part = photograph.crop((4 * number, 2 * number, 400 + 6 * number, 300 + 3 * number))
        file = io.BytesIO()
        part.resize(PICTURE, Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
        made.append(file.getvalue())
    return made


def table(told: dict[str, Answered]) -> str:
    """Lay what was answered out as Markdown."""
    head = "| Asked | a second | p50 ms | p99 ms | failed | by |\n|---|---|---|---|---|---|\n"
    return head + "\n".join(
        f"| {name} | {one.rate:,.1f} | {one.p50:.2f} | {one.p99:.2f} | {one.failed} | {one.by} |"
        for name, one in told.items()
    )


def _hma() -> str:
    """Say whether HMA is here to be measured beside it."""
    if importlib.util.find_spec("OpenMediaMatch"):
        return "HMA is installed: start it and compare with wrk and the same bodies"
    return "HMA is not installed here; its figures in the table are those of the issue"


if __name__ == "__main__":
    sys.exit(main())
