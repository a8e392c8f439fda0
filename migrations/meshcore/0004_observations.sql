-- One row an observer and path by which a packet was heard; timestamp is Unix seconds.
CREATE TABLE IF NOT EXISTS observations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  transmission_id INTEGER NOT NULL REFERENCES transmissions(id),
  observer_idx INTEGER,
  direction TEXT,
  snr REAL,
  rssi REAL,
  score INTEGER,
  path_json TEXT,
  timestamp INTEGER NOT NULL,
  resolved_path TEXT,
  raw_hex TEXT
);
