-- A state file as the first release wrote it: two entries of one hub.
PRAGMA journal_mode = WAL;
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
    fresh_at            INTEGER                      -- seconds since 1970, last time up to date
) STRICT;
CREATE TABLE entries (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,    -- the index's id; never used twice
    source     INTEGER NOT NULL REFERENCES sources (id),
    number     BLOB NOT NULL,                        -- the hub's number of it for this platform
    signal     BLOB NOT NULL CHECK (length(signal) = 32),
    view       TEXT NOT NULL,
    bank       TEXT NOT NULL,
    ask        TEXT NOT NULL,
    generation INTEGER NOT NULL,                     -- the reading that last saw it
    UNIQUE (source, number)
) STRICT;
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
    body   BLOB,                                     -- NULL once it is sent
    UNIQUE (source, kind, id)
) STRICT;
CREATE INDEX reports_waiting ON reports (source, seq) WHERE state = 'waiting';
INSERT INTO sources (id, url, cursor, epoch, fresh_at, complete_generation)
    VALUES (1, 'https://hub.example', 'c', 'e1', 1900000000, 1);
INSERT INTO entries (source, number, signal, view, bank, ask, generation) VALUES
    (1, x'00000000000000000000000000000001',
     x'0101010101010101010101010101010101010101010101010101010101010101',
     'whole', 'adult', 'remove', 1),
    (1, x'00000000000000000000000000000002',
     x'0202020202020202020202020202020202020202020202020202020202020202',
     'mirror', 'not_said', 'review', 1);
PRAGMA user_version = 1;
