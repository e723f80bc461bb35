"""``takeback watch``: every new object of a store is asked about, once."""

from pathlib import Path
from typing import TypedDict, Unpack

import click

from takeback.cli.asking import client_for, matcher_options
from takeback.cli.lines import READER_GONE, let_go_of_stdout
from takeback.cli.watch.memory import Memory
from takeback.cli.watch.places import place_at, whole
from takeback.cli.watch.rounds import Watch
from takeback.cli.watch.telling import Teller, hook, json_lines

TIMEOUT = 300.0
"""Seconds to wait for one answer; a matcher hashes the upload first, and a video takes long."""


class Given(TypedDict):
    """Which matcher is asked, and how the place is looked at, as click names it."""

    url: str
    key_file: Path | None
    allow_http: bool
    within: float
    only: tuple[str, ...]
    every: float
    at_once: int
    once: bool


@click.command()
@click.argument("place", metavar="DIRECTORY|URL")
@matcher_options
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    default="takeback-watch.db",
    show_default=True,
    help="Where it remembers what was asked about.",
)
@click.option(
    "--on-match",
    metavar="COMMAND",
    help="Run this for each match, with the answer as JSON on its standard input.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="GLOB",
    help="Look only at names like this, relative to the place; may be repeated.",
)
@click.option(
    "--every",
    type=click.FloatRange(0.05),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="The pause between two looks.",
)
@click.option("--at-once", type=click.IntRange(1, 256), default=4, show_default=True)
@click.option(
    "--within", type=click.FloatRange(0.1), default=TIMEOUT, show_default=True, metavar="SECONDS"
)
@click.option("--once", is_flag=True, help="Look once, ask about all that is new, and end.")
def watch(place: str, state: Path, on_match: str | None, **given: Unpack[Given]) -> int:
    """Ask a matcher about every new object of a store.

    Looks at DIRECTORY, or lists the URL of an object store such as s3://bucket/prefix, again and
    again. Each object is asked about once, and again when it changed; what was asked about
    outlives any crash. Matches are JSON lines, or go to COMMAND; one that fails is run again
    with the same id. What the matcher refuses, for example as too large, is a JSON line with an
    "error". With --once the exit code is 7 when not everything could be asked about, and 3 when
    some objects were refused.
    """
    tell, there = hook(on_match) if on_match else json_lines, place_at(place, given["only"])
    with (
        client_for(
            given["url"], given["key_file"], given["within"], allow_http=given["allow_http"]
        ) as client,
        Memory.open(state, whole(place)) as memory,
    ):
        watching = Watch(
            place=there,
            memory=memory,
            client=client,
            teller=Teller(memory, tell),
            at_once=given["at_once"],
        )
        try:
            return watching.once() if given["once"] else watching.forever(given["every"])
        except BrokenPipeError:
            let_go_of_stdout()
            return READER_GONE
