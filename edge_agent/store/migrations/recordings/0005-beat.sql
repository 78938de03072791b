-- The beat by the monotonic clock too, and the last time that the wall clock was set back: how long a
-- recorder was down, and by which labels, is known although the wall clock was stepped.
ALTER TABLE beat ADD COLUMN mono REAL NOT NULL DEFAULT 0;
ALTER TABLE beat ADD COLUMN back INTEGER NOT NULL DEFAULT 0;
ALTER TABLE beat ADD COLUMN back_at REAL NOT NULL DEFAULT 0;
