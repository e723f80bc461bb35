"""The manifest: which files are the index. It is swapped as a whole, by one rename.

What is not named in it is no part of the index: the beginning of a change that a crash
interrupted, or what is left of an older state. The next writer removes it.
"""

import json
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from takeback.errors import IntegrityFailure
from takeback.matching.disk import steps
from takeback.matching.disk.files import DAMAGED

NAME: Final = "manifest"
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """One segment."""

    segment: str
    """Name of its file."""

    live: str
    """Name of the shared file in which its ended rows are marked at once."""

    ended: str | None = None
    """Name of the lasting copy of these marks; without one, none had ended."""

    upto: int = 0
    """The last change that is contained in the segment and in the lasting copy."""

    since: int | None = None
    """When the first of its rows ended that is still in it, seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The index's files. Numbers of files and generations only ever grow."""

    kind: str
    generation: int = 0
    number: int = 0
    """The largest number in a file's name so far."""

    mark: int = 0
    flushed: int = 0
    """The last change whose rows are in segments; those of later ones are in the log."""

    tail: str = ""
    logs: tuple[str, ...] = ()
    segments: tuple[Listed, ...] = ()

    def files(self) -> set[str]:
        """Return the names of all files that are the index."""
        listed = {n for part in self.segments for n in (part.segment, part.live, part.ended) if n}
        return {self.tail, *self.logs, *listed}

    def unlisted(self, name: str) -> bool:
        """Tell whether a file of this index's own is no part of it any more."""
        stem, _, number = name.removesuffix(".new").partition("-")
        own = stem in {"segment", "live", "ended", "tail", "log"} and number.isdigit()
        draft = name == NAME + ".new" or name.startswith("verified.")
        return draft or (own and name not in self.files())


def read_manifest(directory: Path) -> Manifest:
    """Read the manifest that holds now.

    Raises:
        FileNotFoundError: there is none.
        IntegrityFailure: it is damaged.
    """
    text, _, crc = (directory / NAME).read_bytes().rstrip(b"\n").rpartition(b"\n")
    if crc != b"%08x" % zlib.crc32(text):
        raise IntegrityFailure(DAMAGED.format(NAME))
    document = json.loads(text)
    if document.pop("format") != FORMAT:
        raise IntegrityFailure(DAMAGED.format(NAME))
    segments = tuple(Listed(**part) for part in document["segments"])
    manifest = Manifest(**{**document, "logs": tuple(document["logs"])})
    return replace(manifest, segments=segments)


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Put *manifest* in the place of the one that held."""
    text = json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1).encode()
    steps.put(directory / NAME, [b"%s\n%08x\n" % (text, zlib.crc32(text))])
