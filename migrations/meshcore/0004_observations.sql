-- One row an observer and path by which a packet was heard; timestamp is Unix seconds.
CREATE TABLE IF NOT EXISTS observations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- row id
  transmission_id INTEGER NOT NULL REFERENCES transmissions(id), -- packet that was heard
  observer_idx INTEGER, -- row id of the observer
  direction TEXT, -- rx or tx, as the observer says
  snr REAL, -- signal to noise, dB
  rssi REAL, -- strength of the signal, dBm
  score INTEGER, -- figure of the observer's own
  path_json TEXT, -- hops in the packet, a JSON array of hex prefixes of their keys
  timestamp INTEGER NOT NULL, -- time of receipt, seconds since the epoch
  resolved_path TEXT, -- keys that the hops stand for, a JSON array with null where it is not clear
  raw_hex TEXT -- the packet as it was heard here, in hex
);
