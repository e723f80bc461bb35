"""A bank is copied once to each other node of a cluster, and removed again."""

import errno
import os
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from takeback.backscan import broadcast
from takeback.backscan.broadcast import PREFIX, Copy, pack, placed, remove, sweep
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
    return pack(bank, lambda content: content)


def test_workers_of_one_node_share_one_copy(
    bank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes first makes it while the others wait; it is there whole or not at all."""
    monkeypatch.setattr(broadcast, "CHUNK", 100_000)
    copy, fetched = handed(bank), []

    def get(chunk: bytes) -> bytes:
        fetched.append(len(chunk))
        return chunk

    def there(_: int) -> Path:
        with placed(copy, get, tmp_path) as folder:
            return folder

    with ThreadPoolExecutor(4) as threads:
        [folder] = set(threads.map(there, range(4)))

    assert fetched == [100_000, 100_000, 56_000]
    for name in ("segment-1", "tail"):
        original = bank / "signals" / name
        assert (folder / "signals" / name).read_bytes() == original.read_bytes()
    assert folder.parent.stat().st_mode & 0o077 == 0
    remove(copy.name, tmp_path)
    assert not folder.parent.exists()


def test_each_scan_has_a_copy_of_its_own(bank: Path, tmp_path: Path) -> None:
    """One that a killed scan left is never taken for the bank as it is now."""
    before = handed(bank)
    (bank / "signals" / "segment-1").write_bytes(b"newer")
    after = handed(bank)

    with placed(before, bytes, tmp_path), placed(after, bytes, tmp_path) as there:
        remove(before.name, tmp_path)

        assert (there / "signals" / "segment-1").read_bytes() == b"newer"


def test_a_copy_that_a_killed_scan_left_is_removed_by_the_next(bank: Path, tmp_path: Path) -> None:
    """One that somebody has open stays, and so does what is no copy of ours."""
    killed, running = handed(bank), handed(bank)
    foreign = tmp_path / f"{PREFIX}foreign-{os.getuid()}"
    foreign.symlink_to(bank)
    with placed(killed, bytes, tmp_path) as left:
        pass
    with placed(running, bytes, tmp_path) as there:
        sweep(tmp_path)

        assert not left.exists()
        assert (there / "signals" / "segment-1").stat().st_size == 256_000
    assert (foreign / "signals" / "segment-1").exists()


@pytest.mark.parametrize("trap", ["link", "open"])
def test_a_folder_that_somebody_laid_out_is_not_used(trap: str, bank: Path, tmp_path: Path) -> None:
    """Signals would be read there, or be what somebody else says they are."""
    copy, theirs = handed(bank), tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    folder = tmp_path / f"{copy.name}-{os.getuid()}"
    if trap == "link":
        folder.symlink_to(theirs)
    else:
        folder.mkdir()
        folder.chmod(0o777)

    with pytest.raises(NotReady, match="not this user's alone"), placed(copy, bytes, tmp_path):
        pass

    assert not list(theirs.iterdir())


def test_a_node_without_room_says_so(bank: Path, tmp_path: Path) -> None:
    """In one line that says where to look."""

    def get(_: bytes) -> bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(NotReady, match="No space left"), placed(handed(bank), get, tmp_path):
        pass


def test_a_merge_in_between_is_no_reason_to_give_up(
    bank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It removes files that were listed a moment ago."""
    listed, gone = broadcast._names, iter([["signals/merged-away"], ["signals/merged-away"]])
    monkeypatch.setattr(broadcast, "_names", lambda bank: next(gone, None) or listed(bank))

    assert [name for name, _ in handed(bank).files] == ["signals/segment-1", "signals/tail"]


def test_a_bank_that_is_one_file_is_copied_too(tmp_path: Path) -> None:
    """A list, for example."""
    (tmp_path / "bank.parquet").write_bytes(b"list")

    with placed(handed(tmp_path / "bank.parquet"), bytes, tmp_path) as there:
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

    with placed(handed(bank), bytes, tmp_path) as there:
        assert not (there / "matcher.db-wal").exists()
        copy = sqlite3.connect(there / "matcher.db")
        assert copy.execute("SELECT id FROM entries").fetchall() == [(1,)]
        copy.close()
    database.close()


def test_a_bank_that_changes_all_the_time_is_not_copied_half(bank: Path) -> None:
    """The person is told what to do instead."""

    def put(content: bytes) -> bytes:
        with (bank / "signals" / "tail").open("ab") as file:
            file.write(b"more")
        return content

    with pytest.raises(NotReady, match="changes too fast"):
        pack(bank, put)


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
