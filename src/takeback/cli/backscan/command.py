"""The command line of a back-scan."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click
import msgspec

from takeback.cli import talk
from takeback.cli.backscan.telling import Telling, estimated, lines_of, summary
from takeback.cli.output import as_json, emit, fields
from takeback.errors import PackageMissing

if TYPE_CHECKING:
    from takeback.backscan.plan import Views
    from takeback.backscan.scan import Order, Runner

FOLDER = click.Path(path_type=Path, file_okay=False)
LOCAL = "local"
"""Stands for a Ray of this machine alone."""

EXTRA = ("fsspec", "pyarrow")
"""Packages of the extra ``backscan``."""


class Given(TypedDict):
    """What is scanned, against what and with what, as click names it."""

    given: str | None
    bank: Path
    folder: Path
    keep: Path | None
    library: Path | None
    since: int | None
    column: str | None
    signals: bool
    protocol: tuple[str, ...]
    limit: int
    views: "Views"
    videos: bool
    workers: int | None
    ray: str | None
    sample: int | None
    price: float | None


@click.command()
@click.argument("given", metavar="[INPUT]", required=False)
@click.option(
    "--bank",
    required=True,
    type=click.Path(path_type=Path),
    help="A matcher's data directory, or a Parquet file with columns number and signal.",
)
@click.option("--out", "folder", required=True, type=FOLDER, help="Where plan and results go.")
@click.option("--keep", type=FOLDER, help="Keep the library's own signals there, for --since.")
@click.option("--library", type=FOLDER, help="Instead of INPUT: what an earlier scan kept.")
@click.option(
    "--since",
    type=click.IntRange(0),
    metavar="CURSOR",
    help="With --library: look for what came after it, not after the last time.",
)
@click.option("--column", metavar="NAME", help="Which column of a list to read.")
@click.option("--signals", is_flag=True, help="The column holds ready signals, not paths.")
@click.option(
    "--protocol",
    multiple=True,
    metavar="NAME",
    help="Read rows that begin with NAME://, too; else only where the list lies. May be repeated.",
)
@click.option("--workers", type=click.IntRange(1), help="How many; one a processor if not given.")
@click.option(
    "--ray",
    metavar="[ADDRESS]",
    is_flag=False,
    flag_value=LOCAL,
    help="Work on the Ray cluster there; without ADDRESS on a Ray of this machine.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    help="Most hits that are written of one file.",
)
@click.option(
    "--views",
    type=click.Choice(["all", "plain"]),
    default="all",
    show_default=True,
    help="How to look at pictures; plain: whole, which is cheaper and finds less.",
)
@click.option("--videos/--no-videos", default=True, show_default=True, help="Hash videos too.")
@click.option("--dry-run", is_flag=True, help="Try a sample; say what a scan would take.")
@click.option("--sample", type=click.IntRange(1), help="With --dry-run: how many to try.")
@click.option("--price", type=float, help="With --dry-run: of one processor for an hour.")
@as_json
def backscan(dry_run: bool, as_json: bool, **given: Unpack[Given]) -> None:
    """Scan a library for everything registered.

    INPUT is a folder, or a Parquet or CSV file with a column of paths, of URLs or of ready
    signals. Writes Parquet files of hits, and of what was refused, to --out: one pair for each
    part of the input. The same command goes on where a scan was stopped, however it was. The
    exit code is 0 also when files were refused. With --library nothing is read or hashed again:
    what was registered since is looked for in the signals that a scan kept.
    """
    _check(given, dry_run=dry_run)
    with _extra():
        if given["library"] is not None:
            _search(given["library"], given, as_json=as_json)
        elif dry_run:
            _estimate(_order(given), given, as_json=as_json)
        else:
            _scan(_order(given), given, as_json=as_json)


def _check(given: Given, *, dry_run: bool) -> None:
    """Refuse what makes no sense together, rather than leave it out."""
    library = given["library"] is not None
    if (given["given"] is None) != library:
        raise click.UsageError("give either INPUT or --library")
    if library and (dry_run or given["keep"]):
        raise click.UsageError("--library goes with neither --keep nor --dry-run")
    if given["since"] is not None and not library:
        raise click.UsageError("--since goes with --library")


@contextmanager
def _extra() -> Iterator[None]:
    """Say what is missing where the extra is not installed."""
    try:
        yield
    except ModuleNotFoundError as problem:
        if problem.name not in EXTRA:
            raise
        missing = PackageMissing(f"a back-scan needs {problem.name}, which is not installed")
        missing.hint = "Install the extra: `pip install 'takeback[backscan]'`."
        raise missing from None


def _order(given: Given) -> "Order":
    from takeback.backscan.columns import Input
    from takeback.backscan.plan import Choices
    from takeback.backscan.scan import Order
    from takeback.cli.backscan.addresses import checked
    from takeback.cli.backscan.banks import kind_of

    address = checked(given["given"] or "")
    return Order(
        given=Input.of(address, given["column"], signals=given["signals"]),
        bank=given["bank"].absolute(),
        bank_kind=kind_of(given["bank"]),
        folder=given["folder"].absolute(),
        choices=Choices(
            limit=given["limit"],
            views=given["views"],
            videos=given["videos"],
            keep=given["keep"] is not None,
            protocols=tuple(sorted(set(given["protocol"]))),
        ),
    )


def _runner(ray: str | None, workers: int | None) -> "Runner":
    if ray is not None:
        from takeback.backscan.cluster import on_ray

        return on_ray(ray, workers)
    from takeback.backscan.scan import here

    return here(workers or _processors())


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _scan(order: "Order", given: Given, *, as_json: bool) -> None:
    from takeback.backscan import library
    from takeback.backscan.scan import run

    runner, kept = _runner(given["ray"], given["workers"]), given["keep"]
    try:
        with _ended_in_order(), redirect_stdout(sys.stderr):  # what Ray has to say is no data
            progress = run(
                order, runner, Telling(), partial(library.keeper, kept) if kept else None
            )
    except (KeyboardInterrupt, SystemExit):
        talk.say("what is done is kept; the same command goes on from here")
        raise
    if not progress.done:
        talk.say("this scan was finished before; nothing was left to do")
    if kept:
        with talk.working("indexing the library's signals"):
            library.finish(kept, progress.plan, progress.shards, progress.mark, progress.instance)
    done = summary(progress, order.folder)
    emit(done, lambda: lines_of(done), as_json=as_json)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Have SIGTERM end the block as Ctrl-C does, with workers and copies cleared away."""
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _search(kept: Path, given: Given, *, as_json: bool) -> None:
    from takeback.backscan.since import search
    from takeback.cli.backscan.banks import kind_of

    bank, out = given["bank"].absolute(), given["folder"].absolute()
    found = search(kept, given["since"], bank, kind_of(bank), out)
    emit(found, lambda: fields(msgspec.structs.asdict(found)), as_json=as_json)


def _estimate(order: "Order", given: Given, *, as_json: bool) -> None:
    from takeback.backscan.estimate import estimate

    workers = given["workers"] or _processors()
    with talk.working("trying a sample"):
        made = estimate(order, workers, given["sample"], given["price"])
    emit(made, lambda: estimated(made, order.folder), as_json=as_json)
