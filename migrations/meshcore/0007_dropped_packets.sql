-- What was heard and refused.
CREATE TABLE IF NOT EXISTS dropped_packets (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- row id
  hash TEXT, -- hash of the packet
  raw_hex TEXT, -- the packet, in hex
  reason TEXT NOT NULL, -- why it was refused
  observer_id TEXT, -- key of the observer that heard it
  observer_name TEXT, -- its name
  node_pubkey TEXT, -- key of the node that claims to have sent it
  node_name TEXT, -- its name
  dropped_at DATETIME DEFAULT CURRENT_TIMESTAMP -- when, UTC
);
