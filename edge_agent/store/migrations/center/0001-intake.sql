-- What the sites of a district have sent. Times are microseconds since 1970-01-01 UTC.
-- Written in SQLite's words; center/store/engine.py says the few that PostgreSQL spells otherwise.

-- facts, in the order in which they were stored; wall clocks order nothing
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    site TEXT NOT NULL,
    epoch TEXT NOT NULL,
    lane TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    time INTEGER NOT NULL,
    severity TEXT NOT NULL,
    data TEXT NOT NULL,
    received INTEGER NOT NULL,
    -- 1: came long after it happened (ingest.late)
    late INTEGER NOT NULL,
    UNIQUE (site, epoch, lane, sequence),
    UNIQUE (source, id)
) STRICT;

CREATE INDEX events_of_a_site ON events (site, position);

CREATE TABLE images (
    site TEXT NOT NULL,
    event TEXT NOT NULL,
    epoch TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    jpeg BLOB NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (site, event)
) STRICT;

-- messages that will never come, and why
CREATE TABLE tombstones (
    site TEXT NOT NULL,
    epoch TEXT NOT NULL,
    lane TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    reason TEXT NOT NULL,
    time INTEGER NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (site, epoch, lane, first, last)
) STRICT;

-- which sequence numbers are stored or explained: spans as JSON [[1,500],[503,510]]
CREATE TABLE received (
    site TEXT NOT NULL,
    epoch TEXT NOT NULL,
    lane TEXT NOT NULL,
    spans TEXT NOT NULL DEFAULT '[]',
    through INTEGER NOT NULL DEFAULT 0,
    highest INTEGER NOT NULL DEFAULT 0,
    -- numbers missing below the highest
    missing INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (site, epoch, lane)
) STRICT;

CREATE INDEX received_missing ON received (site) WHERE missing > 0;

-- every events database that a site was ever heard with; a second one is a re-imaged device
CREATE TABLE epochs (
    site TEXT NOT NULL,
    epoch TEXT NOT NULL,
    heard INTEGER NOT NULL,
    PRIMARY KEY (site, epoch)
) STRICT;

-- the latest that each site said of itself
CREATE TABLE sites (
    site TEXT PRIMARY KEY,
    heard INTEGER NOT NULL,
    epoch TEXT NOT NULL DEFAULT '',
    conn INTEGER NOT NULL DEFAULT 0,
    word TEXT NOT NULL DEFAULT '',
    word_at INTEGER NOT NULL DEFAULT 0,
    birth TEXT NOT NULL DEFAULT '',
    birth_at INTEGER NOT NULL DEFAULT 0,
    heartbeat TEXT NOT NULL DEFAULT '',
    heartbeat_at INTEGER NOT NULL DEFAULT 0,
    -- received - said, milliseconds; NULL before the first heartbeat
    skew INTEGER,
    -- what the silence watch made of it, since when, and whether a person would be told
    standing TEXT NOT NULL DEFAULT 'unknown',
    since INTEGER NOT NULL DEFAULT 0,
    paged INTEGER NOT NULL DEFAULT 0,
    -- when its certificate was revoked; NULL: it was not
    revoked INTEGER
) STRICT;

CREATE TABLE cameras (
    site TEXT NOT NULL,
    camera TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    heard INTEGER NOT NULL,
    PRIMARY KEY (site, camera)
) STRICT;

-- what was not taken, with the reason; the same bytes again count up
CREATE TABLE quarantine (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    site TEXT NOT NULL,
    digest TEXT NOT NULL,
    topic TEXT NOT NULL,
    content_type TEXT NOT NULL,
    labels TEXT NOT NULL,
    reason TEXT NOT NULL,
    vi TEXT NOT NULL,
    en TEXT NOT NULL,
    -- size of the whole; of a payload over the cap only the beginning is kept
    size INTEGER NOT NULL,
    payload BLOB NOT NULL,
    times INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    UNIQUE (site, digest)
) STRICT;

-- what an officer should know of a site ('' is the center itself); the same again counts up
CREATE TABLE notices (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    site TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    vi TEXT NOT NULL,
    en TEXT NOT NULL,
    times INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    UNIQUE (site, kind, subject)
) STRICT;

-- the center's own signs of life
CREATE TABLE pulse (
    center TEXT PRIMARY KEY,
    conn INTEGER NOT NULL DEFAULT 0,
    beat INTEGER NOT NULL DEFAULT 0,
    -- milliseconds by which the majority of sites differs from our clock; NULL: it does not
    clock_off INTEGER
) STRICT;
