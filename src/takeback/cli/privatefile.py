"""Files that only this user may read."""

import os
from pathlib import Path


def write_new(path: Path, text: str) -> None:
    """Write *text* to a new file, through to the disk.

    Raises:
        FileExistsError: the file is there already; nothing was written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
