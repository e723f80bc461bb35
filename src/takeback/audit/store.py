"""The audit log in the database. The only file that knows its tables.

Each row holds one event, a node of the tree, the root over all events so far and a
signature over that root, so any row that was changed, removed, inserted or moved is found
and named (``verify.py``). Events name a case only by a commitment under that case's salt;
a purge destroys the salt, and nothing links them any more while the tree stays whole.
"""

import hmac
import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from takeback.audit import tree
from takeback.audit.event import Event, Fact
from takeback.audit.head import SignedHead, read_head, signed_bytes, write_head
from takeback.audit.proof import InclusionProof
from takeback.audit.verify import Row, Verified, verify_rows
from takeback.clock import Clock
from takeback.db import Big, Database, metadata
from takeback.errors import IntegrityFailure, NotFound
from takeback.ids import CaseId, ItemId

audit_events = sa.Table(
    "audit_events",
    metadata,
    sa.Column("seq", Big, primary_key=True, autoincrement=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("commitment", sa.Text),  # the event's case, to find it by
    sa.Column("node", sa.LargeBinary, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Index("ix_audit_events_commitment", "commitment"),
    sqlite_strict=True,
)

audit_salts = sa.Table(
    "audit_salts",
    metadata,
    sa.Column("case_id", sa.Text, primary_key=True),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sqlite_strict=True,
)

SALT_BYTES = 32
_BEFORE_ALL = -(2**63)
"""Below the number of any row, those too that nobody should have numbered so."""

_PAGE = 2_000
"""Rows read at a time when the whole log is verified."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AuditLog:
    """Append what happened, in the transaction in which it happened."""

    db: Database
    now: Clock
    signer: Ed25519PrivateKey
    head_file: Path | None = None
    """Copy of the newest head outside the database, ``audit-head.json`` in the data directory."""

    def append(
        self,
        action: str,
        actor: str,
        *,
        case: CaseId | None = None,
        item: ItemId | None = None,
        **facts: Fact,
    ) -> int:
        """Add an event to the open transaction and return its sequence number, from 1.

        Raises:
            IntegrityFailure: the log so far contradicts itself, so nothing may be built on it.
            ValueError: the action is not declared, or a fact is none that it may carry.
            RuntimeError: no transaction is open.
        """
        event = self._event(action, actor, case, item, facts)
        grown = self._grown()
        text = event.canonical()
        node = grown.append(tree.leaf_hash(text.encode()))
        head = self._sign(grown.size, grown.root())
        self.db.execute(
            audit_events.insert().values(
                seq=head.size,
                event=text,
                commitment=event.case,
                node=node,
                root=head.root,
                signature=head.signature,
            )
        )
        self.db.after_commit(self._copy_head)
        return head.size

    def forget(self, case_id: CaseId) -> None:
        """Destroy the case's salt: its events stay and nothing links them to it any more.

        The last step of a purge, after its event: a later event would make a new salt.
        """
        self.db.execute(audit_salts.delete().where(audit_salts.c.case_id == case_id))

    def refuse_other_signer(self) -> None:
        """Refuse to go on with a log that another hub's key signed.

        One head that does not fit is damage, which ``verify`` locates; when neither the first
        nor the newest fits, the key is another's.

        Raises:
            IntegrityFailure: neither is signed with this hub's key.
        """
        with self.db.reading():
            first = _rows(self.db, [1])
        heads = [self.head(), *(SignedHead(row.seq, row.root, row.signature) for row in first)]
        if not any(map(self._is_ours, heads)):
            raise IntegrityFailure(
                "hub.key is not the key file of this database; put your copy of it back"
            )

    def verify(self) -> Verified:
        """Prove the whole log.

        Raises:
            IntegrityFailure: names the first event that is not as it was written, or missing.
        """
        copy = self._read_copy()
        with self.db.reading():
            return verify_rows(self._pages(), self._is_ours, copy)

    def events(self, case_id: CaseId, item_id: ItemId | None = None) -> list[tuple[int, Event]]:
        """Return what happened to a case, or to one item of it, oldest first.

        A case that was purged, or never was, has no events.
        """
        with self.db.reading():
            salt = self._salt(case_id)
            if salt is None:
                return []
            found = self.db.execute(
                sa.select(audit_events.c.seq, audit_events.c.event)
                .where(audit_events.c.commitment == _commitment(salt, case_id))
                .order_by(audit_events.c.seq)
            )
            events = [(row.seq, Event.parse(row.event)) for row in found]
        if item_id is None:
            return events
        item = _commitment(salt, item_id)
        return [(seq, event) for seq, event in events if event.item == item]

    def every_event(self, after: int = 0, limit: int = 1_000) -> list[tuple[int, Event]]:
        """Return up to *limit* events that follow sequence number *after*, oldest first."""
        with self.db.reading():
            return [(row.seq, Event.parse(row.event)) for row in self._rows_after(after, limit)]

    def inclusion_proof(self, seq: int) -> InclusionProof:
        """Prove that event *seq* is in the log, under the newest head.

        Raises:
            NotFound: the log has no such event.
        """
        with self.db.reading():
            head = self.head()
            if not 1 <= seq <= head.size:
                raise NotFound(f"the audit log has no event {seq}")
            path = tree.inclusion_proof(_StoredNodes(self.db), seq - 1, head.size)
            return InclusionProof(seq, _row(self.db, seq).event, tuple(path), head)

    def consistency_proof(self, old: int) -> list[bytes]:
        """Return the hashes that show that the newest head continues the one over *old* events.

        Raises:
            NotFound: the log never had a head of that size.
        """
        with self.db.reading():
            size = self.head().size
            if not 1 <= old <= size:
                raise NotFound(f"the audit log has no head over {old} events")
            return tree.consistency_proof(_StoredNodes(self.db), old, size)

    def head(self) -> SignedHead:
        """Return the newest signed head. An empty log's head is signed on the spot."""
        with self.db.reading():
            row = self.db.execute(
                audit_events.select().order_by(audit_events.c.seq.desc()).limit(1)
            ).first()
        if row is None:
            return self._sign(0, tree.EMPTY_ROOT)
        return SignedHead(row.seq, row.root, row.signature)

    def public_key(self) -> Ed25519PublicKey:
        """Return the key that every head can be checked with."""
        return self.signer.public_key()

    def accept_restored(self) -> int:
        """Take the database as it is for the whole log, after a backup was restored.

        The former copy of the head is kept beside the new one, as evidence of how long the
        log was.

        Returns:
            How many events the former copy knew of and the database lacks.
        """
        former, head = self._read_copy(), self.head()
        if self.head_file is None:
            return 0
        if former is not None:
            kept = self.head_file.with_name(f"audit-head-{former.size}.json")
            write_head(kept, former)
        write_head(self.head_file, head)
        return max(0, former.size - head.size) if former else 0

    def _event(
        self,
        action: str,
        actor: str,
        case: CaseId | None,
        item: ItemId | None,
        facts: dict[str, Fact],
    ) -> Event:
        if case is None:
            if item is not None:
                raise ValueError("an item is committed to under its case's salt")
            return Event(action, actor, self.now(), facts=facts)
        salt = self._salt(case) or self._new_salt(case)
        return Event(
            action,
            actor,
            self.now(),
            _commitment(salt, case),
            None if item is None else _commitment(salt, item),
            facts,
        )

    def _salt(self, case_id: CaseId) -> bytes | None:
        salt: bytes | None = self.db.execute(
            sa.select(audit_salts.c.salt).where(audit_salts.c.case_id == case_id)
        ).scalar()
        return salt

    def _new_salt(self, case_id: CaseId) -> bytes:
        salt = secrets.token_bytes(SALT_BYTES)
        self.db.execute(audit_salts.insert().values(case_id=case_id, salt=salt))
        return salt

    def _grown(self) -> tree.Growing:
        """Rebuild the growing tree from its peaks; refuse a log that was tampered with."""
        head = self.head()
        self._refuse_shorter_than_copy(head)
        rows = {row.seq: row for row in _rows(self.db, tree.peak_numbers(head.size))}
        if len(rows) != head.size.bit_count():
            raise IntegrityFailure(f"the audit log has gaps before event {head.size}")
        grown = tree.Growing(head.size, [rows[seq].node for seq in sorted(rows)])
        if grown.root() != head.root or not self._is_ours(head):
            raise IntegrityFailure(f"the audit log is damaged at or before event {head.size}")
        return grown

    def _refuse_shorter_than_copy(self, head: SignedHead) -> None:
        copy = self._read_copy()
        if copy is not None and copy.size > head.size:
            raise IntegrityFailure(f"the audit log is damaged: event {head.size + 1} is missing")

    def _sign(self, size: int, root: bytes) -> SignedHead:
        return SignedHead(size, root, self.signer.sign(signed_bytes(size, root)))

    def _is_ours(self, head: SignedHead) -> bool:
        """Tell whether this hub signed the head.

        Ed25519 signs the same bytes the same way each time (RFC 8032), and signing again is
        three times as fast as checking; what differs is checked before it is called forged.
        """
        again = self._sign(head.size, head.root)
        same = hmac.compare_digest(again.signature, head.signature)
        return same or head.is_signed_by(self.public_key())

    def _read_copy(self) -> SignedHead | None:
        return None if self.head_file is None else read_head(self.head_file)

    def _copy_head(self) -> None:
        """Copy the newest head to its file; the change that it covers has been committed."""
        if self.head_file is None:
            return
        head, copy = self.head(), self._read_copy()
        if copy is not None and copy.size >= head.size:
            return
        try:
            write_head(self.head_file, head)
        except OSError:
            # The change is done and recorded. The next event's head replaces this one.
            _log.warning("the copy of the audit log's head could not be written")

    def _pages(self) -> Iterator[list[Row]]:
        after = _BEFORE_ALL
        while page := self._rows_after(after, _PAGE):
            yield page
            after = page[-1].seq

    def _rows_after(self, after: int, limit: int) -> list[Row]:
        found = self.db.execute(
            audit_events.select()
            .where(audit_events.c.seq > after)
            .order_by(audit_events.c.seq)
            .limit(limit)
        )
        return [Row(**row) for row in found.mappings()]


@dataclass(frozen=True, slots=True)
class _StoredNodes:
    """The tree's hashes, one row at a time."""

    db: Database

    def leaf(self, number: int) -> bytes:
        """Return the hash of a leaf."""
        return tree.leaf_hash(_row(self.db, number).event.encode())

    def node(self, number: int) -> bytes:
        """Return the node stored with a leaf."""
        return _row(self.db, number).node


def _row(db: Database, seq: int) -> Row:
    rows = _rows(db, [seq])
    if not rows:
        raise IntegrityFailure(f"the audit log is damaged: event {seq} is missing")
    return rows[0]


def _rows(db: Database, seqs: list[int]) -> list[Row]:
    found = db.execute(audit_events.select().where(audit_events.c.seq.in_(seqs)))
    return [Row(**row) for row in found.mappings()]


def _commitment(salt: bytes, record_id: str) -> str:
    return hmac.digest(salt, record_id.encode(), sha256).hex()
