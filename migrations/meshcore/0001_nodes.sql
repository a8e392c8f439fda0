-- Nodes by their adverts; those that fell silent are moved to inactive_nodes. Both have the same
-- columns in the same order: CoreScope moves rows by position.
CREATE TABLE IF NOT EXISTS nodes (
  public_key TEXT PRIMARY KEY,
  name TEXT,
  role TEXT,
  lat REAL,
  lon REAL,
  last_seen TEXT,
  first_seen TEXT,
  advert_count INTEGER DEFAULT 0,
  battery_mv INTEGER,
  temperature_c REAL,
  foreign_advert INTEGER DEFAULT 0,
  default_scope TEXT DEFAULT NULL,
  multibyte_sup INTEGER NOT NULL DEFAULT 0,
  multibyte_evidence TEXT
);
CREATE TABLE IF NOT EXISTS inactive_nodes (
  public_key TEXT PRIMARY KEY,
  name TEXT,
  role TEXT,
  lat REAL,
  lon REAL,
  last_seen TEXT,
  first_seen TEXT,
  advert_count INTEGER DEFAULT 0,
  battery_mv INTEGER,
  temperature_c REAL,
  foreign_advert INTEGER DEFAULT 0,
  default_scope TEXT DEFAULT NULL,
  multibyte_sup INTEGER NOT NULL DEFAULT 0,
  multibyte_evidence TEXT
);
