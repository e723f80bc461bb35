"""Runs scans: in this process, which is quick, or as a person does."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from takeback.backscan.columns import Input
from takeback.backscan.items import Lists
from takeback.backscan.listed import LISTED
from takeback.backscan.outcome import Outcome
from takeback.backscan.plan import Choices, Shard
from takeback.backscan.scan import Order, Progress, Runner, run, tasks
from takeback.backscan.worker import Work, Worker

PROGRAM = Path(sys.executable).with_name("takeback")


def order(given: object, bank: Path, out: Path, **options: object) -> Order:
    """Return an order; *options* are of ``Input`` or ``Choices``."""
    named = {name: options.pop(name) for name in ("column", "signals") if name in options}
    return Order(
        given=Input.of(str(given), **named),  # type: ignore[arg-type]
        bank=bank,
        bank_kind=LISTED,
        folder=out,
        choices=Choices(**options),  # type: ignore[arg-type]
    )


def inline(work: Work, lists: Lists, shards: Sequence[Shard]) -> Iterator[Outcome]:
    """Do shards in this process; files are hashed in a child all the same."""
    worker = Worker.of(work)
    try:
        for task in tasks(lists, shards):
            yield worker.do(task)
    finally:
        worker.close()


def scan(wanted: Order, runner: Runner = inline) -> Progress:
    """Run a scan and return how it ended."""
    return run(wanted, runner, lambda _: None)


def takeback(*arguments: object, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run ``takeback backscan`` as a program of its own."""
    return subprocess.run(
        [PROGRAM, "backscan", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
