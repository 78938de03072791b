-- What the center's small authority has signed, and who asks to be signed.
-- Times are microseconds since 1970-01-01 UTC.

CREATE TABLE certificates (
    -- hex, lower case, as `openssl x509 -serial` tells it in upper case
    serial TEXT PRIMARY KEY,
    -- the common name: a site's id, a host, or the center's own name
    name TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('site', 'server', 'center')),
    -- SHA-256 (hex) of the public key in DER
    key TEXT NOT NULL,
    begins INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    issued INTEGER NOT NULL,
    pem TEXT NOT NULL,
    revoked INTEGER,
    revoked_by TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX certificates_name ON certificates (name, ends);

-- One ticket of a technician: a code that was given out, the key that came with it, the decision.
CREATE TABLE enrolments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    site TEXT NOT NULL,
    -- code: a technician's one-time code; grace: an expired certificate asks to be renewed
    kind TEXT NOT NULL CHECK (kind IN ('code', 'grace')),
    -- SHA-256 of site and code; the code itself is printed once and kept nowhere
    code BLOB NOT NULL DEFAULT x'',
    opened INTEGER NOT NULL,
    opened_by TEXT NOT NULL,
    -- until when the code may be used first, later until when the answer may be fetched
    expires INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'waiting', 'approved', 'refused')),
    -- set with the first use, which binds the code to this key
    key TEXT NOT NULL DEFAULT '',
    request TEXT NOT NULL DEFAULT '',
    source TEXT NOT NULL DEFAULT '',
    decided_by TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    serial TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX enrolments_site ON enrolments (site, id);

-- Wrong codes by site and by source address; a lock once they are too many.
CREATE TABLE tries (
    who TEXT PRIMARY KEY,
    wrong INTEGER NOT NULL,
    last INTEGER NOT NULL,
    locked INTEGER
) STRICT, WITHOUT ROWID;
