"""Looks for a picture in what was sent: its bytes, its pixels, its name, its metadata.

A picture could be sent as it is, or written as text: in base64, in hexadecimal digits, as a list
of numbers, with the escapes of JSON. All of these are undone before looking.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

import numpy as np
from PIL import Image

RUN = 16
"""Bytes in a row that no chance makes equal, where they are varied enough to tell a picture."""

VARIED = 8
"""Different values in a run at least: a plain sky is no evidence."""

SHORTEST_NAME = 6
"""Characters of a name that are looked for at least."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What must not leave: runs of bytes, and words."""

    runs: frozenset[bytes]
    words: tuple[bytes, ...]


def secret_of(path: Path, *words: str) -> Secret:
    """Return what must not be found of a picture.

    Args:
        path: the picture's file; its name counts, without the ending too.
        words: text in its metadata.
    """
    pixels = np.asarray(Image.open(path).convert("RGB"))
    opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    grey = np.asarray(Image.open(path).convert("L"))
    planes = [np.concatenate([pixels, opaque], axis=2), pixels, grey, *np.moveaxis(pixels, 2, 0)]
    data = [path.read_bytes(), *(plane.tobytes() for plane in planes)]
    runs = frozenset(run for each in data for run in _runs(each))
    names = [path.name, path.stem, *words]
    return Secret(runs, tuple(form for name in names for form in _forms(name)))


def found(secret: Secret, sent: bytes) -> list[str]:
    """Return what of *secret* is in *sent*, in any writing; nothing is what a test wants."""
    readings = list(_readings(sent))
    words = [word for word in secret.words if any(word in reading for reading in readings)]
    pictured = any(not secret.runs.isdisjoint(_runs(reading)) for reading in readings)
    return [repr(word) for word in words] + (["a run of the picture's bytes"] if pictured else [])


def _runs(data: bytes) -> Iterator[bytes]:
    """Yield every run in *data* that is varied enough."""
    for start in range(len(data) - RUN + 1):
        run = data[start : start + RUN]
        if len(set(run)) >= VARIED:
            yield run


def _forms(name: str) -> set[bytes]:
    """Return *name* as browsers may write it."""
    assert len(name) >= SHORTEST_NAME
    return {name.encode(), quote(name).encode(), name.encode("utf-16-le"), name.encode("utf-16-be")}


def _readings(sent: bytes) -> Iterator[bytes]:
    """Yield *sent* as it is, and all that it may be the writing of."""
    yield sent
    yield unquote_to_bytes(sent)
    unescaped = re.sub(rb"\\u([0-9a-fA-F]{4})", _character, sent)
    yield unescaped
    yield unescaped.decode("utf-8", "replace").encode("latin-1", "replace")
    yield from map(_from_hex, re.findall(rb"(?:[0-9a-fA-F]{2}){%d,}" % RUN, sent))
    yield from map(_from_list, re.findall(rb"(?:\d{1,3}\s*[,; ]\s*){%d,}\d{1,3}" % (RUN - 1), sent))
    for written in re.findall(rb"[A-Za-z0-9+/_-]{%d,}" % RUN, sent):
        yield from _from_base64(written)


def _character(escape: re.Match[bytes]) -> bytes:
    return chr(int(escape[1], 16)).encode("utf-8", "surrogatepass")


def _from_hex(written: bytes) -> bytes:
    return binascii.unhexlify(written)


def _from_list(written: bytes) -> bytes:
    return bytes(int(number) & 255 for number in re.findall(rb"\d+", written))


def _from_base64(written: bytes) -> Iterable[bytes]:
    """Yield what *written* says, wherever in it the base64 begins."""
    plain = written.translate(bytes.maketrans(b"-_", b"+/"))
    for start in range(4):
        part = plain[start:]
        with suppress(binascii.Error):
            yield base64.b64decode(part[: len(part) // 4 * 4])
