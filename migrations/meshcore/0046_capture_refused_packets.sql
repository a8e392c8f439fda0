-- What was heard and could not be used, but for bad signatures: CoreScope's server counts the rows of
-- dropped_packets as such, so the rest stands here. refused_at is Unix seconds.
CREATE TABLE IF NOT EXISTS capture_refused_packets (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- row id
  refused_at REAL NOT NULL, -- when, seconds since the epoch
  reason TEXT NOT NULL, -- why it was dropped, of the closed set that the metrics have
  fault TEXT NOT NULL, -- what is wrong with it, of a closed set
  text TEXT NOT NULL, -- the same in words
  hash TEXT, -- hash of the packet
  raw_hex TEXT, -- the packet, in hex
  observer_id TEXT, -- key of the observer that heard it
  observer_name TEXT, -- its name
  node_pubkey TEXT, -- key of the node that claims to have sent it
  node_name TEXT -- its name
);
