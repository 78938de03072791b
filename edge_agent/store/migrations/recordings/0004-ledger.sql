-- What outlives the footage: closed days, deletions, holds, the promise and who must be told of it.
-- Times are microseconds since 1970-01-01 UTC.

-- A day is closed before the first of its files is deleted.
CREATE TABLE days (
    camera TEXT NOT NULL,
    -- in the site's time zone, YYYY-MM-DD; start and finish bound it in UTC
    day TEXT NOT NULL,
    start INTEGER NOT NULL,
    finish INTEGER NOT NULL,
    -- JSON: [[start, finish, reason, detail], …], clipped, ordered, without overlap
    gaps TEXT NOT NULL,
    PRIMARY KEY (camera, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE deletions (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    camera TEXT NOT NULL,
    start INTEGER NOT NULL,
    finish INTEGER NOT NULL,
    files INTEGER NOT NULL,
    size INTEGER NOT NULL,
    why TEXT NOT NULL
) STRICT;

CREATE INDEX deletions_camera ON deletions (camera, start);

CREATE TABLE holds (
    id TEXT PRIMARY KEY,
    camera TEXT NOT NULL,
    start INTEGER NOT NULL,
    finish INTEGER,
    reason TEXT NOT NULL,
    who TEXT NOT NULL,
    made INTEGER NOT NULL,
    until INTEGER,
    released INTEGER,
    released_by TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE retention (
    camera TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    checked INTEGER NOT NULL,
    days_held REAL NOT NULL,
    risk_days REAL,
    bytes_per_day INTEGER NOT NULL,
    held_bytes INTEGER NOT NULL,
    capacity INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notices (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    time INTEGER NOT NULL,
    severity TEXT NOT NULL,
    data TEXT NOT NULL,
    -- 1: the agent has made it an event
    told INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX notices_untold ON notices (position) WHERE told = 0;

-- the recordings disk as the recorder last saw it
CREATE TABLE disk (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    state TEXT NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    -- JSON of what smartctl says, or null
    smart TEXT NOT NULL
) STRICT;
