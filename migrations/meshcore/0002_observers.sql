-- Who hears: observations.observer_idx is the rowid of a row here.
CREATE TABLE IF NOT EXISTS observers (
  id TEXT PRIMARY KEY, -- key of the observer, as the topic has it
  name TEXT, -- as it gives it
  iata TEXT, -- its region: the airport code of the topic
  last_seen TEXT, -- when it was heard last, RFC 3339
  first_seen TEXT, -- when it was heard first, RFC 3339
  packet_count INTEGER DEFAULT 0, -- messages of it
  model TEXT, -- hardware
  firmware TEXT, -- version of its firmware
  client_version TEXT, -- version of the program that brings it to MQTT
  radio TEXT, -- frequency, bandwidth, spreading factor, coding rate
  battery_mv INTEGER, -- millivolts
  uptime_secs INTEGER, -- seconds since it started
  noise_floor REAL, -- dBm
  inactive INTEGER DEFAULT 0, -- 1 where it was silent for longer than the configured days, or is unwanted
  last_packet_at TEXT DEFAULT NULL, -- when it heard a packet last, RFC 3339
  clock_skew_seconds INTEGER DEFAULT NULL, -- by how much its clock is wrong, where it sends times without a zone
  clock_skew_count_24h INTEGER DEFAULT 0, -- how often that was seen within a day
  clock_last_naive_at TEXT DEFAULT NULL, -- when it was seen last, RFC 3339
  can_relay INTEGER DEFAULT 1, -- 1 where it passes packets on
  can_relay_seen INTEGER DEFAULT 0 -- 1 where it has said so
);
