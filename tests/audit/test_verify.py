"""Any edit, removal, insertion, re-ordering or cut is found at or before its place."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from takeback.audit import AuditLog, Event, SignedHead
from takeback.audit.head import signed_bytes
from takeback.audit.store import audit_events
from takeback.audit.tree import Growing, leaf_hash
from takeback.audit.verify import Row, verify_rows
from takeback.errors import IntegrityFailure
from tests.audit.conftest import SIGNER, STRANGER
from tests.audit.test_store import fill


def written(texts: Sequence[str], signer: Ed25519PrivateKey = SIGNER) -> list[Row]:
    """Return the rows of a log that *signer* wrote."""
    grown, rows = Growing(), []
    for text in texts:
        node = grown.append(leaf_hash(text.encode()))
        signature = signer.sign(signed_bytes(grown.size, grown.root()))
        rows.append(Row(grown.size, text, Event.parse(text).case, node, grown.root(), signature))
    return rows


def event(hours: int) -> str:
    """Return the text of an event, half of them about a case."""
    case = None if hours % 2 else f"{hours:064x}"
    return Event(
        "demo.advanced", "operator", datetime(2030, 3, 5, tzinfo=UTC), case, facts={"hours": hours}
    ).canonical()


ROWS = written([event(hours) for hours in range(19)])
LAST = ROWS[-1]
COPY = SignedHead(LAST.seq, LAST.root, LAST.signature)


def is_signed(head: SignedHead) -> bool:
    """Check as an auditor does, who has the public key only."""
    return head.is_signed_by(SIGNER.public_key())


def found_at(rows: Sequence[Row], copy: SignedHead | None = COPY, page: int = 7) -> int | None:
    """Return the event that verifying names, or None when the log is whole."""
    pages = [rows[start : start + page] for start in range(0, len(rows), page)]
    try:
        verify_rows(pages, is_signed, copy)
    except IntegrityFailure as failure:
        return int(str(failure).removeprefix("the audit log is damaged at event "))
    return None


places = st.integers(0, len(ROWS) - 1)


def test_the_log_that_is_changed_below_is_whole() -> None:
    """The control: unchanged, it verifies, with the copy of the head and without."""
    assert found_at(ROWS) is None
    assert found_at(ROWS, copy=None) is None
    assert found_at([], copy=None) is None


def flip(value: bytes) -> bytes:
    """Change one bit."""
    return bytes([value[0] ^ 1, *value[1:]])


EDITS: dict[str, Callable[[Row], Row]] = {
    "event": lambda row: replace(row, event=event(99)),
    "event that can't be read": lambda row: replace(row, event="{"),
    "commitment": lambda row: replace(row, commitment="a3" * 32),
    "node": lambda row: replace(row, node=flip(row.node)),
    "root": lambda row: replace(row, root=flip(row.root)),
    "signature": lambda row: replace(row, signature=flip(row.signature)),
    "cut signature": lambda row: replace(row, signature=b""),
    "number": lambda row: replace(row, seq=row.seq + 1),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@settings(max_examples=12)
@given(place=places, page=st.integers(1, 25))
def test_an_edit_is_found_at_its_row(edit: Callable[[Row], Row], place: int, page: int) -> None:
    """Whichever column it is in, and whichever page the row is on."""
    rows = [*ROWS[:place], edit(ROWS[place]), *ROWS[place + 1 :]]

    assert found_at(rows, page=page) == ROWS[place].seq


@settings(max_examples=40)
@given(place=places, numbered=st.booleans())
def test_a_removed_row_is_found_at_its_place(place: int, numbered: bool) -> None:
    """Also when those behind it are numbered anew, and when it was the last."""
    rows = [*ROWS[:place], *ROWS[place + 1 :]]

    assert found_at(renumbered(rows) if numbered else rows) == ROWS[place].seq


@settings(max_examples=40)
@given(place=places, numbered=st.booleans(), copied=places)
def test_an_inserted_row_is_found_at_its_place(place: int, numbered: bool, copied: int) -> None:
    """Whatever row it was copied from."""
    rows = [*ROWS[:place], replace(ROWS[copied], seq=place + 1), *ROWS[place:]]

    found = found_at(renumbered(rows) if numbered else rows)

    assert found == (place + 2 if copied == place else place + 1)


@settings(max_examples=40)
@given(first=places, second=places, numbered=st.booleans())
def test_exchanged_rows_are_found_at_the_first(first: int, second: int, numbered: bool) -> None:
    """Also when they are numbered anew."""
    rows = list(ROWS)
    rows[first], rows[second] = rows[second], rows[first]

    found = found_at(renumbered(rows) if numbered else rows)

    assert found == (None if first == second else min(first, second) + 1)


@settings(max_examples=20)
@given(place=places)
def test_a_cut_off_end_is_found_by_the_copy_of_the_head(place: int) -> None:
    """The rows that are left are right in themselves; the copy knows that there were more."""
    assert found_at(ROWS[:place]) == place + 1
    assert found_at(ROWS[:place], copy=None) is None


@settings(max_examples=20)
@given(place=places, signer=st.sampled_from([SIGNER, STRANGER]))
def test_a_log_that_is_wholly_written_anew_is_found(place: int, signer: Ed25519PrivateKey) -> None:
    """Nodes and roots all fit, so the signature tells; with the hub's own key, the copy does."""
    texts = [row.event for row in ROWS]
    rows = written([*texts[:place], event(99), *texts[place + 1 :]], signer)

    found = found_at([*ROWS[:place], *rows[place:]])

    assert found == (place + 1 if signer is STRANGER else LAST.seq)


