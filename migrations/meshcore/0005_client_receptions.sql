-- Where roaming companions heard a node directly.
CREATE TABLE IF NOT EXISTS client_receptions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  rx_pubkey TEXT NOT NULL,
  heard_key TEXT NOT NULL,
  heard_keylen INTEGER NOT NULL,
  rssi INTEGER,
  snr REAL,
  lat REAL NOT NULL,
  lon REAL NOT NULL,
  pos_acc_m REAL,
  rx_at TEXT NOT NULL,
  ingested_at TEXT NOT NULL,
  src TEXT NOT NULL,
  UNIQUE (rx_pubkey, heard_key, rx_at)
);
CREATE TABLE IF NOT EXISTS client_observers (
  pubkey TEXT PRIMARY KEY,
  name TEXT,
  last_seen TEXT
);
