-- One row a packet, however often it was heard; first_seen is text, last_seen Unix seconds.
CREATE TABLE IF NOT EXISTS transmissions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- row id
  raw_hex TEXT NOT NULL, -- the packet as it was heard first, in hex
  hash TEXT NOT NULL UNIQUE, -- first 8 bytes of SHA-256 over payload type and payload, in hex: the same for every copy of the packet
  first_seen TEXT NOT NULL, -- when it was heard first, RFC 3339
  route_type INTEGER, -- 0 transport flood, 1 flood, 2 direct, 3 transport direct
  payload_type INTEGER, -- number of the payload's type, such as 4 (advert) or 5 (channel message)
  payload_version INTEGER, -- version of the payload's format
  decoded_json TEXT, -- what was read, as JSON in CoreScope's terms
  from_pubkey TEXT, -- key of the sender, where it is known: adverts
  last_seen INTEGER NOT NULL DEFAULT 0, -- when it was heard last, seconds since the epoch
  created_at TEXT DEFAULT (datetime('now')), -- when the row was written, UTC
  channel_hash TEXT DEFAULT NULL, -- name of the channel, or enc_ and its hash byte
  scope_name TEXT DEFAULT NULL -- region that it is sent for; empty: one that we do not know; NULL: none
);
