"""Files that only this user may read."""

import os
from pathlib import Path

import click


class NewFile(click.ParamType[Path]):
    """A file that can be made: refused before anything is done, not after."""

    name = "file"

    def convert(
        self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Return the path, unless it is taken or its folder takes no file."""
        path = Path(value)
        if path.exists():
            self.fail("the file is there already", param, ctx)
        if not os.access(path.parent, os.W_OK | os.X_OK):
            self.fail("its folder is not there, or takes no file of yours", param, ctx)
        return path


def write_new(path: Path, text: str) -> None:
    """Write *text* to a new file, through to the disk.

    Raises:
        FileExistsError: the file is there already; nothing was written.
    """
    write_new_bytes(path, f"{text}\n".encode())


def write_new_bytes(path: Path, data: bytes) -> None:
    """Write *data* to a new file, through to the disk.

    Raises:
        FileExistsError: the file is there already; nothing was written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
