-- Stretches of time in which a source was not covered, the last 100,000 of them.
CREATE TABLE IF NOT EXISTS capture_gaps (
  id INTEGER PRIMARY KEY, -- row id
  source TEXT NOT NULL, -- the source
  from_time REAL NOT NULL, -- begin, seconds since the epoch
  to_time REAL NOT NULL, -- end, seconds since the epoch
  reason TEXT NOT NULL -- session_lost: the broker kept nothing for us; session_restored: it was killed and went back to what it had saved; qos0: nor what came at QoS 0; subscription_refused: we were connected, but not allowed to listen; restored: a backup took the place
);
