-- Nodes by their adverts; those that fell silent are moved to inactive_nodes. Both have the same
-- columns in the same order: CoreScope moves rows by position.
CREATE TABLE IF NOT EXISTS nodes (
  public_key TEXT PRIMARY KEY, -- key of the node, 64 lower-case hex digits
  name TEXT, -- as its latest advert gives it
  role TEXT, -- companion, repeater, room, sensor, none or type-N
  lat REAL, -- degrees north, of the latest advert with a position
  lon REAL, -- degrees east
  last_seen TEXT, -- when it was heard last, RFC 3339
  first_seen TEXT, -- when it was heard first, RFC 3339
  advert_count INTEGER DEFAULT 0, -- adverts with different content
  battery_mv INTEGER, -- millivolts, from a sensor's advert
  temperature_c REAL, -- degrees Celsius, from a sensor's advert
  foreign_advert INTEGER DEFAULT 0, -- 1 where its position lies outside the configured area
  default_scope TEXT DEFAULT NULL, -- region for which its adverts are sent; NULL: unknown
  multibyte_sup INTEGER NOT NULL DEFAULT 0, -- whether it handles path hashes of more than a byte: 0 unknown, 1 suspected, 2 confirmed
  multibyte_evidence TEXT -- what that is known from
);
-- Nodes that fell silent.
CREATE TABLE IF NOT EXISTS inactive_nodes (
  public_key TEXT PRIMARY KEY, -- key of the node, 64 lower-case hex digits
  name TEXT, -- as its latest advert gives it
  role TEXT, -- companion, repeater, room, sensor, none or type-N
  lat REAL, -- degrees north, of the latest advert with a position
  lon REAL, -- degrees east
  last_seen TEXT, -- when it was heard last, RFC 3339
  first_seen TEXT, -- when it was heard first, RFC 3339
  advert_count INTEGER DEFAULT 0, -- adverts with different content
  battery_mv INTEGER, -- millivolts, from a sensor's advert
  temperature_c REAL, -- degrees Celsius, from a sensor's advert
  foreign_advert INTEGER DEFAULT 0, -- 1 where its position lies outside the configured area
  default_scope TEXT DEFAULT NULL, -- region for which its adverts are sent; NULL: unknown
  multibyte_sup INTEGER NOT NULL DEFAULT 0, -- whether it handles path hashes of more than a byte: 0 unknown, 1 suspected, 2 confirmed
  multibyte_evidence TEXT -- what that is known from
);
