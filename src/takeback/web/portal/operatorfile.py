"""Reading the operator's files: bounded, strict, and wrong ones named by file and place.

What stands in them is plain text. Pages escape it; nothing here understands markup.
"""

import tomllib
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from takeback.errors import BadSettings

LARGEST: Final = 128 * 1024
"""Bytes of one file."""

LONGEST: Final = 4_000
"""Characters of one text in it."""

Kind = TypeVar("Kind")


def read(path: Path, kind: type[Kind]) -> Kind:
    """Read a file of the operator's.

    Raises:
        BadSettings: it is larger than it may be, or no TOML, or not what *kind* describes.
    """
    with path.open("rb") as file:
        body = file.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise wrong(path, f"larger than {LARGEST // 1024} kB")
    try:
        return msgspec.convert(tomllib.loads(body.decode()), kind)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise wrong(path, str(problem)) from None


def wrong(path: Path, problem: str) -> BadSettings:
    """Return the refusal of a file, which names it."""
    refused = BadSettings(f"{path.name}: {problem}")
    refused.hint = f"docs/how-to/open-a-portal.md shows how {path.parent.name}/{path.name} looks."
    return refused


def paragraphs(text: str) -> tuple[str, ...]:
    """Cut a text at its empty lines; a line's end inside a paragraph is a space."""
    parts = (" ".join(part.split()) for part in text.split("\n\n"))
    return tuple(part for part in parts if part)
