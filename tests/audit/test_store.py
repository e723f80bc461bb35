"""The log in both databases: what is appended, proved, found again and forgotten."""

import json
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from takeback.audit import AuditLog, InclusionProof, Verified
from takeback.audit.head import read_head
from takeback.audit.store import audit_events, audit_salts
from takeback.audit.tree import EMPTY_ROOT, continues
from takeback.db import Database
from takeback.errors import IntegrityFailure, NotFound
from takeback.ids import CaseId, ItemId
from tests.audit.conftest import SIGNER, STRANGER
from tests.conftest import FakeClock

CASE = CaseId("case_7m3k9x0q2v5t8w1z")
OTHER = CaseId("case_0000000000000000")
ITEM = ItemId("item_7m3k9x0q2v5t8w1z")


def fill(log: AuditLog, events: int) -> None:
    """Append some events about nothing."""
    for hours in range(events):
        with log.db.transaction():
            log.append("demo.advanced", "operator", hours=hours)


def test_events_are_numbered_from_one_without_gaps(log: AuditLog) -> None:
    """The sequence number is the event's place in the log."""
    with log.db.transaction():
        numbers = [log.append("demo.advanced", "operator", hours=1) for _ in range(3)]

    assert numbers == [1, 2, 3]


def test_an_empty_log_verifies(log: AuditLog) -> None:
    """Before the first event there is a head too, over nothing."""
    assert log.verify() == Verified(0, EMPTY_ROOT)
    assert log.head().is_signed_by(log.public_key())


def test_the_head_is_what_verifying_finds(log: AuditLog) -> None:
    """Size and root agree, and the hub's key signed them."""
    fill(log, 5)

    verified, head = log.verify(), log.head()

    assert (verified.size, verified.root) == (head.size, head.root)
    assert head.size == 5
    assert head.is_signed_by(log.public_key())


def test_what_is_rolled_back_was_never_logged(log: AuditLog) -> None:
    """The event and its change commit together or not at all."""
    fill(log, 1)

    with pytest.raises(OSError, match="disk full"), log.db.transaction():  # noqa: PT012
        log.append("demo.advanced", "operator", hours=1)
        raise OSError("disk full")

    assert log.verify().size == 1


def test_an_event_needs_the_transaction_of_its_change(log: AuditLog) -> None:
    """An event of its own transaction could stay while the change is lost."""
    with pytest.raises(RuntimeError, match="no transaction"):
        log.append("demo.advanced", "operator", hours=1)


def test_a_refused_event_leaves_nothing(log: AuditLog) -> None:
    """Not even the salt of a case."""
    with pytest.raises(ValueError, match="may not carry"), log.db.transaction():
        log.append("case.opened", "reporter", case=CASE, name="amina")

    with log.db.reading():
        assert log.db.execute(audit_salts.select()).all() == []


def test_an_item_without_its_case_is_refused(log: AuditLog) -> None:
    """There would be no salt to commit with."""
    with pytest.raises(ValueError, match="case's salt"), log.db.transaction():
        log.append("case.item_added", "reporter", item=ITEM, signals=8)


def test_a_cases_events_are_found_again(log: AuditLog) -> None:
    """By the case, and by one of its items; another case's are not among them."""
    with log.db.transaction():
        log.append("case.opened", "reporter", case=CASE, items=0)
        log.append("case.opened", "reporter", case=OTHER, items=0)
        log.append("case.item_added", "reporter", case=CASE, item=ITEM, signals=8)

    of_case = [(seq, event.action) for seq, event in log.events(CASE)]
    of_item = [(seq, event.facts) for seq, event in log.events(CASE, ITEM)]

    assert of_case == [(1, "case.opened"), (3, "case.item_added")]
    assert of_item == [(3, {"signals": 8})]


def test_two_cases_with_the_same_item_have_different_commitments(log: AuditLog) -> None:
    """Each case has a salt of its own, so nothing can be compared between them."""
    with log.db.transaction():
        log.append("case.item_added", "reporter", case=CASE, item=ITEM)
        log.append("case.item_added", "reporter", case=OTHER, item=ITEM)

    [[_, first]], [[_, second]] = log.events(CASE), log.events(OTHER)

    assert first.item != second.item
    assert first.case != second.case


def test_no_id_of_a_case_or_item_is_in_an_event(log: AuditLog) -> None:
    """Only commitments are."""
    with log.db.transaction():
        log.append("case.item_added", "reporter", case=CASE, item=ITEM, signals=8)

    with log.db.reading():
        text = log.db.execute(sa.select(audit_events.c.event)).scalar_one()

    assert CASE not in text
    assert ITEM not in text


def test_after_a_purge_the_tree_verifies_and_nothing_links_the_events(log: AuditLog) -> None:
    """The salt is gone, and with it the only way from the case to its commitment."""
    with log.db.transaction():
        log.append("case.opened", "reporter", case=CASE, items=1)
        log.append("case.opened", "reporter", case=OTHER, items=1)
    [[_, before]] = log.events(CASE)
    with log.db.transaction():
        log.append("case.purged", "worker", case=CASE, items=1)
        log.forget(CASE)

    assert log.verify().size == 3
    assert log.events(CASE) == []
    assert [seq for seq, _ in log.events(OTHER)] == [2]
    with log.db.transaction():
        log.append("case.opened", "reporter", case=CASE, items=1)
    [[_, after]] = log.events(CASE)
    assert after.case != before.case


