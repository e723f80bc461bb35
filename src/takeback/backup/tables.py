"""Every row of a database as plain values, and back. Knows no domain.

Tables are read as the database itself describes them, so a backup made by an older
release is filled into that release's tables before the upgrade runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa

from takeback.backup.archive import Line
from takeback.db import Database

BATCH = 1000
_OURS = "alembic_version"


def described(db: Database) -> sa.MetaData:
    """Return the tables as *db* has them now, without Alembic's own. Needs an open transaction."""
    found = sa.MetaData()
    found.reflect(db.connection)
    if _OURS in found.tables:
        found.remove(found.tables[_OURS])
    return found


def rows(db: Database) -> Iterator[Line]:
    """Yield every row of every table, parents first. Needs an open transaction."""
    for table in described(db).sorted_tables:
        for row in db.execute(sa.select(table).execution_options(yield_per=BATCH)).mappings():
            yield {"table": table.name, "row": dict(row)}


def erase(db: Database) -> None:
    """Drop every table, so that an interrupted restore can begin again."""
    found = sa.MetaData()
    found.reflect(db.engine)
    found.drop_all(db.engine)


def used(db: Database) -> bool:
    """Tell whether *db* holds any table yet."""
    return bool(sa.inspect(db.engine).get_table_names())


def clear_defaults(db: Database, tables: sa.MetaData) -> None:
    """Remove the rows that every new hub starts with; the backup brings its own."""
    for table in reversed(tables.sorted_tables):
        db.execute(table.delete())


@dataclass(slots=True)
class Filler:
    """Puts rows into tables in batches. Needs an open transaction."""

    db: Database
    tables: sa.MetaData
    waiting: list[dict[str, object]] = field(default_factory=list)
    current: str = ""
    count: int = 0

    def add(self, table: str, row: dict[str, object]) -> None:
        """Take one row; rows of one table come together."""
        if table != self.current or len(self.waiting) >= BATCH:
            self.flush()
        self.current = table
        self.waiting.append(_typed(self.tables.tables[table], row))
        self.count += 1

    def flush(self) -> None:
        """Write what is waiting."""
        if self.waiting:
            self.db.execute(self.tables.tables[self.current].insert(), self.waiting)
        self.waiting = []

    def finish(self) -> None:
        """Write what is waiting and let the database count on from the highest id."""
        self.flush()
        if self.db.dialect == "postgresql":
            for table in self.tables.sorted_tables:
                _move_sequences(self.db, table)


def _typed(table: sa.Table, row: dict[str, object]) -> dict[str, object]:
    """Give yes-or-no columns the form this database wants; SQLite stores them as numbers."""
    return {
        name: bool(value)
        if isinstance(table.c[name].type, sa.Boolean) and value is not None
        else int(value)
        if isinstance(value, bool)
        else value
        for name, value in row.items()
    }


def _move_sequences(db: Database, table: sa.Table) -> None:
    for column in table.primary_key.columns:
        if isinstance(column.type, sa.Integer):
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            highest = sa.select(sa.func.max(column)).scalar_subquery()
            db.execute(
                sa.select(sa.func.setval(sequence, sa.func.coalesce(highest, 1))).where(
                    sequence.is_not(None)
                )
            )
