"""What a matcher costs: filling its state file, starting from it, and answering over HTTP.

A bank of made-up signals is applied page by page as a follower does, then loaded as at a
restart. Then a matcher runs on that file with no hub to be reached, and one connection asks
for one signal at a time, and for a 12-megapixel JPEG that matches nothing.

    python -m benchmarks.matcher
    python -m benchmarks.matcher --signals 100000 --json
    python -m benchmarks.matcher --signals 1000000 --keypoints 100000
"""

import argparse
import gc
import io
import json
import os
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx2
import numpy as np
from benchmarks.index_search import resident_bytes
from PIL import Image
from skimage import data

from takeback.clock import utc_now
from takeback.exchange.wire import FeedEntry, FeedPage
from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.hashing.keypoints import MOST_REGISTERED
from takeback.hashing.signal_types import SignalType, to_text
from takeback.matcher.assembly import assembled
from takeback.matcher.banks import Banks
from takeback.matcher.options import MatcherOptions, Source
from takeback.matcher.server import Server, application, listening_on, url_of
from takeback.matcher.state import State
from takeback.matching.lookup.indexes import warm_up

URL = "http://127.0.0.1:9"
PAGE = 5_000
QUESTIONS = 1_000


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured."""

    fill_seconds: float
    load_seconds: float
    one_record_ms: float
    """From a page with one new record to its being matched and on the disk."""

    one_gone_ms: float
    """The same for a gone record, overwritten in the file included."""

    lookup_p50_ms: float
    lookup_p99_ms: float
    picture_p50_ms: float
    file_megabytes: float
    loaded_mebibytes: float
    """Memory that the banks take once they are loaded."""

    peak_mebibytes: float
    signals: int
    keypoints: int
    """Pictures of which there are keypoints too."""

    cores: int


def main() -> None:
    """Fill, load, ask; print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signals", type=int, default=1_000_000)
    parser.add_argument("--keypoints", type=int, default=0, help="pictures with keypoints")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    result = measured(options.signals, options.keypoints)
    if options.json:
        print(json.dumps(asdict(result)))
        return
    for name, value in asdict(result).items():
        print(f"{name:16} {value:12,.2f}" if isinstance(value, float) else f"{name:16} {value:9,}")


def measured(signals: int, keypoints: int) -> Result:
    """Measure with so many *signals*, and *keypoints* of so many pictures."""
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "data"
        filled = fill(directory, signals, keypoints)
        one, gone = single_records(directory, signals + keypoints)
        loaded, memory = load(directory)
        key_file = Path(folder) / "key"
        key_file.write_text("key")
        source = Source(url=URL, key_file=key_file, name="hub")
        options = MatcherOptions(
            sources=(source,), data=directory, port=0, hashers=1, video_hashers=0
        )
        with answering(options) as client:
            lookups, pictures = ask_signals(client), ask_pictures(client)
        megabytes = (directory / "matcher.db").stat().st_size / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Result(
        filled,
        loaded,
        one,
        gone,
        statistics.median(lookups),
        sorted(lookups)[int(len(lookups) * 0.99)],
        statistics.median(pictures),
        megabytes,
        memory / 2**20,
        peak,
        signals,
        keypoints,
        os.cpu_count() or 1,
    )


@contextmanager
def opened(directory: Path) -> Iterator[tuple[State, int]]:
    """Open the state file; yield it with the number of the hub."""
    state = State(directory)
    try:
        yield state, state.source(URL)
    finally:
        state.close()


def fill(directory: Path, signals: int, keypoints: int) -> float:
    """Apply pages until the state file and the banks hold so many; return the seconds."""
    random = np.random.default_rng(3)
    banks = Banks()
    spent = 0.0
    with opened(directory) as (state, source):
        for start in range(0, signals + keypoints, PAGE):
            numbers = range(start, min(start + PAGE, signals + keypoints))
            entries = [drawn(number, random, packed=number >= signals) for number in numbers]
            page = FeedPage("e", str(start), start + PAGE < signals + keypoints, entries, [])
            started = time.perf_counter()
            state.take(source, page, utc_now(), banks.apply)
            spent += time.perf_counter() - started
    return spent


def drawn(number: int, random: np.random.Generator, *, packed: bool) -> FeedEntry:
    """Draw an entry: a signal, or the keypoints of a picture."""
    name = f"{number:032x}"
    if not packed:
        return FeedEntry(name, "active", random.bytes(32).hex())
    places = random.integers(0, (64, 64, 12, 24), (MOST_REGISTERED, 4), np.uint8)
    bits = random.integers(0, 256, (MOST_REGISTERED, 32), np.uint8)
    content = KeypointSignals(64, 64, bits, places).pack()
    kind = SignalType.KEYPOINTS
    return FeedEntry(name, "active", to_text(kind, content), type=kind)


def single_records(directory: Path, held: int) -> tuple[float, float]:
    """Return the median milliseconds of a page with one new record, and with one gone."""
    banks = Banks()
    with opened(directory) as (state, source):
        banks.load(state)
        banks.settle()

        def take(entry: FeedEntry) -> float:
            started = time.perf_counter()
            page = FeedPage("e", "last", False, [entry], [])
            state.take(source, page, utc_now(), banks.apply)
            return (time.perf_counter() - started) * 1000

        numbers = [f"{held + place:032x}" for place in range(30)]
        new = [take(FeedEntry(n, "active", os.urandom(32).hex())) for n in numbers]
        gone = [take(FeedEntry(n, "gone")) for n in numbers]
    return statistics.median(new), statistics.median(gone)


def load(directory: Path) -> tuple[float, int]:
    """Return the seconds from opening the state file to banks that answer, and their bytes."""
    before = resident_bytes()
    started = time.perf_counter()
    banks = Banks()
    with opened(directory) as (state, _):
        banks.load(state)
        banks.signals.search(np.zeros((1, 32), np.uint8))
        seconds = time.perf_counter() - started
    banks.settle()
    gc.collect()
    return seconds, resident_bytes() - before


@contextmanager
def answering(options: MatcherOptions) -> Iterator[httpx2.Client]:
    """Run a matcher in a thread and yield a client of it."""
    with assembled(options) as assembly, listening_on(options.host, options.port) as sock:
        assembly.banks.settle()
        server = Server(application(assembly))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            with httpx2.Client(base_url=url_of(sock), trust_env=False, timeout=60) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


def ask_signals(client: httpx2.Client) -> list[float]:
    """Ask for one signal at a time; return the milliseconds of each."""
    bodies = [{"signals": [os.urandom(32).hex()]} for _ in range(QUESTIONS)]
    return [post(client, json=body) for body in bodies]


def ask_pictures(client: httpx2.Client) -> list[float]:
    """Send a 12-megapixel JPEG ten times; return the milliseconds of each."""
    file = io.BytesIO()
    photograph = Image.fromarray(data.coffee())  # type: ignore[no-untyped-call]
    photograph.resize((4000, 3000)).save(file, "JPEG", quality=90)
    headers = {"content-type": "image/jpeg"}
    post(client, content=file.getvalue(), headers=headers)
    return [post(client, content=file.getvalue(), headers=headers) for _ in range(10)]


def post(client: httpx2.Client, **parts: object) -> float:
    """Send one question; return its milliseconds."""
    started = time.perf_counter()
    answer = client.post("/v1/match", **parts)  # type: ignore[arg-type]  # as httpx2 takes them
    assert answer.status_code == 200, answer.text
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
