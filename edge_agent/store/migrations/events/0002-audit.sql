-- Who looked at which footage, and when. Times are microseconds since 1970-01-01 UTC.
CREATE TABLE looks (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    moment INTEGER NOT NULL,
    -- the name of the token or the user of the box, never the token
    who TEXT NOT NULL,
    -- film, segment, file
    what TEXT NOT NULL,
    camera TEXT NOT NULL,
    start INTEGER NOT NULL,
    finish INTEGER NOT NULL
) STRICT;

CREATE INDEX looks_moment ON looks (moment);
