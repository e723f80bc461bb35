"""Which run of the machine this is: what processes share in memory is of that run alone."""

import os
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

OF_KERNEL: Final = Path("/proc/sys/kernel/random/boot_id")

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - what lies there must be this user's
"""Where files go with the run of the machine, or of the container."""


@cache
def boot_id() -> uuid.UUID:
    """Name this run of the machine.

    Some containers hide the kernel's name for it: there a file in memory names it, one for all
    processes of this user. Where there is no room for that either, every process has a name of
    its own: it believes nothing that another shares, and verifies every file.
    """
    for name in (_of_kernel, _in_memory):
        with suppress(OSError, ValueError):
            return name()
    return uuid.uuid4()


def _of_kernel() -> uuid.UUID:
    return uuid.UUID(OF_KERNEL.read_text().strip())


def _in_memory() -> uuid.UUID:
    """Return what the first process that asked has noted.

    Raises:
        OSError: it can't be noted, or lies there and is somebody else's.
        ValueError: what lies there is no name.
    """
    if not os.path.ismount(MEMORY):
        raise FileNotFoundError(MEMORY)
    path = MEMORY / f"takeback-boot-{os.getuid()}"
    with suppress(FileExistsError), NamedTemporaryFile("w", dir=MEMORY) as fresh:
        fresh.write(str(uuid.uuid4()))
        fresh.flush()
        os.link(fresh.name, path)
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW)) as file:
        if os.fstat(file.fileno()).st_uid != os.getuid():
            raise PermissionError(path)
        return uuid.UUID(file.read())