def test_a_forgotten_salt_is_in_no_file(tmp_path: Path, clock: FakeClock) -> None:
    """SQLite overwrites it, in the database and in the write-ahead log."""
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    audit_events.metadata.create_all(database.engine)
    log = AuditLog(database, clock, SIGNER)
    with database.transaction():
        log.append("case.opened", "reporter", case=CASE)
    with database.reading():
        salt: bytes = database.execute(sa.select(audit_salts.c.salt)).scalar_one()
    found_before = stored_bytes(tmp_path)

    with database.transaction():
        log.forget(CASE)
    database.close()

    assert salt in found_before
    assert salt not in stored_bytes(tmp_path)
    assert CASE.encode() not in stored_bytes(tmp_path)


def stored_bytes(folder: Path) -> bytes:
    """Return all the bytes in a SQLite folder, after the write-ahead log was written back."""
    connection = sqlite3.connect(folder / "hub.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def test_every_event_can_be_proved_to_be_in_the_log(log: AuditLog) -> None:
    """With the public key alone."""
    fill(log, 11)

    proofs = [log.inclusion_proof(seq) for seq in range(1, 12)]

    assert all(proof.holds(log.public_key()) for proof in proofs)


def test_a_proof_of_another_event_does_not_hold(log: AuditLog) -> None:
    """Neither with another text, nor another place, nor another hub's key."""
    fill(log, 3)
    proof = log.inclusion_proof(2)
    first = log.inclusion_proof(1)

    assert not InclusionProof(2, first.event, proof.path, proof.head).holds(log.public_key())
    assert not InclusionProof(3, proof.event, proof.path, proof.head).holds(log.public_key())
    assert not proof.holds(STRANGER.public_key())


@pytest.mark.parametrize("seq", [-1, 0, 4])
def test_an_event_that_is_not_there_has_no_proof(log: AuditLog, seq: int) -> None:
    """It is not found, and neither is a head of that size."""
    fill(log, 3)

    with pytest.raises(NotFound):
        log.inclusion_proof(seq)
    with pytest.raises(NotFound):
        log.consistency_proof(seq)


def test_a_later_head_is_proved_to_continue_an_earlier_one(log: AuditLog) -> None:
    """Whoever kept an old head can see that nothing before it was rewritten."""
    fill(log, 3)
    old = log.head()
    fill(log, 4)

    proof, new = log.consistency_proof(old.size), log.head()

    assert continues(old.size, old.root, new.size, new.root, proof)


def test_events_can_be_read_in_pages(log: AuditLog) -> None:
    """In order, from any point on."""
    fill(log, 5)

    assert [seq for seq, _ in log.every_event(after=1, limit=3)] == [2, 3, 4]
    assert [seq for seq, _ in log.every_event(after=4)] == [5]


def test_the_copy_of_the_head_follows_each_commit(log: AuditLog, head_file: Path) -> None:
    """Also when one transaction had several events; a rolled-back one leaves it alone."""
    with log.db.transaction():
        log.append("demo.advanced", "operator", hours=1)
        log.append("demo.advanced", "operator", hours=2)

    assert read_head(head_file) == log.head()
    assert head_file.stat().st_mode & 0o777 == 0o600


def test_a_change_stays_done_when_the_copy_can_not_be_written(
    log: AuditLog, head_file: Path, tmp_path: Path
) -> None:
    """It is committed and recorded; the next event's head makes up for it."""
    elsewhere = AuditLog(log.db, log.now, log.signer, tmp_path / "no-such-folder" / "head.json")

    fill(elsewhere, 1)
    fill(log, 1)

    assert log.verify().size == 2
    assert read_head(head_file) == log.head()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"size":1,"root":"zz","signature":""}'])
def test_a_damaged_copy_of_the_head_is_an_integrity_failure(
    log: AuditLog, head_file: Path, text: str
) -> None:
    """It is never taken for no copy at all, and nothing is built on such a log."""
    head_file.write_text(text)

    with pytest.raises(IntegrityFailure, match=r"audit-head\.json"):
        log.verify()
    with pytest.raises(IntegrityFailure, match=r"audit-head\.json"):
        fill(log, 1)


def test_a_copy_that_this_hub_did_not_sign_is_an_integrity_failure(
    log: AuditLog, head_file: Path
) -> None:
    """Whoever can write the file can't make it say what they like."""
    fill(log, 2)
    members = json.loads(head_file.read_text())
    head_file.write_text(json.dumps({**members, "size": 1}))

    with pytest.raises(IntegrityFailure, match="not signed"):
        log.verify()


def test_after_a_restore_the_log_goes_on_and_the_longer_head_is_kept(
    log: AuditLog, head_file: Path
) -> None:
    """An older database is refused until it is accepted, and what was lost is counted."""
    fill(log, 5)
    longer = log.head()
    with log.db.transaction():
        log.db.execute(audit_events.delete().where(audit_events.c.seq > 3))
    with pytest.raises(IntegrityFailure, match="event 4 is missing"):
        fill(log, 1)

    lost = log.accept_restored()
    fill(log, 1)

    assert lost == 2
    assert log.verify().size == 4
    assert read_head(head_file.with_name("audit-head-5.json")) == longer


def test_accepting_a_database_on_a_fresh_machine_loses_nothing(
    log: AuditLog, head_file: Path
) -> None:
    """There is no copy of a head yet, so the database's own becomes it."""
    fill(log, 2)
    head_file.unlink()

    assert log.accept_restored() == 0
    assert read_head(head_file) == log.head()
    assert AuditLog(log.db, log.now, log.signer).accept_restored() == 0
