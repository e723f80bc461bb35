"""Requests over some connections at once, by wrk where it is installed, else by ourselves.

Each connection sends its next request when it has the answer to the last one.
"""

import asyncio
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import numpy as np
from benchmarks.served.programs import cores_for_load

SCRIPT: Final = """
local bodies, at = {}, 0
for name in io.lines("%(list)s") do
  local file = io.open(name, "rb")
  bodies[#bodies + 1] = file:read("*a")
  file:close()
end
wrk.method = "POST"
wrk.headers["Content-Type"] = "%(kind)s"
function request()
  at = at %% #bodies + 1
  return wrk.format(nil, nil, nil, bodies[at])
end
function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  print(string.format('{"requests": %%d, "seconds": %%f, "p50": %%f, "p99": %%f, "failed": %%d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, failed))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked, and how."""

    url: str
    kind: str
    """Media type of the bodies."""

    bodies: Sequence[bytes]
    connections: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back; milliseconds."""

    rate: float
    p50: float
    p99: float
    failed: int
    by: str


def put(load: Load) -> Answered:
    """Ask for as long as the load says."""
    return by_wrk(load) if shutil.which("wrk") else by_ourselves(load)


def by_wrk(load: Load) -> Answered:
    """Ask with wrk."""
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for number, body in enumerate(load.bodies):
            file = Path(folder) / str(number)
            file.write_bytes(body)
            names.append(str(file))
        listing, script = Path(folder) / "list", Path(folder) / "load.lua"
        listing.write_text("\n".join(names))
        script.write_text(SCRIPT % {"list": listing, "kind": load.kind})
        command = [
            *("taskset", "-c", ",".join(map(str, cores_for_load()))),
            *("wrk", "-t", "1", "-c", str(load.connections), "-d", f"{load.seconds:.0f}s"),
            *("--timeout", "60s", "-s", str(script), load.url),
        ]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    [line] = re.findall(r"^\{.*\}$", told, re.MULTILINE)
    found = json.loads(line)
    rate = found["requests"] / found["seconds"]
    return Answered(rate, found["p50"], found["p99"], found["failed"], "wrk")


def by_ourselves(load: Load) -> Answered:
    """Ask from this process; it needs a core of its own, and gives some thousands a second."""
    return asyncio.run(_all_connections(load))


async def _all_connections(load: Load) -> Answered:
    started = time.perf_counter()
    parts = (_connection(load, number, started) for number in range(load.connections))
    found = await asyncio.gather(*parts)
    spent = time.perf_counter() - started
    times = np.concatenate([seconds for seconds, _ in found]) * 1000
    p50, p99 = np.percentile(times, [50, 99])
    failed = sum(failures for _, failures in found)
    return Answered(len(times) / spent, float(p50), float(p99), failed, "asyncio")


async def _connection(load: Load, number: int, started: float) -> tuple[list[float], int]:
    parts = urlsplit(load.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    head = f"POST {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {load.kind}\r\n"
    times, failed, at = [], 0, number
    while time.perf_counter() - started < load.seconds:
        body = load.bodies[at % len(load.bodies)]
        at += load.connections
        before = time.perf_counter()
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        failed += await read_answer(reader) != 200
        times.append(time.perf_counter() - before)
    writer.close()
    return times, failed


async def read_answer(reader: asyncio.StreamReader) -> int:
    """Read one answer with a length to its end; return its status."""
    status, _ = await read_whole(reader)
    return status


async def read_whole(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer with a length; return its status and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    [length] = re.findall(rb"(?i)content-length: (\d+)", head)
    return int(head.split(b" ", 2)[1]), await reader.readexactly(int(length))
