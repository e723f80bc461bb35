"""A matcher's data directory as the bank: read while the matcher runs, and after it stopped."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from takeback.backscan.scan import Order, run
from takeback.cli.backscan.banks import kind_of
from takeback.errors import NotReady, UnreadableInput
from takeback.hashing import hash_picture
from takeback.hashing.signal_types import SignalType, to_text
from takeback.matcher.options import MatcherOptions, Source
from takeback.matcher.state import State
from takeback.matcher.statereader import StateReader
from tests.backscan.library import Library, rows
from tests.backscan.running import inline, order, takeback
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, numbers, ready, running


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    """A hub that listens."""
    hub = FakeHub().start()
    yield hub
    hub.stop()


@pytest.fixture
def options(tmp_path: Path, hub: FakeHub) -> MatcherOptions:
    """Options of a matcher that follows that hub."""
    key_file = tmp_path / "hub.key"
    key_file.write_text(hub.key)
    source = Source(url=hub.url, key_file=key_file)
    data = tmp_path / "matcher"
    return MatcherOptions(sources=(source,), data=data, port=0, hashers=1, video_hashers=0)


def scanned(library: Library, data: Path, out: Path, **choices: object) -> list[dict[str, Any]]:
    """Scan the library against a matcher's directory; return the hits."""
    wanted = order(library.folder, data, out, **choices)
    asked = Order(wanted.given, data, kind_of(data), out, wanted.choices)
    run(asked, inline, lambda _: None)
    return rows(out, "hits")


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file with its time, without the two by which SQLite's users keep clear."""
    files = (path for path in folder.rglob("*") if path.is_file())
    mine = (path for path in files if not path.name.endswith(("-wal", "-shm")))
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in mine}


def test_what_a_running_matcher_follows_is_looked_for_and_what_was_withdrawn_is_not(
    library: Library, options: MatcherOptions, hub: FakeHub, tmp_path: Path
) -> None:
    """Hits name hub, bank and what it asks; the directory is only read."""
    first, second = (hash_picture(path).whole for path in library.pictures[:4:3])
    kept = hub.put(first, bank="under_18", ask="remove")
    gone = hub.put(second)
    with running(options) as client:
        eventually(lambda: ready(client) and numbers(client, second) == [[gone]])
        before = scanned(library, options.data, tmp_path / "before", views="plain")
        hub.withdraw(gone)
        eventually(lambda: numbers(client, second) == [[]])
        after = scanned(library, options.data, tmp_path / "after", views="plain")

    assert {hit["number"] for hit in before} == {kept, gone}
    assert {hit["number"] for hit in after} == {kept}
    place = {(hit["hub"], hit["bank"], hit["ask"]) for hit in after}
    assert place == {(hub.url.removeprefix("http://"), "under_18", "remove")}


def test_a_matcher_that_was_stopped_can_be_scanned_with_keypoints_too(
    library: Library, options: MatcherOptions, hub: FakeHub, tmp_path: Path
) -> None:
    """From the command line; an upload in a bar is found by them. Its directory stays as it is."""
    made = hash_picture(library.pictures[0], role="reporter")
    described = made.keypoints[0].plain.pack()
    number = hub.put(to_text(SignalType.KEYPOINTS, described), type="kp1", ask="remove")
    with running(options) as client:
        eventually(lambda: ready(client))
    out, before = tmp_path / "out", contents(options.data)

    done = takeback(library.folder, "--bank", options.data, "--out", out, "--json", "--workers", 1)

    assert done.returncode == 0, done.stderr
    assert contents(options.data) == before
    summary = json.loads(done.stdout)
    found = [hit for hit in rows(out, "hits") if hit["path"] == str(library.pictures[0])]
    assert [(hit["number"], hit["ground"]) for hit in found] == [(number, "keypoints")]
    assert (summary["rows"], summary["scanned"], summary["mark"]) == (29, 29, 1)
    assert found[0]["votes"] > 10


def test_a_matcher_that_follows_other_hubs_is_another_bank(
    library: Library, options: MatcherOptions, hub: FakeHub, tmp_path: Path
) -> None:
    """What it says of one bank is not mixed with what it says of the other."""
    with running(options) as client:
        eventually(lambda: ready(client))
    before = kind_of(options.data).facts(options.data)
    other = FakeHub().start()
    try:
        both = (*options.sources, Source(url=other.url, key_file=options.sources[0].key_file))
        with running(replace(options, sources=both)) as client:
            eventually(lambda: ready(client))
    finally:
        other.stop()

    assert kind_of(options.data).facts(options.data).identity != before.identity


def test_a_data_directory_that_was_made_anew_is_another_bank(
    library: Library, options: MatcherOptions, hub: FakeHub, tmp_path: Path
) -> None:
    """It follows the same hub and has the same name; its numbers begin again."""
    facts = []
    for name in ("first", "first", "second"):
        with running(replace(options, data=tmp_path / name)) as client:
            eventually(lambda: ready(client))
        facts.append(kind_of(tmp_path / name).facts(tmp_path / name))

    first, again, second = facts
    assert (first.instance, first.identity) == (again.instance, again.identity)
    assert first.instance != second.instance
    assert first.identity != second.identity


def test_a_state_file_of_an_earlier_release_is_given_what_tells_it_apart(tmp_path: Path) -> None:
    """By the matcher; a scan that comes before it says what to do."""
    State(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "matcher.db")) as database, database:
        database.execute("DELETE FROM secrets")

    with pytest.raises(NotReady, match="start the matcher once"):
        kind_of(tmp_path).facts(tmp_path)
    State(tmp_path).close()
    made = kind_of(tmp_path).facts(tmp_path).instance
    State(tmp_path).close()

    assert len(made) == 32
    assert kind_of(tmp_path).facts(tmp_path).instance == made


def test_a_scan_can_write_nothing_to_the_state_file(tmp_path: Path) -> None:
    """Nor does it make one, or change how it is kept."""
    with pytest.raises(NotReady):
        StateReader(tmp_path, only_read=True)
    assert not list(tmp_path.iterdir())
    State(tmp_path).close()
    before = (tmp_path / "matcher.db").read_bytes()

    reader = StateReader(tmp_path, only_read=True)
    with pytest.raises(NotReady, match="readonly"), reader.transaction() as database:
        database.execute("INSERT INTO sources (url) VALUES ('https://hub.example')")
    reader.close()

    assert (tmp_path / "matcher.db").read_bytes() == before


def test_a_folder_without_a_matcher_is_no_bank(tmp_path: Path) -> None:
    """Nor is a place where nothing is."""
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UnreadableInput, match="no bank"):
            kind_of(path)
