"""The schema that the stores declare, beside the one that the migrations make."""

import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import compare_metadata, produce_migrations
from alembic.autogenerate.api import render_python_code
from alembic.runtime.migration import MigrationContext

import takeback
from takeback import db
from takeback.db import Database
from takeback.migrations import migrate


def import_stores() -> None:
    """Import every module that declares a table."""
    for module in pkgutil.walk_packages(takeback.__path__, "takeback."):
        if "__main__" not in module.name and ".migrations." not in module.name:
            importlib.import_module(module.name)


def differences(database: Database) -> list[object]:
    """Return what the migrated *database* lacks of the declared schema, or has too much."""
    import_stores()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, db.metadata))


def new_step() -> str:
    """Return the code of a step from the last migration to the declared schema."""
    import_stores()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'hub.db'}")
        migrate(database)
        with database.engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"user_module_prefix": "takeback.db.", "compare_type": True}
            )
            upgrades = produce_migrations(context, db.metadata).upgrade_ops
            assert upgrades is not None
            return render_python_code(upgrades, migration_context=context)


if __name__ == "__main__":
    sys.stdout.write(new_step() + "\n")
