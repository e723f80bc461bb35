-- A state file of version 2: four entries of one hub, of three types of signal.
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
    fresh_at            INTEGER,                     -- seconds since 1970, last time up to date
    types               TEXT NOT NULL DEFAULT 'kp1 md5 pdq video1'  -- that the reading understood
) STRICT;
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
INSERT INTO entries (source, number, type, view, bank, ask, generation, payload) VALUES
    (1, x'00000000000000000000000000000001', 'pdq', 'whole', 'adult', 'remove', 1,
     x'0101010101010101010101010101010101010101010101010101010101010101'),
    (1, x'00000000000000000000000000000002', 'pdq', 'whole', 'adult', 'remove', 1,
     x'0202020202020202020202020202020202020202020202020202020202020202'),
    (1, x'00000000000000000000000000000003', 'kp1', 'whole', 'adult', 'remove', 1,
     x'4030246dee453351e4d3ca3aca414c46c1682afad1a4022cb28c6202f315321d0e077add38353297dd2e3ce6c0a49c7fd69ac2c38948994ad13a4c69540ad5e273a876d6c9801fa04519b91f242d9e4d2e0cda1f0c7018740b8216fa818e50225db52062a5693267c06350'),
    (1, x'00000000000000000000000000000004', 'md5', 'whole', 'adult', 'remove', 1,
     x'86b1c212db0c0da91e36a2446d83dc3e');
PRAGMA user_version = 2;
