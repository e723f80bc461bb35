"""``takeback matcher``: what a platform runs inside its own walls."""

from collections.abc import Sequence
from pathlib import Path

import click

from takeback.cli import talk
from takeback.matcher.options import MOST_PROCESSES, MatcherOptions, Source, SourceKind, checked

FOLDER = click.Path(path_type=Path, file_okay=False)
KEY_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--hub", "hubs", multiple=True, metavar="URL", help="A hub; may be repeated.")
@click.option("--key-file", "keys", multiple=True, type=KEY_FILE, help="The key, for each --hub.")
@click.option("--stopncii", "others", multiple=True, metavar="URL", help="A StopNCII-API server.")
@click.option(
    "--stopncii-key-file", "other_keys", multiple=True, type=KEY_FILE, help="For each --stopncii."
)
@click.option("--data", type=FOLDER, default="takeback-matcher", show_default=True)
@click.option("--ask", is_flag=True, help="Ask the hubs at each look-up (tier lookup).")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True)
@click.option(
    "--processes",
    type=click.IntRange(1, MOST_PROCESSES),
    default=1,
    show_default=True,
    help="Processes that answer, one for each core; SIGHUP replaces them one by one.",
)
@click.option("--require-key-file", type=KEY_FILE, help="Keys that callers must use, one a line.")
@click.option(
    "--stale-after",
    type=float,
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="Without news of a hub for so long, /ready turns red; a quiet one is heard every 25 s.",
)
@click.option("--hashers", type=click.IntRange(1), help="Processes that hash pictures.")
@click.option(
    "--video-hashers",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Processes that hash videos; 0 takes no videos.",
)
def matcher(
    hubs: tuple[str, ...],
    keys: tuple[Path, ...],
    others: tuple[str, ...],
    other_keys: tuple[Path, ...],
    hashers: int | None,
    **given: object,
) -> None:
    """Run a matcher inside a platform's walls.

    Follows the feed of each --hub, or with --ask looks up there; answers POST /v1/match with
    what is near an upload. Prints its address on stdout. Listens on loopback; any other
    --host needs --require-key-file. Several on one --data answer from one bank.
    """
    if hashers is not None:
        given["hashers"] = hashers
    sources = (*_sources("hub", hubs, keys), *_sources("stopncii", others, other_keys))
    options = checked(MatcherOptions(sources=sources, **given))  # type: ignore[arg-type]
    from takeback.matcher.server import run_matcher  # here: it compiles, and errors come first

    run_matcher(options, listening=_announce)


def _sources(kind: SourceKind, urls: Sequence[str], keys: Sequence[Path]) -> list[Source]:
    if len(urls) != len(keys):
        option = "--key-file" if kind == "hub" else "--stopncii-key-file"
        raise click.UsageError(f"give one {option} for each address, in the same order")
    return [Source(url=url, key_file=key, kind=kind) for url, key in zip(urls, keys, strict=True)]


def _announce(url: str) -> None:
    click.echo(url)
    talk.say(f"listening on {url}")
