-- Commands from the center: what was asked, by whom, what became of it. Times are microseconds
-- since 1970-01-01 UTC. Rows are the audit: nobody changes or removes them but the sweep by age.
CREATE TABLE commands (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    moment INTEGER NOT NULL,
    request TEXT NOT NULL,
    who TEXT NOT NULL,
    role TEXT NOT NULL,
    action TEXT NOT NULL,
    camera TEXT NOT NULL,
    -- accepted, done, refused, failed
    outcome TEXT NOT NULL,
    -- a refusal or the code of a trouble
    reason TEXT NOT NULL,
    -- uploaded
    bytes INTEGER NOT NULL
) STRICT;

CREATE INDEX commands_moment ON commands (moment);

-- commands work once: a nonce is remembered longer than its command lives
CREATE TABLE nonces (
    nonce TEXT PRIMARY KEY,
    forget INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
