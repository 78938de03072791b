-- Proof of what was recorded: the hash of each file, the days whose manifest must be signed again,
-- what the scrub found, and who took footage out.
-- '': not hashed yet (a file of an interrupted run, or of a time before this step)
ALTER TABLE segments ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
-- 1: hashed from the disk after the fact, not while it was written
ALTER TABLE segments ADD COLUMN hashed_late INTEGER NOT NULL DEFAULT 0;
CREATE INDEX segments_unhashed ON segments (path) WHERE sha256 = '' AND garbage = 0;

-- version grows with each change of a day; signed is the version that the manifest on disk tells
CREATE TABLE manifest_days (
    camera TEXT NOT NULL,
    day TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    signed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (camera, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_days_due ON manifest_days (camera, day) WHERE version > signed;

-- files that went by a decision, until their day's manifest says so
CREATE TABLE removed_files (
    path TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TRIGGER segments_added AFTER INSERT ON segments BEGIN
    INSERT INTO manifest_days (camera, day)
    VALUES (new.camera, substr(new.path, length(new.camera) + 2, 10))
    ON CONFLICT (camera, day) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER segments_changed AFTER UPDATE OF start, finish, size, sha256 ON segments BEGIN
    INSERT INTO manifest_days (camera, day)
    VALUES (new.camera, substr(new.path, length(new.camera) + 2, 10))
    ON CONFLICT (camera, day) DO UPDATE SET version = version + 1;
END;

CREATE TRIGGER segments_removed AFTER DELETE ON segments BEGIN
    INSERT INTO manifest_days (camera, day)
    VALUES (old.camera, substr(old.path, length(old.camera) + 2, 10))
    ON CONFLICT (camera, day) DO UPDATE SET version = version + 1;
    INSERT INTO removed_files (path) SELECT old.path WHERE old.garbage = 1
    ON CONFLICT (path) DO NOTHING;
END;

CREATE TRIGGER gaps_added AFTER INSERT ON gaps BEGIN
    UPDATE manifest_days SET version = version + 1
    WHERE camera = new.camera AND day = date(new.start / 1000000, 'unixepoch');
END;

CREATE TRIGGER gaps_changed AFTER UPDATE ON gaps BEGIN
    UPDATE manifest_days SET version = version + 1
    WHERE camera = new.camera AND day IN (
        date(new.start / 1000000, 'unixepoch'), date(new.finish / 1000000, 'unixepoch')
    );
END;

-- every file that existed when this step was taken is still to be told
INSERT INTO manifest_days (camera, day)
SELECT DISTINCT camera, substr(path, length(camera) + 2, 10) FROM segments;

-- what is wrong with a file or a manifest; a finding is told once
CREATE TABLE findings (
    path TEXT NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    found INTEGER NOT NULL,
    PRIMARY KEY (path, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE scrub (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    -- the last file that was looked at; the next round begins behind it
    path TEXT NOT NULL,
    rounds INTEGER NOT NULL DEFAULT 0
) STRICT;

-- who took footage out, why, which span, when; written before the first byte is copied
CREATE TABLE exports (
    id TEXT PRIMARY KEY,
    moment INTEGER NOT NULL,
    camera TEXT NOT NULL,
    start INTEGER NOT NULL,
    finish INTEGER NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    output TEXT NOT NULL,
    files INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    -- started, done, or what went wrong
    outcome TEXT NOT NULL
) STRICT, WITHOUT ROWID;
