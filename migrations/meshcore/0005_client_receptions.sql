-- Where roaming companions heard a node directly.
CREATE TABLE IF NOT EXISTS client_receptions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- row id
  rx_pubkey TEXT NOT NULL, -- key of the companion that heard
  heard_key TEXT NOT NULL, -- key of the node that was heard, or its beginning
  heard_keylen INTEGER NOT NULL, -- bytes of heard_key
  rssi INTEGER, -- strength of the signal, dBm
  snr REAL, -- signal to noise, dB
  lat REAL NOT NULL, -- where the companion was, degrees north
  lon REAL NOT NULL, -- degrees east
  pos_acc_m REAL, -- accuracy of that, metres
  rx_at TEXT NOT NULL, -- when it heard, RFC 3339
  ingested_at TEXT NOT NULL, -- when the row was written, RFC 3339
  src TEXT NOT NULL, -- advert: a node's own advert; rxlog: the last hop of another packet
  UNIQUE (rx_pubkey, heard_key, rx_at)
);
-- Companions that report what they hear.
CREATE TABLE IF NOT EXISTS client_observers (
  pubkey TEXT PRIMARY KEY, -- key of the companion
  name TEXT, -- as it gives it
  last_seen TEXT -- when it reported last, RFC 3339
);
