"""What a race found, as a table for people and as data for a file."""

from collections.abc import Iterator

from benchmarks.index.measure import CONTROL, OURS, Result


def table(result: Result) -> str:
    """Lay the result out as Markdown."""
    return "\n".join(_lines(result))


def _lines(result: Result) -> Iterator[str]:
    told = ", ".join(f"{name} {value:,.4g}" for name, value in result.told.items())
    yield f"### {result.rows:,} signals, {result.bank} ({told})"
    yield ""
    yield "| Question | Index | p50 ms | p99 ms | medians of blocks | times as long as ours |"
    yield "|---|---|---|---|---|---|"
    for kind in result.kinds():
        yield from _of_kind(result, kind)
    yield ""
    yield f"{result.wrong} of the rows of {result.checked} answers differ from the linear scan's."
    yield from result.notes
    yield ""


def _of_kind(result: Result, kind: str) -> Iterator[str]:
    ours = result.times(OURS, kind)
    for lane in (OURS, CONTROL, *result.peers()):
        if not any(lane in lap.seconds for lap in result.laps):
            continue
        took = result.times(lane, kind)
        ratio = result.ratio(lane, kind) if lane in result.peers() else took.p50 / ours.p50
        blocks = f"{took.least_block:.3f}-{took.most_block:.3f}"
        yield f"| {kind} | {lane} | {took.p50:.3f} | {took.p99:.3f} | {blocks} | {ratio:.2f} |"


def details(result: Result) -> dict[str, object]:
    """Return everything that was found, for the file."""
    lanes = (OURS, CONTROL, *result.peers())
    raced = {lane for lap in result.laps for lane in lap.seconds}
    return {
        "bank": result.bank,
        "rows": result.rows,
        "told": result.told,
        "times": {
            kind: {lane: result.times(lane, kind)._asdict() for lane in lanes if lane in raced}
            for kind in result.kinds()
        },
        "ratios": {
            kind: {peer: result.ratio(peer, kind) for peer in result.peers()}
            for kind in result.kinds()
        },
        "answers checked": result.checked,
        "rows wrong": result.wrong,
        "notes": result.notes,
        "table": table(result),
    }
