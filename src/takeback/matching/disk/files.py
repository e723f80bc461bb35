"""Segment files: named arrays under a header with checksums; written once, then only mapped.

``docs/reference/index-format.md`` describes the format byte by byte.
"""

import json
import mmap
import os
import zlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from takeback.errors import IntegrityFailure
from takeback.matching.disk import steps

Arrays = Mapping[str, NDArray[Any]]
Attributes = Mapping[str, Any]

MAGIC: Final = b"takeback"
FORMAT: Final = 1
PREFIX: Final = 24
"""Bytes before the description: magic, format, length and checksum of the description, zero."""

ALIGNED: Final = 4096
BLOCK: Final = 64 << 20
"""Bytes under one checksum."""

THREADS: Final = 4

DAMAGED: Final = (
    "{} in the index is damaged; a matcher that runs builds the index again by itself; "
    "otherwise stop it, remove the directory, and start it"
)


class Section(NamedTuple):
    """Where one array lies in its file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    crcs: tuple[int, ...]
    """One for each block; none of arrays that change in place."""

    @property
    def size(self) -> int:
        """Return its bytes."""
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize


class Header(NamedTuple):
    """What a file holds."""

    kind: str
    attributes: Attributes
    sections: tuple[Section, ...]

    @property
    def size(self) -> int:
        """Return the bytes of the whole file."""
        return max((up(part.offset + part.size) for part in self.sections), default=ALIGNED)


class SegmentFile(NamedTuple):
    """A segment file, mapped for reading."""

    kind: str
    attributes: Attributes
    arrays: dict[str, NDArray[Any]]


def up(size: int) -> int:
    """Round up to where a section may begin."""
    return -(-size // ALIGNED) * ALIGNED


def header_of(
    kind: str, attributes: Attributes, columns: Iterable[tuple[str, DTypeLike, tuple[int, ...]]]
) -> Header:
    """Lay out a file; the first section begins where the longest header would end."""
    parts = [Section(name, np.dtype(dtype).str, shape, 0, ()) for name, dtype, shape in columns]
    blocks = sum(part.size // BLOCK + 1 for part in parts)
    described = len(encoded(Header(kind, attributes, tuple(parts))))
    offset = up(described + 32 * len(parts) + 12 * blocks)
    placed = []
    for part in parts:
        placed.append(part._replace(offset=offset))
        offset = up(offset + part.size)
    return Header(kind, attributes, tuple(placed))


def encoded(header: Header) -> bytes:
    """Return a header's bytes, without the zeros up to the first section."""
    document = {
        "kind": header.kind,
        "attributes": dict(header.attributes),
        "sections": [part._asdict() for part in header.sections],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    numbers = np.array([FORMAT, len(text), zlib.crc32(text), 0], "<u4")
    return MAGIC + numbers.tobytes() + text


def decoded(data: bytes, name: str) -> Header:
    """Read a header.

    Raises:
        IntegrityFailure: it is none, or is damaged.
    """
    if len(data) < PREFIX or data[:8] != MAGIC:
        raise IntegrityFailure(DAMAGED.format(name))
    number, length, crc, zero = np.frombuffer(data, "<u4", 4, 8).tolist()
    text = data[PREFIX : PREFIX + length]
    if number != FORMAT or zero or len(text) != length or zlib.crc32(text) != crc:
        raise IntegrityFailure(DAMAGED.format(name))
    document = json.loads(text)
    sections = (
        Section(**{**part, "shape": tuple(part["shape"]), "crcs": tuple(part["crcs"])})
        for part in document["sections"]
    )
    return Header(document["kind"], document["attributes"], tuple(sections))


def write_segment(path: Path, kind: str, attributes: Attributes, arrays: Arrays) -> None:
    """Write a segment file; it is there whole, and on the disk, or not at all."""
    columns = [(name, array.dtype, array.shape) for name, array in arrays.items()]
    header = header_of(kind, attributes, columns)
    contents = [_bytes_of(array) for array in arrays.values()]
    crcs = (tuple(_checksums(_blocks(content))) for content in contents)
    sections = (part._replace(crcs=crc) for part, crc in zip(header.sections, crcs, strict=True))
    steps.put(path, _joined(_laid_out(header._replace(sections=tuple(sections)), contents)))


def _laid_out(header: Header, contents: list[memoryview]) -> Iterable[steps.Bytes]:
    """Give the parts of a file in order, with zeros between them."""
    head = encoded(header)
    first = header.sections[0].offset if header.sections else header.size
    yield head + bytes(first - len(head))
    for content in contents:
        yield content
        yield bytes(up(len(content)) - len(content))


def _joined(parts: Iterable[steps.Bytes]) -> list[steps.Bytes]:
    """Put short parts together; the kernel takes few long ones quicker than many short ones."""
    joined: list[steps.Bytes] = [b""]
    for part in parts:
        if len(joined[-1]) + len(part) <= ALIGNED * 16:
            joined[-1] = b"".join([joined[-1], part])
        else:
            joined.append(part)
    return joined


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _blocks(content: memoryview) -> list[memoryview]:
    return [content[begin : begin + BLOCK] for begin in range(0, len(content), BLOCK)]


def _checksums(blocks: list[memoryview]) -> list[int]:
    """Return the checksum of each block; several are computed in threads."""
    if sum(map(len, blocks)) < BLOCK:
        return [zlib.crc32(block) for block in blocks]
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(zlib.crc32, blocks))


