-- What was recorded, what was not and why. Times are microseconds since 1970-01-01 UTC.
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    camera TEXT NOT NULL,
    opened INTEGER NOT NULL,
    closed INTEGER,
    codec TEXT NOT NULL DEFAULT '',
    end_reason TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE segments (
    path TEXT PRIMARY KEY,
    camera TEXT NOT NULL,
    run TEXT NOT NULL,
    start INTEGER NOT NULL,
    finish INTEGER NOT NULL,
    size INTEGER NOT NULL,
    -- 1: deletion was decided; the file may or may not be gone (row garbage, unlink, row)
    garbage INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX segments_camera_start ON segments (camera, start, finish, size, garbage);
CREATE INDEX segments_garbage ON segments (path) WHERE garbage = 1;

CREATE TABLE gaps (
    camera TEXT NOT NULL,
    start INTEGER NOT NULL,
    finish INTEGER,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (camera, start)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX gaps_open ON gaps (camera) WHERE finish IS NULL;

CREATE TABLE statuses (
    camera TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- when the recorder last said that it is alive
CREATE TABLE beat (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    moment INTEGER NOT NULL
) STRICT;