@settings(max_examples=10)
@given(place=places)
def test_old_signatures_do_not_fit_a_log_written_anew(place: int) -> None:
    """Without the key nobody can sign the new roots, and the old signatures are for others."""
    texts = [row.event for row in ROWS]
    rows = written([*texts[:place], event(99), *texts[place + 1 :]], STRANGER)
    signed = [replace(new, signature=old.signature) for new, old in zip(rows, ROWS, strict=True)]

    assert found_at(signed) == place + 1


@settings(max_examples=20)
@given(text=st.text(max_size=200), place=places)
def test_whatever_stands_in_an_event_is_found_and_never_crashes(text: str, place: int) -> None:
    """Bytes that are no event are one more kind of edit."""
    rows = [*ROWS[:place], replace(ROWS[place], event=text), *ROWS[place + 1 :]]

    assert found_at(rows) == place + 1


def renumbered(rows: Sequence[Row]) -> list[Row]:
    """Number rows from 1 without gaps."""
    return [replace(row, seq=seq) for seq, row in enumerate(rows, start=1)]


DAMAGE: dict[str, tuple[sa.Executable, int]] = {
    "edited": (
        audit_events.update().where(audit_events.c.seq == 3).values(event=event(99)),
        3,
    ),
    "made unfindable": (
        audit_events.update().where(audit_events.c.seq == 4).values(commitment="a3" * 32),
        4,
    ),
    "removed": (audit_events.delete().where(audit_events.c.seq == 2), 2),
    "cut off": (audit_events.delete().where(audit_events.c.seq > 4), 5),
    "signed with another key": (
        audit_events.update()
        .where(audit_events.c.seq == 3)
        .values(signature=STRANGER.sign(b"three")),
        3,
    ),
    "put before the first": (
        audit_events.update().where(audit_events.c.seq == 6).values(seq=-1),
        1,
    ),
    "moved": (
        audit_events.update().where(audit_events.c.seq == 6).values(seq=60),
        6,
    ),
}


@pytest.mark.parametrize(("damage", "seq"), DAMAGE.values(), ids=DAMAGE)
def test_damage_in_the_database_is_named(log: AuditLog, damage: sa.Executable, seq: int) -> None:
    """On both databases, by statements that anyone with access to the tables can run."""
    fill(log, 6)
    with log.db.transaction():
        log.db.execute(damage)

    with pytest.raises(IntegrityFailure, match=rf"damaged at event {seq}$"):
        log.verify()


LAST_ROW = audit_events.c.seq == 6
STOPPING: dict[str, sa.Executable] = {
    "last root": audit_events.update().where(LAST_ROW).values(root=bytes(32)),
    "last signature": audit_events.update().where(LAST_ROW).values(signature=bytes(64)),
    "a peak": audit_events.update().where(audit_events.c.seq == 4).values(node=bytes(32)),
    "a peak removed": audit_events.delete().where(audit_events.c.seq == 4),
    "cut off": audit_events.delete().where(audit_events.c.seq > 4),
}


@pytest.mark.parametrize("damage", STOPPING.values(), ids=STOPPING)
def test_nothing_is_appended_to_a_damaged_end(log: AuditLog, damage: sa.Executable) -> None:
    """The hub never signs a root that would make the damage its own word."""
    fill(log, 6)
    with log.db.transaction():
        log.db.execute(damage)

    with pytest.raises(IntegrityFailure):
        fill(log, 1)
