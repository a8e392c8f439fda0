-- What this file is and how far its background jobs have come.
CREATE TABLE IF NOT EXISTS capture_state (
  key TEXT PRIMARY KEY, -- what is remembered
  value -- what it is
) WITHOUT ROWID;
