"""Hubs that refuse to start, and what they say: transcripts, every one without a traceback."""

from pathlib import Path

import pytest

from tests.cli.conftest import Takeback


@pytest.fixture
def used(call: Takeback, tmp_path: Path) -> Path:
    """A data directory in which something has happened."""
    added = call("staff", "add", "Lee", "--role", "lead", "--key-file", "lee.key", "--data", "hub")
    assert added.code == 0
    return tmp_path / "hub"


def test_a_lost_key_file_is_not_replaced_by_a_new_one(call: Takeback, used: Path) -> None:
    """With a new one no code would find its case, and nobody would say why."""
    (used / "hub.key").unlink()

    done = call("serve", "--port", "0", "--data", "hub")

    assert (done.code, done.out) == (4, "")
    assert done.err.startswith("takeback: error: the hub's key file is not there; put your copy")
    assert not (used / "hub.key").exists()


def test_another_hubs_key_file_is_an_integrity_failure(call: Takeback, used: Path) -> None:
    """Exit 70, before anything is served."""
    (used / "hub.key").write_text("ab" * 32 + "\n")

    done = call("serve", "--port", "0", "--data", "hub")

    assert (done.code, done.out) == (70, "")
    assert done.err.startswith("takeback: error: hub.key is not the key file of this database")


@pytest.mark.parametrize("address", ["postgres://hub@127.0.0.1/x", "hub.db", "nosuch+thing://x"])
def test_an_address_that_is_no_databases_is_a_wrong_setting(call: Takeback, address: str) -> None:
    """Exit 3; the message shows the form and not the value, which may hold a password."""
    done = call("serve", "--port", "0", TAKEBACK_DATABASE=address)

    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("takeback: error: TAKEBACK_DATABASE: expected postgresql+psycopg://")
    assert address not in done.err


def test_a_database_that_does_not_answer_is_to_be_tried_again(call: Takeback) -> None:
    """Exit 7, with the driver's own reason; the password is not in it."""
    address = "postgresql+psycopg://hub:secret@127.0.0.1:1/x"

    done = call("serve", "--port", "0", TAKEBACK_DATABASE=address)

    assert (done.code, done.out) == (7, "")
    assert done.err.startswith("takeback: error: the database can't be used: ")
    assert "secret" not in done.err


def test_a_file_that_is_no_database_is_an_integrity_failure(call: Takeback, used: Path) -> None:
    """Exit 70: nothing is written over it."""
    for part in used.glob("hub.db*"):
        part.unlink()
    (used / "hub.db").write_bytes(b"not a database" * 100)

    done = call("serve", "--port", "0", "--data", "hub")

    assert (done.code, done.out) == (70, "")
    assert done.err.startswith("takeback: error: the database is damaged")


def test_a_folder_that_is_missing_is_named_with_what_to_do(call: Takeback) -> None:
    """The journal's place, for one: exit 1 and a hint."""
    done = call("serve", "--port", "0", TAKEBACK_JOURNAL="no-such-folder/journal.jsonl")

    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "takeback: error: no-such-folder/journal.jsonl: no such file or directory\n"
        "takeback: hint: check the path: the folder must be there\n"
    )
