"""An object store that tests fill, look into and break: ``shop://bucket/key``."""

import errno
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import fsspec
from fsspec.registry import _registry


class Shop(fsspec.AbstractFileSystem):  # type: ignore[misc]
    """Objects by key, in one dictionary for all instances."""

    protocol: ClassVar[str | tuple[str, ...]] = "shop"
    cachable = False
    objects: ClassVar[dict[str, bytes]] = {}
    broken: ClassVar[dict[str, Exception]] = {}
    """What is raised instead of an answer, by how keys and folders begin."""

    given: ClassVar[list[int]] = []
    """Bytes of each answer."""

    def ls(self, path: str, detail: bool = True, **_: object) -> list[Any]:
        """List one folder."""
        self._fail(path)
        path = path.rstrip("/") + "/"
        inside = [key[len(path) :] for key in self.objects if key.startswith(path)]
        if not inside:
            raise FileNotFoundError
        names = sorted({(rest.split("/")[0], "/" in rest) for rest in inside})
        found = [
            {
                "name": path + name,
                "type": "directory" if folder else "file",
                "size": 0 if folder else len(self.objects[path + name]),
            }
            for name, folder in names
        ]
        return found if detail else [each["name"] for each in found]

    def info(self, path: str, **_: object) -> dict[str, object]:
        """Say what lies there."""
        if path in self.objects:
            self._fail(path)
            return {"name": path, "type": "file", "size": len(self.objects[path])}
        self.ls(path)
        return {"name": path, "type": "directory", "size": 0}

    def cat_file(
        self,
        path: str,
        version_id: str | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> bytes:
        """Return a part of an object; arguments are in S3's order, and so are its ways."""
        assert version_id is None
        self._fail(path)
        if end and self.objects.get(path) == b"":
            raise OSError(errno.EINVAL, "the range is not satisfiable")
        if path not in self.objects:
            raise FileNotFoundError
        self.given.append(len(self.objects[path][start:end]))
        return self.objects[path][start:end]

    def split_path(self, path: str) -> tuple[str, str, str]:
        """Take bucket, key and version apart, as S3's does."""
        bucket, _, key = path.partition("/")
        key, _, version = key.partition("?versionId=")
        return bucket, key, version

    def _open(self, path: str, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO(self.cat_file(path))

    def _fail(self, path: str) -> None:
        for begin, problem in self.broken.items():
            if path.startswith(begin):
                raise problem


@contextmanager
def opened(protocol: str = "shop", kind: type[Shop] = Shop) -> Iterator[type[Shop]]:
    """Have fsspec know the store for the time of the block; it is empty and works."""
    before = _registry.get(protocol)
    fsspec.register_implementation(protocol, kind, clobber=True)
    for content in (kind.objects, kind.broken, kind.given):
        content.clear()
    try:
        yield kind
    finally:
        _registry.pop(protocol, None)
        if before is not None:
            _registry[protocol] = before
