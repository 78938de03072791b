-- Which boot the beat is of: after a power cut it is another one than now.
ALTER TABLE beat ADD COLUMN boot TEXT NOT NULL DEFAULT '';

-- The RTSP transport that worked last, so that a restart does not try the other one first.
CREATE TABLE transports (
    camera TEXT PRIMARY KEY,
    transport TEXT NOT NULL CHECK (transport IN ('tcp', 'udp'))
) STRICT, WITHOUT ROWID;
