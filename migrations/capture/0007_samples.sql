-- What the status page draws: one row a minute in which the service ran, the last 10,080 of them.
CREATE TABLE IF NOT EXISTS capture_samples (
  at INTEGER PRIMARY KEY, -- begin of the minute, seconds since the epoch
  received INTEGER NOT NULL, -- messages received in it
  stored INTEGER NOT NULL, -- messages stored
  unreadable INTEGER NOT NULL, -- of these, such that could not be read
  dropped INTEGER NOT NULL, -- messages dropped, each with a reason
  decrypted INTEGER NOT NULL, -- packets that a key read
  no_key INTEGER NOT NULL, -- packets that no key read
  commits INTEGER NOT NULL, -- transactions
  commit_ms_max REAL NOT NULL, -- the longest of them, milliseconds
  queue_max INTEGER NOT NULL, -- messages that waited at most
  sources_up INTEGER NOT NULL, -- sources that were connected at its end
  sources INTEGER NOT NULL, -- sources that are configured
  database_bytes INTEGER NOT NULL -- size of the database at its end
);
