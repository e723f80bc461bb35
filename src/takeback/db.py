"""The database: connections, transactions and column types. Knows no table.

SQLite and PostgreSQL behave alike here: one writer at a time (``BEGIN IMMEDIATE`` there,
a transaction-long advisory lock here), so a number drawn inside a transaction is also in
commit order, and readers of a sequence never skip. ``docs/decisions/0003`` has the reasons.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, CursorResult, Dialect, Engine
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of the hub. Each store declares its own."""

_WRITER_LOCK = 0x7A6B_0001
"""Key of PostgreSQL's advisory lock that write transactions hold."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Rows = Sequence[Mapping[str, object]] | Mapping[str, object] | None
"""Values for a statement's parameters: none, one row, or one mapping for each row."""

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A 64-bit whole number; SQLite's STRICT tables know it as INTEGER."""


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored as microseconds since 1970 in UTC. Naive times are refused."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use INTEGER on SQLite, where STRICT tables have no BIGINT."""
        return dialect.type_descriptor(sa.Integer() if dialect.name == "sqlite" else Big)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Turn an aware instant into microseconds."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Turn microseconds into an instant in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Day(TypeDecorator[date]):
    """A calendar day (UTC), stored as ``YYYY-MM-DD``."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        """Turn a day into text."""
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        """Turn text into a day."""
        return None if value is None else date.fromisoformat(value)


class Flag(TypeDecorator[bool]):
    """A yes or no: BOOLEAN on PostgreSQL, 0 or 1 on SQLite."""

    impl = sa.Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use INTEGER on SQLite, where STRICT tables have no BOOLEAN."""
        return dialect.type_descriptor(sa.Integer() if dialect.name == "sqlite" else sa.Boolean())

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:
        """Turn 0 or 1 into a bool."""
        return None if value is None else bool(value)


@dataclass(slots=True)
class _Open:
    """A transaction that is under way in this context."""

    connection: Connection
    writing: bool
    before_commit: list[Callable[[], None]] = field(default_factory=list)
    after_commit: list[Callable[[], None]] = field(default_factory=list)


class Database:
    """One database. Stores run their statements on the transaction that is open around them."""

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        """Make the engine; nothing is opened yet.

        Args:
            url: SQLAlchemy URL, ``sqlite:///path`` or ``postgresql+psycopg://…``.
            timeout: seconds a writer waits for its turn on SQLite.
        """
        self.engine = _engine(url, timeout)
        self._open: ContextVar[_Open | None] = ContextVar("takeback-transaction", default=None)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a write transaction, or join the one that is open.

        Everything inside commits together or not at all. Writers wait for each other.
        """
        current = self._open.get()
        if current is None:
            with self._begin(writing=True):
                yield
        elif current.writing:
            yield
        else:
            raise RuntimeError("a reading transaction can't write")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Open a transaction that reads one consistent state, or join the one that is open."""
        if self._open.get() is not None:
            yield
        else:
            with self._begin(writing=False):
                yield

    @property
    def connection(self) -> Connection:
        """The open transaction's connection, for what needs more than ``execute``."""
        return self._required().connection

    def execute(self, statement: sa.Executable, rows: Rows = None) -> CursorResult[Any]:
        """Run *statement* on the open transaction, once or for each of *rows*."""
        result = self.connection.execute(statement, rows)
        return cast("CursorResult[Any]", result)

    def before_commit(self, action: Callable[[], None]) -> None:
        """Run *action* as the transaction's last step; if it fails, nothing commits."""
        self._required().before_commit.append(action)

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run *action* once the open transaction has committed."""
        self._required().after_commit.append(action)

    def truncate_log(self) -> None:
        """Empty SQLite's write-ahead log, which may still hold what was erased.

        While somebody reads an older state this does nothing; the worker tries again.
        PostgreSQL recycles its log by itself, see ``docs/how-to/run-a-hub.md``.
        """
        if self.dialect == "sqlite":
            with closing(self.engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _required(self) -> _Open:
        current = self._open.get()
        if current is None:
            raise RuntimeError("no transaction is open")
        return current

    @contextmanager
    def _begin(self, *, writing: bool) -> Iterator[None]:
        with self.engine.connect().execution_options(takeback_writing=writing) as connection:
            opened = _Open(connection, writing)
            with connection.begin():
                token = self._open.set(opened)
                try:
                    _queue_for_writing(connection, writing)
                    yield
                    for action in opened.before_commit:
                        action()
                finally:
                    self._open.reset(token)
        for action in opened.after_commit:
            action()


def _queue_for_writing(connection: Connection, writing: bool) -> None:
    """Let PostgreSQL have one writer at a time, as SQLite has."""
    if connection.dialect.name == "postgresql":
        if writing:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITER_LOCK)))
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _engine(url: str, timeout: float) -> Engine:
    """Make an engine; a SQLite one gets the pragmas and transactions we rely on."""
    if not url.startswith("sqlite"):
        return sa.create_engine(
            url, pool_pre_ping=True, pool_size=10, max_overflow=20, hide_parameters=True
        )
    engine = sa.create_engine(
        url,
        connect_args={"timeout": timeout, "check_same_thread": False},
        pool_size=20,
        hide_parameters=True,
    )
    sa.event.listen(engine, "do_connect", _make_private)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(
    _dialect: Dialect, _record: object, places: Sequence[str], _options: object
) -> None:
    """Make a new file with mode 0600, whatever its directory allows; its log takes after it.

    A file that is there is never opened here: closing it again would drop the locks that every
    other SQLite connection of this process holds on it (POSIX says so), and the next program
    to come along would take the log from under them.
    """
    if places[0] and not places[0].startswith((":memory:", "file:")):
        with suppress(OSError):  # SQLite says itself what is wrong with the place
            os.close(os.open(places[0], os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Set what every SQLite connection needs: durability, erasure, and our own BEGIN."""
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the writer's lock at the start, so that no transaction fails half-way for it."""
    writing = connection.get_execution_options().get("takeback_writing", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
