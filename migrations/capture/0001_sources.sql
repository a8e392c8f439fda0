-- What is known of each source between runs. Times are seconds since the epoch.
CREATE TABLE IF NOT EXISTS capture_sources (
  name TEXT PRIMARY KEY, -- the source, as configured
  client_id TEXT NOT NULL, -- MQTT client id of its session
  session INTEGER NOT NULL DEFAULT 0, -- counts the sessions that the broker has forgotten
  heard_until REAL -- until then the source is known to have been listened to
) WITHOUT ROWID;
-- One row a commit; ten bytes an entry: message id (u16 little-endian), digest (u64 little-endian).
CREATE TABLE IF NOT EXISTS capture_ledger (
  id INTEGER PRIMARY KEY, -- row id, in the order of commits
  source TEXT NOT NULL, -- the source
  session INTEGER NOT NULL, -- its session then
  entries BLOB NOT NULL -- a message id (u16) and digest (u64, both little-endian) for each message of the commit
);
CREATE INDEX IF NOT EXISTS idx_capture_ledger_source ON capture_ledger(source, id);
-- Digest (as a signed number) of the last retained payload kept for each topic.
CREATE TABLE IF NOT EXISTS capture_retained (
  source TEXT NOT NULL, -- the source
  topic TEXT NOT NULL, -- MQTT topic
  digest INTEGER NOT NULL, -- of the payload, as a signed number
  PRIMARY KEY (source, topic)
) WITHOUT ROWID;
