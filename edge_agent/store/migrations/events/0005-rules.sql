-- What the rules could know, hour by hour, and what people said of what they told. Times are
-- microseconds since 1970-01-01 UTC.
CREATE TABLE coverage (
    camera TEXT NOT NULL,
    -- when the hour begins
    hour INTEGER NOT NULL,
    -- looked at
    seconds REAL NOT NULL,
    persons INTEGER NOT NULL,
    -- of the persons who had to wear a mask: with an answer, without one
    answered INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    -- persons × seconds in view, and of these with a place on the floor
    person_seconds REAL NOT NULL,
    placed_seconds REAL NOT NULL,
    PRIMARY KEY (camera, hour)
) STRICT, WITHOUT ROWID;

-- the last one of an episode counts, the others stay
CREATE TABLE verdicts (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    episode TEXT NOT NULL,
    -- confirmed, false, unclear
    verdict TEXT NOT NULL,
    who TEXT NOT NULL,
    note TEXT NOT NULL,
    moment INTEGER NOT NULL
) STRICT;

CREATE INDEX verdicts_episode ON verdicts (episode, position);
CREATE INDEX events_time ON events (time);
