"""What a soak found, as figures and in words."""

import numpy as np
from benchmarks.machine import description, in_words, load, now
from benchmarks.soak.run import SETTLING, Soak

MIB = 2**20


def figures(soak: Soak) -> dict[str, float]:
    """Return what the table asks for."""
    spent = soak.ended - soak.began
    p50, p99 = np.percentile(soak.asking.milliseconds, [50, 99])
    to_store = np.percentile(soak.hub.seconds_to_store, [50, 99]) * 1000
    early, late = memory(soak, "resident")
    own_early, own_late = memory(soak, "own")
    found = {
        "minutes": spent / 60,
        "look-ups a second": len(soak.asking.milliseconds) / spent,
        "adds a second": soak.added / spent,
        "withdrawals a second": soak.withdrawn / spent,
        "p50 ms": p50,
        "p99 ms": p99,
        "to be stored p50 ms": to_store[0],
        "to be stored p99 ms": to_store[1],
        "errors": len(soak.asking.errors),
        "wrong": len(soak.wrong),
        "compared": soak.compared,
        "compared percent": 100 * soak.compared / len(soak.asking.milliseconds),
        "segments seen": len(soak.watch.segments),
        "memory early MiB": early / MIB,
        "memory late MiB": late / MIB,
        "memory growth percent": (late / early - 1) * 100,
        "own memory growth MiB": (own_late - own_early) / MIB,
    }
    return {f"soak.{name}": float(value) for name, value in found.items()}


def memory(soak: Soak, kind: str) -> tuple[float, float]:
    """Return the bytes of all processes after settling and at the end, a minute's median each."""
    settled = soak.began + min(SETTLING, (soak.ended - soak.began) / 6)
    stretch = min(60.0, (soak.ended - soak.began) / 6)
    early = soak.watch.total(kind, settled, settled + stretch)
    return early, soak.watch.total(kind, soak.ended - stretch, soak.ended)


def paragraph(soak: Soak) -> str:
    """Tell it for the documentation."""
    f = {name.removeprefix("soak."): value for name, value in figures(soak).items()}
    return (
        f"{now()}, {f['minutes']:.0f} minutes, {soak.first:,} entries to begin with,"
        f" {in_words(description())}, load {load()} at the end:"
        f" {f['look-ups a second']:,.0f} look-ups, {f['adds a second']:.0f} adds and"
        f" {f['withdrawals a second']:.1f} withdrawals a second;"
        f" {f['errors']:.0f} errors; {f['compared']:,.0f} answers"
        f" ({f['compared percent']:.1f} %, among them all of"
        f" {soak.compared_changes:,} changed signals) compared with the linear scan,"
        f" {f['wrong']:.0f} wrong;"
        f" look-ups p50 {f['p50 ms']:.1f} ms, p99 {f['p99 ms']:.1f} ms;"
        f" changes stored after {f['to be stored p50 ms']:.0f} ms (p99"
        f" {f['to be stored p99 ms']:.0f} ms); {f['segments seen']:.0f} segments came and went;"
        f" memory of all processes {f['memory early MiB']:,.0f} MiB after settling,"
        f" {f['memory late MiB']:,.0f} MiB at the end ({f['memory growth percent']:+.1f} %;"
        f" without mapped files {f['own memory growth MiB']:+.0f} MiB)."
    )
