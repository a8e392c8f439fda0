-- Stretches of time in which a source was not covered.
CREATE TABLE IF NOT EXISTS capture_gaps (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  from_time REAL NOT NULL,
  to_time REAL NOT NULL,
  reason TEXT NOT NULL
);
