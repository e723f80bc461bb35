"""Forward-only changes of the database, applied at start under a lock.

Each file in ``versions/`` is one step. A released step is never edited. All steps that are
missing run in one transaction: a failed upgrade leaves the database as it was.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from takeback.db import Database
from takeback.errors import IntegrityFailure

_LOCK = 0x7A6B_0002
"""Key of the advisory lock that lets one process at a time upgrade a PostgreSQL database."""


def migrate(db: Database, step: str = "head") -> None:
    """Bring *db* to this program's schema, or to *step*, or do nothing when it is there.

    Safe when several processes start at once: the second waits for the first.

    Raises:
        IntegrityFailure: a newer program has used this database; nothing was changed.
    """
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        config = _config(connection)
        _refuse_newer(connection, config)
        command.upgrade(config, step)


def revision(db: Database) -> str | None:
    """Return the step that *db* stands at, or None when it is empty."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _refuse_newer(connection: Connection, config: Config) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise IntegrityFailure(f"the database is at step {current}, which this program lacks")
