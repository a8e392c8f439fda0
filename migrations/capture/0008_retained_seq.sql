-- For a bound: when there are too many, those that changed longest ago go.
ALTER TABLE capture_retained ADD COLUMN seq INTEGER NOT NULL DEFAULT 0; -- counts up with every payload kept, so that the smallest is the oldest
