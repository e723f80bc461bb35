"""The tables of the state file, and how a file of an earlier release becomes one of this.

Version 1 knew one type of signal. Its entries are kept; what it did not understand is read
again from the feeds, as after every release that understands more (``sources.types``).
Version 2 had no index on the disk and one process: changes were not counted.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final

from takeback.errors import IntegrityFailure
from takeback.hashing.signal_types import SignalType
from takeback.matcher.log import log
from takeback.matcher.payloads import UNDERSTOOD

VERSION: Final = 3
"""Written into the file; a higher number was written by a later release."""

INSTANCE: Final = "instance"
"""The name, among the secrets, of what tells a file from every other."""

IN_MEMORY: Final = frozenset({SignalType.MD5, SignalType.VIDEO})
"""Types that every process holds in memory, and follows through the state file."""


def of_types(kinds: Iterable[str]) -> str:
    """Return the condition that an entry is of one of these types, the same text each time."""
    return "type IN ({})".format(", ".join(f"'{kind}'" for kind in sorted(kinds)))


_ENTRIES: Final = """
CREATE TABLE entries (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,    -- the indexes' id; never used twice
    source     INTEGER NOT NULL REFERENCES sources (id),
    number     BLOB NOT NULL,                        -- the hub's number of it for this platform
    type       TEXT NOT NULL,                        -- of the signal
    view       TEXT NOT NULL,
    bank       TEXT NOT NULL,
    ask        TEXT NOT NULL,
    generation INTEGER NOT NULL,                     -- the reading that last saw it
    payload    BLOB NOT NULL,                        -- the signal as bytes, in its type's form
    UNIQUE (source, number)
) STRICT;
"""

_CHANGES: Final = f"""
CREATE TABLE progress (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    changes INTEGER NOT NULL                         -- pages that changed the entries
) STRICT;
CREATE TABLE departed (                              -- what processes held in memory
    id     INTEGER PRIMARY KEY,                      -- of the entry that is gone
    change INTEGER NOT NULL                          -- with which it went
) STRICT;
CREATE INDEX departed_by_change ON departed (change);
CREATE INDEX entries_in_memory ON entries (id) WHERE {of_types(IN_MEMORY)};
INSERT INTO progress (one, changes) VALUES (1, %d);
"""  # noqa: S608 - our own text

SCHEMA: Final = f"""
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;
CREATE TABLE sources (
    id                  INTEGER PRIMARY KEY,
    url                 TEXT NOT NULL UNIQUE,
    generation          INTEGER NOT NULL DEFAULT 1,  -- the reading that is going on or was last
    complete_generation INTEGER NOT NULL DEFAULT 0,  -- the last one that reached the end
    cursor              TEXT,
    epoch               TEXT,
    fresh_at            INTEGER,                     -- seconds since 1970, last time up to date
    types               TEXT NOT NULL DEFAULT '{UNDERSTOOD}'  -- that the reading understood
) STRICT;
{_ENTRIES}
CREATE TABLE confirmations (
    source INTEGER NOT NULL REFERENCES sources (id),
    marker TEXT NOT NULL,
    PRIMARY KEY (source, marker)
) STRICT;
CREATE TABLE reports (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,        -- sent in this order
    source INTEGER NOT NULL REFERENCES sources (id),
    kind   TEXT NOT NULL CHECK (kind IN ('response', 'opinion')),
    id     TEXT NOT NULL,
    state  TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'refused')),
    day    INTEGER NOT NULL,                         -- days since 1970, of the last change
    body   BLOB,                                     -- NULL once it is settled
    UNIQUE (source, kind, id)
) STRICT;
CREATE INDEX reports_waiting ON reports (source, seq) WHERE state = 'waiting';
{_CHANGES % 0}
"""

_FROM_2: Final = _CHANGES % 1
"""Entries without an index on the disk count as one change that it has yet to see."""

_FROM_1: Final = f"""
ALTER TABLE sources ADD COLUMN types TEXT NOT NULL DEFAULT '';
ALTER TABLE entries RENAME TO entries_1;
{_ENTRIES}
INSERT INTO entries (id, source, number, type, view, bank, ask, generation, payload)
    SELECT id, source, number, 'pdq', view, bank, ask, generation, signal FROM entries_1;
DROP TABLE entries_1;
{_FROM_2}
"""  # noqa: S608 - our own text

_STATEMENTS: Final[Mapping[int, str]] = {0: SCHEMA, 1: _FROM_1, 2: _FROM_2}
"""What makes a file of this release of one of an earlier version; 0 is a new file."""


def prepare(db: sqlite3.Connection) -> None:
    """Create the tables in a new file, or bring a file of an earlier release up to this one.

    Raises:
        IntegrityFailure: the file is of a later release.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version != VERSION:
        _upgrade(db, version)
    db.execute("INSERT OR IGNORE INTO secrets VALUES (?, randomblob(16))", (INSTANCE,))


def _upgrade(db: sqlite3.Connection, version: int) -> None:
    if version not in _STATEMENTS:
        raise IntegrityFailure("the matcher's state file is of another release")
    db.executescript(f"BEGIN; {_STATEMENTS[version]} PRAGMA user_version = {VERSION}; COMMIT;")
    if version:
        log().warning("state.upgraded", was=version, now=VERSION)
