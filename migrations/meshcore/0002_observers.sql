-- Who hears: observations.observer_idx is the rowid of a row here.
CREATE TABLE IF NOT EXISTS observers (
  id TEXT PRIMARY KEY,
  name TEXT,
  iata TEXT,
  last_seen TEXT,
  first_seen TEXT,
  packet_count INTEGER DEFAULT 0,
  model TEXT,
  firmware TEXT,
  client_version TEXT,
  radio TEXT,
  battery_mv INTEGER,
  uptime_secs INTEGER,
  noise_floor REAL,
  inactive INTEGER DEFAULT 0,
  last_packet_at TEXT DEFAULT NULL,
  clock_skew_seconds INTEGER DEFAULT NULL,
  clock_skew_count_24h INTEGER DEFAULT 0,
  clock_last_naive_at TEXT DEFAULT NULL,
  can_relay INTEGER DEFAULT 1,
  can_relay_seen INTEGER DEFAULT 0
);
