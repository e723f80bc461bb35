"""Every file below a folder, here or in a store, always in the same order.

What can't be listed is never left out in silence: a folder of this machine is named among the
files, to be refused when it is read; a store that does not list one of its folders stops the
listing.
"""

import os
from collections.abc import Iterator

from takeback.backscan.arrow import Store
from takeback.backscan.storage import again


def below(path: str) -> Iterator[bytes]:
    """Yield every file below a folder of this machine, and each folder that can't be listed.

    Raises:
        OSError: the folder itself can't be listed.
    """
    files, waiting = _listed(os.fsencode(path))
    yield from files
    while waiting:
        folder = waiting.pop()
        try:
            files, folders = _listed(folder)
        except OSError:
            yield folder
            continue
        yield from files
        waiting += folders


def _listed(folder: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return a folder's files, and its folders from last to first; a link is a file."""
    files: list[bytes] = []
    folders: list[bytes] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            (folders if entry.is_dir(follow_symlinks=False) else files).append(entry.path)
    return sorted(files), sorted(folders, reverse=True)


def below_elsewhere(store: Store, name: str, url: str) -> Iterator[bytes]:
    """Yield the address of every file below a store's folder.

    Args:
        store: the store.
        name: what it calls the folder.
        url: the folder's address.

    Raises:
        Exception: whatever the store's package raises where it can't list a folder.
    """
    root, waiting = name.rstrip("/"), [name]
    while waiting:
        files, folders = _listed_elsewhere(store, waiting.pop())
        for file in files:
            yield os.fsencode(url + file[len(root) :])
        waiting += folders


def _listed_elsewhere(store: Store, folder: str) -> tuple[list[str], list[str]]:
    """Return the same of a store's folder; an empty object that stands for it is no file.

    fsspec can't look into a folder without a name (``a//``), so that it counts as a file.
    """
    files: list[str] = []
    folders: list[str] = []
    for each in _entries(store, folder):
        name, is_folder = str(each["name"]), each["type"] == "directory"
        if name.rstrip("/") != folder.rstrip("/"):
            (folders if is_folder else files).append(name)
        elif name != folder and (is_folder or each.get("size")):
            files.append(name)
    return sorted(files), sorted(folders, reverse=True)


def _entries(store: Store, folder: str) -> list[dict[str, object]]:
    """List one folder of a store; one whose last object has just gone is empty."""
    try:
        entries: list[dict[str, object]] = again(lambda: store.ls(folder, detail=True))
    except FileNotFoundError:
        return []
    store.invalidate_cache()  # else it would remember the whole bucket
    return entries
