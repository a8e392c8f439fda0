-- What is known of each source between runs. Times are seconds since the epoch.
CREATE TABLE IF NOT EXISTS capture_sources (
  name TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  session INTEGER NOT NULL DEFAULT 0,
  heard_until REAL
) WITHOUT ROWID;
-- One row a commit; ten bytes an entry: message id (u16 little-endian), digest (u64 little-endian).
CREATE TABLE IF NOT EXISTS capture_ledger (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  session INTEGER NOT NULL,
  entries BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS idx_capture_ledger_source ON capture_ledger(source, id);
-- Digest (as a signed number) of the last retained payload kept for each topic.
CREATE TABLE IF NOT EXISTS capture_retained (
  source TEXT NOT NULL,
  topic TEXT NOT NULL,
  digest INTEGER NOT NULL,
  PRIMARY KEY (source, topic)
) WITHOUT ROWID;
