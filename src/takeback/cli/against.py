"""Two pictures compared on this machine, as a matcher would if one of them were registered."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from takeback.cli import talk
from takeback.cli.explain.compared import Shown, explain_compared
from takeback.cli.explain.comparison import Comparison, compare
from takeback.cli.explain.reasons import circumstances, reason
from takeback.cli.explain.writing import write_page
from takeback.cli.files import each_file
from takeback.cli.output import emit
from takeback.hashing import hash_picture
from takeback.matching.evidence import Evidence


class Compared(msgspec.Struct, frozen=True):
    """One picture and why it matches the other, or that it doesn't."""

    path: str
    against: str
    distance: int
    """Bits in which the two whole pictures differ, turned whichever way is nearest."""
    evidence: Evidence | None


def match_against(
    paths: Sequence[Path], registered: Path, pages: Mapping[Path, Path], *, as_json: bool
) -> None:
    """Compare each picture with *registered*, print why they match, and write their pages.

    Raises:
        NotAPicture: *registered* is none; or, once the others are done, one of *paths* is none.
    """
    signals = hash_picture(registered, role="reporter")

    def compare_one(path: Path) -> tuple[Path, Comparison]:
        found = compare(hash_picture(path, role="query"), signals)
        if path in pages:
            shown = (Shown(path, path.name), Shown(registered, registered.name))
            write_page(pages[path], explain_compared(*shown, found))
        return path, found

    done, refused = each_file(paths, compare_one, said="compared")
    rows = [_compared(path, registered, found) for path, found in done]
    emit(rows, lambda: [line for each in done for line in _lines(*each)], as_json=as_json)
    talk.refuse_all(refused)


def _compared(path: Path, registered: Path, found: Comparison) -> Compared:
    return Compared(str(path), str(registered), found.distance, found.evidence)


def _lines(path: Path, found: Comparison) -> Iterator[str]:
    if found.evidence is None:
        yield f"{path}: no match; {found.nearest}"
        return
    yield f"{path}: match by {reason(found.evidence)}"
    yield from (f"  {sentence}" for sentence in circumstances(found.evidence))
