-- What was heard and refused.
CREATE TABLE IF NOT EXISTS dropped_packets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT,
  raw_hex TEXT,
  reason TEXT NOT NULL,
  observer_id TEXT,
  observer_name TEXT,
  node_pubkey TEXT,
  node_name TEXT,
  dropped_at DATETIME DEFAULT CURRENT_TIMESTAMP
);
