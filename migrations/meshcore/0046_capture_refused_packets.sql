-- What was heard and could not be used, but for bad signatures: CoreScope's server counts the rows of
-- dropped_packets as such, so the rest stands here. refused_at is Unix seconds.
CREATE TABLE IF NOT EXISTS capture_refused_packets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  refused_at REAL NOT NULL,
  reason TEXT NOT NULL,
  fault TEXT NOT NULL,
  text TEXT NOT NULL,
  hash TEXT,
  raw_hex TEXT,
  observer_id TEXT,
  observer_name TEXT,
  node_pubkey TEXT,
  node_name TEXT
);
