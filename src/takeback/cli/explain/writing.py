"""Where pages are written: new files that only this user may read."""

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

import click
from PIL import Image

from takeback.cli import talk
from takeback.cli.explain.page import encoded
from takeback.cli.privatefile import write_new_bytes

explain_option = click.option(
    "--explain",
    "explain_to",
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="Write a picture of the evidence to OUT, a new PNG file; of several FILEs, to a folder.",
)


def pages_for(out: Path, sources: Sequence[Path]) -> Mapping[Path, Path]:
    """Return where the page of each source goes; refused before anything is done, not after.

    Args:
        out: a new file, or with several sources a folder, which is made if it is not there.
        sources: the files that are explained.

    Raises:
        click.BadParameter: a page can't be made there, or something would be overwritten.
    """
    if len(sources) == 1 and not out.is_dir():
        return {sources[0]: _new_page(out)}
    _require_folder(out)
    names = _names(sources)
    return {source: _new_page(out / name) for source, name in zip(sources, names, strict=True)}


def write_page(path: Path, page: Image.Image) -> None:
    """Write a page and say who can read it."""
    write_new_bytes(path, encoded(page))
    talk.say(f"{path} shows what was found; it contains the picture, and only you can read it")


def _names(sources: Sequence[Path]) -> Iterator[str]:
    """Yield a name for each page, no two the same."""
    taken: set[str] = set()
    for source in sources:
        choices = (f"{source.stem}-explained{end}.png" for end in _endings())
        name = next(choice for choice in choices if choice not in taken)
        taken.add(name)
        yield name


def _endings() -> Iterator[str]:
    yield ""
    yield from (f"-{number}" for number in count(2))


def _require_folder(out: Path) -> None:
    if not out.exists() and _takes_files(out.parent):
        out.mkdir(mode=0o700)
    if not out.is_dir() or not _takes_files(out):
        raise _refused("several files are explained in a folder, and this is none of yours")


def _new_page(path: Path) -> Path:
    if path.suffix.lower() != ".png":
        raise _refused("a page is a PNG file: give it a name that ends with .png")
    if path.exists():
        raise _refused(f"{path} is there already")
    if not _takes_files(path.parent):
        raise _refused("its folder is not there, or takes no file of yours")
    return path


def _takes_files(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _refused(reason: str) -> click.BadParameter:
    return click.BadParameter(reason, param_hint="'--explain'")
