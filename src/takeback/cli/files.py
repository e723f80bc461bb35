"""Doing the same to several files: what fails is named, and the others are still done."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from takeback.cli import talk
from takeback.errors import TakebackError

Made = TypeVar("Made")


def each_file(
    paths: Sequence[Path],
    do: Callable[[Path], Made],
    *,
    said: str,
    refused: tuple[type[TakebackError], ...] = (TakebackError,),
) -> tuple[list[Made], list[TakebackError]]:
    """Call *do* with each path.

    Args:
        paths: the files.
        do: what is done to one.
        said: what a file is once it is done, for whoever waits.
        refused: errors that end one file and not the command.

    Returns:
        What was made, in order, and why the others were refused, each named.
    """
    progress = talk.Progress(said, len(paths))
    made: list[Made] = []
    failed: list[TakebackError] = []
    for path in paths:
        try:
            made.append(do(path))
        except refused as error:
            error.add_note(str(path))
            failed.append(error)
        progress.step()
    return made, failed
