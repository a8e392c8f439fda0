-- Where CoreScope looks for what has been done already.
CREATE TABLE IF NOT EXISTS _migrations (
  name TEXT PRIMARY KEY
);
CREATE TABLE IF NOT EXISTS _async_migrations (
  name TEXT PRIMARY KEY,
  status TEXT NOT NULL,
  started_at TEXT NOT NULL DEFAULT (datetime('now')),
  ended_at TEXT,
  error TEXT
);
