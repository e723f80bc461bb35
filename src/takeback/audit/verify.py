"""Proving the whole log, and naming the first event that is not as it was written.

Every event is hashed again and every node, root and signature is compared, in order. With
``SignedHead.is_signed_by`` that takes the public key alone, so an auditor can do it on a copy
of the rows.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import msgspec

from takeback.audit.head import SignedHead
from takeback.audit.tree import Growing, leaf_hash
from takeback.errors import IntegrityFailure

_THREADS = min(8, os.cpu_count() or 1)
"""Checking signatures takes most of the time, and leaves Python to other threads meanwhile."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the log as it is stored."""

    seq: int
    event: str
    commitment: str | None
    node: bytes
    root: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """A log that is whole: how many events it has, and the root over them."""

    size: int
    root: bytes
    """32 bytes."""


def verify_rows(
    pages: Iterable[Sequence[Row]],
    is_signed: Callable[[SignedHead], bool],
    copy: SignedHead | None = None,
) -> Verified:
    """Verify rows that come in pages, in the order of their sequence numbers.

    Args:
        pages: rows of the log, a bounded number at a time.
        is_signed: tells whether the hub signed a head; called from several threads.
        copy: the head as it was last seen outside the database.

    Raises:
        IntegrityFailure: names the first event that is not as it was written, or missing.
    """
    if copy is not None and not is_signed(copy):
        raise IntegrityFailure("the copy of the audit log's head is not signed by this hub")
    checker = _Checker(is_signed, copy)
    with ThreadPoolExecutor(_THREADS) as pool:
        for page in pages:
            checker.check(page, pool)
    return checker.finish()


class _CaseOf(msgspec.Struct):
    """The one member of an event that its row repeats."""

    case: str | None


@dataclass(slots=True)
class _Checker:
    """Follows the log row by row."""

    is_signed: Callable[[SignedHead], bool]
    copy: SignedHead | None
    grown: Growing = field(default_factory=Growing)

    def check(self, page: Sequence[Row], pool: ThreadPoolExecutor) -> None:
        """Check a page: first what follows from the rows before, then the signatures."""
        first = self.grown.size + 1
        heads = [SignedHead(row.seq, row.root, row.signature) for row in self._following(page)]
        slices = [heads[start::_THREADS] for start in range(_THREADS)]
        forged = [head.size for found in pool.map(self._forged, slices) for head in found]
        if forged:
            raise _damaged(min(forged))
        if len(heads) < len(page):
            raise _damaged(first + len(heads))

    def finish(self) -> Verified:
        """Check that nothing is missing at the end."""
        if self.copy is not None and self.copy.size > self.grown.size:
            raise _damaged(self.grown.size + 1)
        return Verified(self.grown.size, self.grown.root())

    def _following(self, page: Sequence[Row]) -> Iterator[Row]:
        """Yield rows until one does not follow from those before it."""
        for row in page:
            if not self._follows(row):
                return
            yield row

    def _follows(self, row: Row) -> bool:
        if row.seq != self.grown.size + 1 or row.commitment != _case_of(row.event):
            return False
        node = self.grown.append(leaf_hash(row.event.encode()))
        root = self.grown.root()
        seen = self.copy is not None and self.copy.size == row.seq and self.copy.root != root
        return (row.node, row.root) == (node, root) and not seen

    def _forged(self, heads: Sequence[SignedHead]) -> list[SignedHead]:
        return [head for head in heads if not self.is_signed(head)]


def _case_of(event: str) -> str | None:
    """Return the commitment in an event, or a text that is none when it can't be read."""
    try:
        return msgspec.json.decode(event, type=_CaseOf).case
    except msgspec.MsgspecError:
        return "unreadable"


def _damaged(seq: int) -> IntegrityFailure:
    return IntegrityFailure(f"the audit log is damaged at event {seq}")
