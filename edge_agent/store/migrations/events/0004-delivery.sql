-- Delivery: what a lane holds, what was given up, what was set aside, what was sent on which day.
ALTER TABLE lanes ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lanes ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE lanes SET
    waiting = (SELECT count(*) FROM outbox WHERE outbox.lane = lanes.lane),
    bytes = (SELECT coalesce(sum(size), 0) FROM outbox WHERE outbox.lane = lanes.lane);

-- connections that ended while this message was on its way
ALTER TABLE outbox ADD COLUMN losses INTEGER NOT NULL DEFAULT 0;

DROP INDEX outbox_backlog;
CREATE INDEX outbox_oldest ON outbox (lane, time);

CREATE TRIGGER outbox_grows AFTER INSERT ON outbox BEGIN
    UPDATE lanes SET waiting = waiting + 1, bytes = bytes + NEW.size WHERE lane = NEW.lane;
END;

CREATE TRIGGER outbox_shrinks AFTER DELETE ON outbox BEGIN
    UPDATE lanes SET waiting = waiting - 1, bytes = bytes - OLD.size WHERE lane = OLD.lane;
END;

-- stands for messages that will never come, until the center knows
CREATE TABLE tombstones (
    lane TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    reason TEXT NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (lane, first)
) STRICT;

-- messages that could not be sent, kept for a person to look at
CREATE TABLE quarantine (
    lane TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    topic TEXT NOT NULL,
    content_type TEXT NOT NULL,
    payload BLOB NOT NULL,
    event TEXT NOT NULL,
    reason TEXT NOT NULL,
    time INTEGER NOT NULL,
    -- 1: an event says so
    told INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (lane, sequence)
) STRICT;

-- bytes handed to the line, per day of the site and lane
CREATE TABLE spent (
    day TEXT NOT NULL,
    lane TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (day, lane)
) STRICT, WITHOUT ROWID;
