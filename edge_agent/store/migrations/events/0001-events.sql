-- What happened, and who must still be told. Times are microseconds since 1970-01-01 UTC.
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    time INTEGER NOT NULL,
    severity TEXT NOT NULL,
    data TEXT NOT NULL,
    still TEXT NOT NULL,
    -- 1: an episode that opened and has not closed yet
    open INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX events_open ON events (position) WHERE open = 1;

-- events ever recorded, per type
CREATE TABLE tallies (
    type TEXT PRIMARY KEY,
    events INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- the highest sequence number ever given out in a lane; never falls
CREATE TABLE lanes (
    lane TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    lane TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    topic TEXT NOT NULL,
    content_type TEXT NOT NULL,
    payload BLOB NOT NULL,
    size INTEGER NOT NULL,
    event TEXT NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (lane, sequence)
) STRICT;

-- how much waits and since when, without touching the payloads
CREATE INDEX outbox_backlog ON outbox (time, size);

-- counters: connections (MQTT connections tried), acknowledged (messages taken over)
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- which database this is: a new file is a new epoch
CREATE TABLE identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch TEXT NOT NULL
) STRICT;
