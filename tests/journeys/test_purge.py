"""A purged case is gone: nothing of it is left in the database, its log, or the index."""

import base64
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec import structs

from takeback.cases.wire import Choices, KeypointDocument, Opened
from takeback.db import Database
from takeback.hashing import hash_picture
from takeback.hashing.signal_types import SignalType, to_text
from tests.conftest import FakeClock
from tests.journeys.story import Story, access, photograph, registered, settings_for, telling
from tests.postgres import PostgresServer, running_postgres

TEXT = "the words she wrote about what happened"
LOCATOR = "https://forum.example/a-place-on-the-web"


def written(value: bytes) -> set[bytes]:
    """Return the ways a value may be written down: raw, hexadecimal, base64 at any offset."""
    forms = {value, value.hex().encode(), value.hex().upper().encode()}
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + value).rstrip(b"=")
        forms.add(text[4 if shift else 0 : -2])
    return forms


def found_in(files: Iterable[Path], values: Iterable[bytes]) -> set[bytes]:
    """Return which of *values* stand in *files*, written in any way."""
    contents = [file.read_bytes() for file in files if file.is_file()]
    return {
        value
        for value in values
        if any(form in content for form in written(value) for content in contents)
    }


def secrets_of(opened: Opened, signals: Iterable[bytes]) -> list[bytes]:
    """Return what must not outlive a purge."""
    return [*signals, TEXT.encode(), LOCATOR.encode(), opened.case_id.encode()]


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server whose files hold nothing but this test's database."""
    with running_postgres() as server:
        yield server


def everything_below(*folders: Path) -> list[Path]:
    """Return every file below the folders."""
    return [path for folder in folders for path in folder.rglob("*")]


def tell(story: Story) -> tuple[Opened, list[bytes]]:
    """Open a case with a picture, a text and a locator; vouch and look it up once."""
    picture = photograph("coffee")
    signals = hash_picture(picture, role="reporter")
    packed = signals.keypoints[0].plain.pack()
    described = KeypointDocument(to_text(SignalType.KEYPOINTS, packed))
    plain = registered(signals)
    item = structs.replace(plain, signals=[*plain.signals, described])
    choices = Choices(keypoints=True)
    opened = story.opens(item, text=TEXT, locators=[LOCATOR], choices=choices)
    platform = story.platform("forum")
    assert story.lookup(platform, picture.read_bytes()) != []
    pieces = [packed[at : at + 32] for at in (2, 1000, 2300)]
    return opened, secrets_of(opened, [signals.whole.bits, *pieces])


def withdraw_and_purge(story: Story, opened: Opened) -> None:
    """Withdraw the case and let the worker purge it after the days of undo."""
    story.hub.cases.withdraw(access(opened))
    story.clock.advance(timedelta(days=8))
    story.works()


def test_nothing_of_a_purged_case_is_left_in_sqlite_s_files(
    tmp_path: Path, clock: FakeClock
) -> None:
    """Database, write-ahead log, journal and every other file; the journal keeps an opaque id."""
    folder = tmp_path / "hub"
    with telling(settings_for(tmp_path, ""), clock) as story:
        opened, secrets = tell(story)
        assert found_in(everything_below(folder), secrets) == set(secrets)

        withdraw_and_purge(story, opened)

        files = [path for path in everything_below(folder) if path.name != "journal.jsonl"]
        assert found_in(files, secrets) == set()
        assert found_in(everything_below(folder), secrets) <= {opened.case_id.encode()}
        story.hub.audit.verify()


def test_nothing_of_a_purged_case_is_left_in_postgresql_s_files(
    tmp_path: Path, clock: FakeClock, own_postgres: PostgresServer
) -> None:
    """After VACUUM FULL and a switch of the write-ahead log, tables and log hold nothing."""
    url = own_postgres.create_database()
    with telling(settings_for(tmp_path, url), clock) as story:
        opened, secrets = tell(story)
        settle(story.hub.db)
        assert found_in(everything_below(own_postgres.data), secrets) == set(secrets)

        withdraw_and_purge(story, opened)
        settle(story.hub.db)

        assert found_in(everything_below(own_postgres.data), secrets) == set()
        story.hub.audit.verify()


def settle(db: Database) -> None:
    """Rewrite every table and leave the old write-ahead log behind, as an operator would.

    Without ``wal_recycle = off`` PostgreSQL keeps old segments under new names.
    """
    engine = db.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("ALTER SYSTEM SET wal_recycle = off")
        connection.execute(sa.select(sa.func.pg_reload_conf()))
        connection.exec_driver_sql("VACUUM FULL")
        for _ in range(2):
            connection.execute(sa.select(sa.func.pg_switch_wal()))
            connection.exec_driver_sql("CHECKPOINT")


def test_the_index_forgets_a_purged_case(story: Story) -> None:
    """No look-up finds it, and the bank holds no row of its signal."""
    opened, _ = tell(story)

    withdraw_and_purge(story, opened)

    forum = story.hub.platforms.list()[0]
    assert story.lookup(forum, photograph("coffee").read_bytes()) == []
    with story.hub.db.reading():
        kept = story.hub.db.execute(
            sa.text("SELECT count(*) FROM entries WHERE signal IS NOT NULL")
        ).scalar()
    assert kept == 0