def read_header(fd: int, name: str) -> Header:
    """Read the header of an open file, and hold the file's size to it.

    Raises:
        IntegrityFailure: the header is damaged, or the file is not as long as it says.
    """
    start = os.pread(fd, ALIGNED, 0)
    length = int.from_bytes(start[12:16], "little") if len(start) >= PREFIX else 0
    if length > os.fstat(fd).st_size:
        raise IntegrityFailure(DAMAGED.format(name))
    header = decoded(os.pread(fd, PREFIX + length, 0), name)
    if os.fstat(fd).st_size != header.size:
        raise IntegrityFailure(DAMAGED.format(name))
    return header


def map_arrays(fd: int, header: Header, *, writable: bool = False) -> dict[str, NDArray[Any]]:
    """Map an open file's arrays; large pages are asked for, and used where the kernel has them."""
    access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
    mapped = mmap.mmap(fd, header.size, access=access)
    with suppress(AttributeError, OSError):  # not on every system
        mapped.madvise(mmap.MADV_HUGEPAGE)
    return {part.name: _section(mapped, part) for part in header.sections}


def _section(mapped: mmap.mmap, part: Section) -> NDArray[Any]:
    flat = np.frombuffer(mapped, np.uint8, part.size, part.offset)
    return flat.view(part.dtype).reshape(part.shape)


def mapped(path: Path) -> tuple[Header, dict[str, NDArray[Any]]]:
    """Map a file for reading, and return its header and its arrays.

    Raises:
        FileNotFoundError: there is none.
        IntegrityFailure: the header is damaged, or the file has not the size that it says.
    """
    fd = os.open(path, os.O_RDONLY)
    try:
        header = read_header(fd, path.name)
        return header, map_arrays(fd, header)
    finally:
        os.close(fd)


def map_segment(path: Path) -> SegmentFile:
    """Map a segment file for reading. Only its header is verified; see ``verify``.

    Raises:
        FileNotFoundError: there is none.
        IntegrityFailure: the header is damaged, or the file has not the size that it says.
    """
    header, arrays = mapped(path)
    return SegmentFile(header.kind, header.attributes, arrays)


def verify(path: Path) -> None:
    """Hold every block of a segment file to its checksum, in threads.

    Raises:
        FileNotFoundError: there is none.
        IntegrityFailure: a block is damaged.
    """
    header, arrays = mapped(path)
    blocks = list(chain.from_iterable(_blocks(_bytes_of(a)) for a in arrays.values()))
    expected = list(chain.from_iterable(part.crcs for part in header.sections))
    if _checksums(blocks) != expected:
        raise IntegrityFailure(DAMAGED.format(path.name))
