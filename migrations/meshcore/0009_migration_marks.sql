-- Where CoreScope looks for what has been done already.
CREATE TABLE IF NOT EXISTS _migrations (
  name TEXT PRIMARY KEY -- name of a migration of CoreScope's that is done
);
-- The same for those of its migrations that run in the background.
CREATE TABLE IF NOT EXISTS _async_migrations (
  name TEXT PRIMARY KEY, -- name of a migration of CoreScope's that ran in the background
  status TEXT NOT NULL, -- running, done or failed
  started_at TEXT NOT NULL DEFAULT (datetime('now')), -- UTC
  ended_at TEXT, -- UTC
  error TEXT -- what went wrong
);
