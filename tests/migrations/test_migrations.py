"""Upgrades: a database of any release becomes this release's, and nothing else."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from takeback.db import Database
from takeback.errors import IntegrityFailure
from takeback.migrations import migrate, revision
from tests.migrations.schema import differences


@pytest.fixture
def fresh(database_url: str) -> Iterator[Database]:
    """A database without a single table."""
    opened = Database(database_url)
    yield opened
    opened.close()


def test_the_migrations_make_what_the_stores_declare(fresh: Database) -> None:
    """No table, column, type or index is missing, and none is too much."""
    migrate(fresh)

    assert differences(fresh) == []


def test_migrating_again_changes_nothing(fresh: Database) -> None:
    """Every start runs the migrations; the second has nothing to do."""
    migrate(fresh)
    before = revision(fresh)
    migrate(fresh)

    assert before is not None
    assert revision(fresh) == before


def test_two_programs_may_start_at_once(fresh: Database) -> None:
    """The second waits for the first instead of failing half-way."""
    problems: list[BaseException] = []

    def start() -> None:
        own = Database(fresh.engine.url.render_as_string(hide_password=False))
        try:
            migrate(own)
        except BaseException as problem:
            problems.append(problem)
        finally:
            own.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert differences(fresh) == []


def test_an_older_program_refuses_a_newer_database(fresh: Database) -> None:
    """Going back to an older release stops before anything is changed."""
    migrate(fresh)
    with fresh.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(IntegrityFailure):
        migrate(fresh)

    assert revision(fresh) == "9999"
