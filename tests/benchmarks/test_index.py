"""Races of the index beside its peers, and changes as another process sees them: small ones."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from benchmarks.index import ours
from benchmarks.index.banks import CLUSTERED, RANDOM, made
from benchmarks.index.measure import PEERS, Ours, measured
from benchmarks.index.report import details, table
from benchmarks.served.load import Load, by_ourselves, by_wrk
from benchmarks.upkeep.changes import changes_seen


def test_ours_is_raced_beside_every_peer(tmp_path: Path) -> None:
    """Every kind of question; answers are those of the linear scan."""
    control = made(RANDOM, 3_000, 20, None, tmp_path)
    bank = made(CLUSTERED, 3_000, 20, None, tmp_path)
    ours.built(control.signals, tmp_path / "control")
    ours.built(bank.signals, tmp_path / "own")
    beside = Ours(ours.opened(tmp_path / "control"), control.questions)

    result = measured(bank, tmp_path / "own", beside, list(PEERS), few=10)

    figures = result.figures()
    assert result.wrong == 0
    assert result.checked == 60
    assert result.peers() == ["faiss flat", "faiss MultiHash", "PDQIndex"]
    assert {lap.kind for lap in result.laps} == {"planted", "unrelated", "family"}
    assert figures["index.clustered.3000.times PDQIndex"] > 0
    assert figures["index.clustered.3000.against random"] > 0
    assert "PDQIndex" in table(result)
    assert details(result)["rows wrong"] == 0


def test_changes_of_one_process_are_timed_in_another(tmp_path: Path) -> None:
    """With a merge beside them and without."""
    bank = made(RANDOM, 2_000, 5, None, tmp_path)
    ours.built(bank.signals, tmp_path / "index")

    seen = changes_seen(tmp_path / "index", 2_000, count=5, part=4_000)

    assert seen["add"]["count"] == seen["withdraw"]["count"] == 5
    assert 0 < seen["add"]["p50 ms"] <= seen["add"]["longest ms"]
    assert set(seen) == {"add", "withdraw", "add during a merge", "withdraw during a merge"}


@pytest.fixture
def echo() -> Iterator[str]:
    """Answer every other POST with 503, over HTTP."""
    loop, ready, number = asyncio.new_event_loop(), threading.Event(), 0
    port = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal number
        while head := await _head(reader):
            length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
            await reader.readexactly(length)
            number += 1
            status = "200 OK" if number % 2 else "503 Busy"
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok".encode())
        writer.close()

    async def main() -> None:
        nonlocal port
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        ready.set()
        await stopped.wait()
        server.close()

    stopped = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    ready.wait()
    yield f"http://127.0.0.1:{port}/somewhere?a=b"
    loop.call_soon_threadsafe(stopped.set)
    thread.join()
    loop.close()


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return ""


def test_a_load_counts_what_fails(echo: str) -> None:
    """By our own loop, and by wrk where it is installed."""
    load = Load(echo, "application/json", [b"one", b"\x00\xff two"], connections=2, seconds=1)

    for put in (by_ourselves, *([by_wrk] if shutil.which("wrk") else [])):
        answered = put(load)

        assert answered.rate > 100
        assert 0 < answered.p50 <= answered.p99
        assert np.isclose(answered.failed, answered.rate / 2, rtol=0.2)
