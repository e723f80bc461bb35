"""Two files compared on this machine, as a matcher would if one of them were registered."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from PIL import Image

from takeback.cli import talk
from takeback.cli.explain.compared import explain_compared
from takeback.cli.explain.comparison import Comparison, compare
from takeback.cli.explain.moments import explain_moments
from takeback.cli.explain.reasons import circumstances, reason
from takeback.cli.explain.sides import Side
from takeback.cli.explain.writing import write_page
from takeback.cli.files import each_file
from takeback.cli.output import emit
from takeback.cli.sources import Signals, hash_source
from takeback.errors import TakebackError
from takeback.hashing.video_signals import VideoSignals
from takeback.matching.evidence import Evidence


class Compared(msgspec.Struct, frozen=True):
    """One file and why it matches the other, or that it doesn't."""

    path: str
    against: str
    distance: int | None
    """Bits in which two whole pictures differ, turned whichever way is nearest."""
    evidence: Evidence | None


def match_against(
    paths: Sequence[Path], registered: Path, pages: Mapping[Path, Path], *, as_json: bool
) -> None:
    """Compare each file with *registered*, print why they match, and write their pages.

    Raises:
        NotAPicture: *registered* is none; or, once the others are done, one of *paths* is none.
        QualityTooLow: *registered* has too little detail to be registered.
    """
    signals = _registered(registered)

    def compare_one(path: Path) -> tuple[Path, Comparison]:
        upload = hash_source(path, role="query", name=str(path))
        found = compare(upload, signals)
        if path in pages:
            sides = (Side(path, path.name, upload), Side(registered, registered.name, signals))
            write_page(pages[path], _page(*sides, found))
        return path, found

    done, refused = each_file(paths, compare_one, said="compared")
    rows = [_compared(path, registered, found) for path, found in done]
    emit(rows, lambda: [line for each in done for line in _lines(*each)], as_json=as_json)
    talk.refuse_all(refused)


def _registered(path: Path) -> Signals:
    """Hash what would be registered, and name the file if it can't be."""
    try:
        signals = hash_source(path, role="reporter", name=str(path))
        signals.check_detail()
    except TakebackError as error:
        error.add_note(str(path))
        raise
    return signals


def _page(upload: Side, registered: Side, found: Comparison) -> Image.Image:
    if isinstance(upload.signals, VideoSignals) or isinstance(registered.signals, VideoSignals):
        return explain_moments(upload, registered, found.evidence)
    return explain_compared(upload, registered, found)


def _compared(path: Path, registered: Path, found: Comparison) -> Compared:
    return Compared(str(path), str(registered), found.distance, found.evidence)


def _lines(path: Path, found: Comparison) -> Iterator[str]:
    if found.evidence is None:
        yield f"{path}: no match; {found.nearest}"
        return
    yield f"{path}: match by {reason(found.evidence)}"
    yield from (f"  {sentence}" for sentence in circumstances(found.evidence))
