-- One row a packet, however often it was heard; first_seen is text, last_seen Unix seconds.
CREATE TABLE IF NOT EXISTS transmissions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  raw_hex TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  first_seen TEXT NOT NULL,
  route_type INTEGER,
  payload_type INTEGER,
  payload_version INTEGER,
  decoded_json TEXT,
  from_pubkey TEXT,
  last_seen INTEGER NOT NULL DEFAULT 0,
  created_at TEXT DEFAULT (datetime('now')),
  channel_hash TEXT DEFAULT NULL,
  scope_name TEXT DEFAULT NULL
);
