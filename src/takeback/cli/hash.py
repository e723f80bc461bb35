"""``takeback hash``: signals of pictures and videos, made where they are."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from takeback.cli import talk
from takeback.cli.explain.writing import explain_option, pages_for, write_page
from takeback.cli.files import each_file
from takeback.cli.made import record, summary
from takeback.cli.output import as_json, emit
from takeback.cli.sources import Signals, hash_source
from takeback.hashing import MINIMUM_QUALITY
from takeback.hashing.picture import Role
from takeback.hashing.video_signals import VideoSignals


@click.command("hash")
@click.argument("paths", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--role",
    type=click.Choice(["reporter", "query"]),
    default="reporter",
    show_default=True,
    help="Make what a reporter's device registers, or what a matcher looks up.",
)
@click.option("--keypoints", is_flag=True, help="Say how many keypoints there are, and bytes.")
@explain_option
@as_json
def hash_files(
    paths: tuple[Path, ...], role: Role, keypoints: bool, explain_to: Path | None, as_json: bool
) -> None:
    """Make signals of pictures and videos, on this device.

    Prints one line for each FILE: signal, quality from 0 to 100, path; with --json every
    signal, with its type and view. A video has no signal that fits in a line. Nothing is sent
    anywhere. A file that is neither is named, the others are still done, and the exit code is 3.
    """
    pages = pages_for(explain_to, paths) if explain_to else {}
    needed = role if keypoints or explain_to or as_json else None

    def hash_one(path: Path) -> tuple[Path, Signals]:
        signals = hash_source(path, role=needed, name=str(path))
        if path in pages:
            _explain(path, signals, role, pages[path])
        return path, signals

    done, refused = each_file(paths, hash_one, said="hashed")
    _warn(done)
    emit(
        [record(str(path), signals, role) for path, signals in done],
        lambda: [line for each in done for line in _lines(*each, keypoints)],
        as_json=as_json,
    )
    talk.refuse_all(refused)


def _explain(path: Path, signals: Signals, role: Role, page: Path) -> None:
    if isinstance(signals, VideoSignals):
        from takeback.cli.explain.strip import explain_video  # here: most calls draw nothing

        write_page(page, explain_video(path, path.name, signals))
    else:
        from takeback.cli.explain.hashed import explain_hashed

        write_page(page, explain_hashed(path, path.name, signals, role))


def _warn(done: Sequence[tuple[Path, Signals]]) -> None:
    """Say which files a hub would refuse."""
    for path, signals in done:
        if signals.quality < MINIMUM_QUALITY:
            talk.say(
                f"{path}: too little detail to be told apart; a hub takes at most its keypoints"
            )


def _lines(path: Path, signals: Signals, keypoints: bool) -> Iterator[str]:
    first, *more = summary(signals)
    yield f"{first} {signals.quality:3} {path}"
    if keypoints:
        yield from (f"  {line}" for line in more)
