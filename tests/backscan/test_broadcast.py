"""A bank that a node does not see is copied to it once, and removed again."""

import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from takeback.backscan import broadcast
from takeback.backscan.broadcast import Copy, pack, place, remove
from takeback.backscan.cluster import on_ray
from takeback.errors import NotReady, PackageMissing, UnreadableInput


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """A folder with a large file, an empty one and a database that is open."""
    folder = tmp_path / "bank"
    (folder / "signals").mkdir(parents=True)
    (folder / "signals" / "segment-1").write_bytes(bytes(range(256)) * 1000)
    (folder / "signals" / "tail").touch()
    return folder


def handed(bank: Path) -> Copy:
    """Return what the cluster holds; here its store is the bytes themselves."""
    return pack(bank, "ab" * 32, lambda content: content)


def elsewhere(copy: Copy) -> Copy:
    """Return the copy as a node has it that does not see the original."""
    return replace(copy, original=copy.original + "-unseen")


def test_a_node_that_sees_the_bank_copies_nothing(bank: Path, tmp_path: Path) -> None:
    """It maps the original."""
    root = tmp_path / "node"

    assert place(handed(bank), bytes, root) == bank
    assert not root.exists()


def test_workers_of_one_node_share_one_copy(
    bank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes first makes it while the others wait; it is there whole or not at all."""
    monkeypatch.setattr(broadcast, "CHUNK", 100_000)
    copy, fetched = elsewhere(handed(bank)), []

    def get(chunk: bytes) -> bytes:
        fetched.append(len(chunk))
        return chunk

    with ThreadPoolExecutor(4) as threads:
        places = set(threads.map(lambda _: place(copy, get, tmp_path), range(4)))

    [there] = places
    assert fetched == [100_000, 100_000, 56_000]
    for name in ("segment-1", "tail"):
        original = bank / "signals" / name
        assert (there / "signals" / name).read_bytes() == original.read_bytes()
    assert there.parent.stat().st_mode & 0o077 == 0
    remove(copy, tmp_path)
    assert not there.exists()


def test_a_bank_that_is_one_file_is_copied_too(tmp_path: Path) -> None:
    """A list, for example."""
    (tmp_path / "bank.parquet").write_bytes(b"list")

    there = place(elsewhere(handed(tmp_path / "bank.parquet")), bytes, tmp_path)

    assert there.read_bytes() == b"list"


def test_a_database_is_copied_as_it_stands_while_it_is_written_to(
    bank: Path, tmp_path: Path
) -> None:
    """What is committed beside the file is in the copy; what is not, is not."""
    database = sqlite3.connect(bank / "matcher.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE entries (id)")
    database.execute("INSERT INTO entries VALUES (1)")
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO entries VALUES (2)")

    there = place(elsewhere(handed(bank)), bytes, tmp_path)

    database.close()
    copy = sqlite3.connect(there / "matcher.db")
    assert copy.execute("SELECT id FROM entries").fetchall() == [(1,)]
    copy.close()
    assert not (there / "matcher.db-wal").exists()


def test_a_bank_that_changes_all_the_time_is_not_copied_half(bank: Path) -> None:
    """The person is told what to do instead."""

    def put(content: bytes) -> bytes:
        with (bank / "signals" / "tail").open("ab") as file:
            file.write(b"more")
        return content

    with pytest.raises(NotReady, match="every node see"):
        pack(bank, "ab" * 32, put)


def test_without_ray_the_command_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only who has a cluster needs it."""
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(PackageMissing) as refused:
        on_ray("local", 2)

    assert "takeback[cluster]" in refused.value.hint


def test_an_address_without_a_cluster_is_refused(tmp_path: Path) -> None:
    """Before anything is done."""
    refuse = on_ray("127.0.0.1:1", 2)

    with pytest.raises(UnreadableInput, match="no Ray cluster"):
        next(refuse(None, None, []))  # type: ignore[arg-type]
