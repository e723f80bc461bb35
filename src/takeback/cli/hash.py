"""``takeback hash``: signals of pictures, made where the pictures are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from takeback.cli import talk
from takeback.cli.output import as_json, emit
from takeback.errors import TakebackError
from takeback.hashing import MINIMUM_QUALITY, hash_picture


@dataclass(frozen=True, slots=True)
class Hashed:
    """One picture's signal, as printed."""

    signal: str
    quality: int
    path: str


@click.command("hash")
@click.argument("paths", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@as_json
def hash_files(paths: tuple[Path, ...], as_json: bool) -> None:
    """Make signals of pictures, on this device.

    Prints one line for each FILE: signal, quality from 0 to 100, path. Nothing is sent
    anywhere. A file that is no picture is named, the others are still done, and the exit
    code is 3.
    """
    progress = talk.Progress("hashed", len(paths))
    rows, refused = [], []
    for path in paths:
        try:
            rows.append(_hashed(path))
        except TakebackError as error:
            error.add_note(str(path))
            refused.append(error)
        progress.step()
    _warn(rows)
    emit(
        rows, lambda: [f"{row.signal} {row.quality:3} {row.path}" for row in rows], as_json=as_json
    )
    talk.refuse_all(refused)


def _warn(rows: Sequence[Hashed]) -> None:
    """Say which pictures a hub would refuse."""
    for row in rows:
        if row.quality < MINIMUM_QUALITY:
            talk.say(f"{row.path}: too little detail to be told apart; a hub takes no such picture")


def _hashed(path: Path) -> Hashed:
    picture = hash_picture(path)
    return Hashed(str(picture.whole), picture.quality, str(path))
