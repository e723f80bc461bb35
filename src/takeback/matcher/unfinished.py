"""What a page withdraws, noted on the disk before the indexes lose it.

The note is ids alone. It holds until the page is committed; if it never is, whoever keeps the
directory finds in it which entries to put back. A note that is not whole was being written when
the machine stopped, or is damaged.
"""

import os
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from takeback.errors import IntegrityFailure
from takeback.matching.disk import steps

CRC_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Note:
    """The file; one that is empty or missing says nothing."""

    path: Path

    def write(self, number: int, gone: Sequence[int]) -> None:
        """Note what goes with a change, in place of what was noted; lasting when this returns.

        Raises:
            NotReady: the disk is full; nothing is noted.
        """
        fresh = not self.path.exists()
        body = np.array([number, *gone], "<i8").tobytes()
        with steps.refused_as_not_ready():
            self._put(zlib.crc32(body).to_bytes(CRC_BYTES, "little") + body)
            if fresh:
                steps.sync_directory(self.path.parent)

    def _put(self, data: bytes) -> None:
        """Write the file in its place: what it held is of no use by now, so one sync is enough."""
        fd = steps.create(self.path)
        try:
            steps.write(fd, data)
            steps.sync_data(fd)
        except OSError:
            with suppress(OSError):
                steps.cut(fd, 0)
            raise
        finally:
            os.close(fd)

    def gone(self, number: int) -> list[int]:
        """Return what went with a change; nothing where the note is of another.

        Raises:
            IntegrityFailure: the note is not whole.
        """
        data = self.path.read_bytes() if self.path.exists() else b""
        if not data:
            return []
        crc, body = int.from_bytes(data[:CRC_BYTES], "little"), data[CRC_BYTES:]
        if len(body) % 8 or not body or zlib.crc32(body) != crc:
            raise IntegrityFailure("the note of what a page withdraws is not whole")
        noted, *gone = np.frombuffer(body, "<i8").tolist()
        return gone if noted == number else []
