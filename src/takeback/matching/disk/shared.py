"""Arrays in a file that one process changes in place and every process sees at once.

They hold the newest rows and what has ended. Nothing relies on them after a crash: whoever
writes next makes them anew from what is on the disk. That is why they have no checksums.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from takeback.errors import IntegrityFailure
from takeback.matching.disk import steps
from takeback.matching.disk.files import (
    DAMAGED,
    Attributes,
    encoded,
    header_of,
    map_arrays,
    mapped,
)

Columns = dict[str, tuple[DTypeLike, tuple[int, ...]]]
"""Type and shape of each array by its name."""

COUNT = "count"


@dataclass(frozen=True, slots=True, eq=False)
class SharedFile:
    """Such a file, mapped."""

    name: str
    attributes: Attributes
    arrays: dict[str, NDArray[Any]]
    cell: NDArray[np.int64]
    """Shape (1,): a number that is stored after everything that it counts."""

    def show(self, count: int) -> None:
        """Let everyone look at so much of the arrays."""
        steps.show(self.cell, count)


def counted(cell: NDArray[np.int64], most: int) -> int:
    """Return how much of arrays may be looked at, which have room for *most*.

    Whatever is counted may be read by compiled code, which looks at no bounds.

    Raises:
        IntegrityFailure: there is no room for so much.
    """
    count = int(cell[0])
    if not 0 <= count <= most:
        raise IntegrityFailure(DAMAGED.format("the tail"))
    return count


def create(path: Path, kind: str, columns: Columns, attributes: Attributes) -> SharedFile:
    """Create a file of zeros that the disk has room for, and map it for writing."""
    every = [(name, *column) for name, column in columns.items()]
    header = header_of(kind, attributes, [*every, (COUNT, np.int64, (1,))])
    fd = steps.create(path)
    try:
        steps.reserve(fd, header.size)
        steps.write(fd, encoded(header))
        return _mapped(path.name, attributes, map_arrays(fd, header, writable=True))
    finally:
        os.close(fd)


def follow(path: Path) -> SharedFile:
    """Map a file for reading.

    Raises:
        FileNotFoundError: there is none.
        IntegrityFailure: its header is damaged.
    """
    header, arrays = mapped(path)
    return _mapped(path.name, header.attributes, arrays)


def _mapped(name: str, attributes: Attributes, arrays: dict[str, NDArray[Any]]) -> SharedFile:
    return SharedFile(name, attributes, arrays, arrays.pop(COUNT))
