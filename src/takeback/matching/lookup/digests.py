"""Which entries are a file, byte for byte: a map from digests to entries."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Digests:
    """A set of entries, each an id and a digest. Safe to share by threads."""

    _ids: dict[bytes, frozenset[int]] = field(default_factory=dict)
    _digests: dict[int, bytes] = field(default_factory=dict)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return len(self._digests)

    def add(self, ids: Sequence[int], digests: Sequence[bytes]) -> None:
        """Add entries. One whose id is there already gets the new digest in place of the old."""
        with self._writing:
            for entry, digest in zip(ids, digests, strict=True):
                self._drop(entry)
                self._digests[entry] = digest
                self._ids[digest] = self._ids.get(digest, frozenset()) | {entry}

    def withdraw(self, ids: Sequence[int]) -> None:
        """Withdraw entries; ids that are not there are left alone."""
        with self._writing:
            for entry in ids:
                self._drop(entry)

    def find(self, digest: bytes) -> list[int]:
        """Return the entries of this digest, oldest first."""
        return sorted(self._ids.get(digest, ()))

    def _drop(self, entry: int) -> None:
        digest = self._digests.pop(entry, None)
        if digest is None:
            return
        if others := self._ids[digest] - {entry}:
            self._ids[digest] = others  # in one step, so that nobody misses them meanwhile
        else:
            del self._ids[digest]
