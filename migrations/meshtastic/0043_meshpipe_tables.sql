-- meshpipe's tables beside packet_history, by kind of payload.
CREATE TABLE IF NOT EXISTS text_messages (
  packet_id INTEGER PRIMARY KEY REFERENCES packet_history(id) ON DELETE CASCADE,
  text TEXT,
  want_response INTEGER,
  dest INTEGER,
  source INTEGER,
  request_id INTEGER,
  reply_id INTEGER,
  emoji INTEGER,
  bitfield INTEGER,
  compressed INTEGER
);
CREATE TABLE IF NOT EXISTS positions (
  packet_id INTEGER PRIMARY KEY REFERENCES packet_history(id) ON DELETE CASCADE,
  latitude REAL,
  longitude REAL,
  altitude INTEGER,
  time INTEGER,
  timestamp INTEGER,
  raw_payload BLOB,
  precision_bits INTEGER,
  gps_accuracy INTEGER,
  pdop INTEGER,
  hdop INTEGER,
  vdop INTEGER,
  sats_in_view INTEGER,
  fix_quality INTEGER,
  fix_type INTEGER,
  ground_speed INTEGER,
  ground_track INTEGER,
  next_update INTEGER,
  seq_number INTEGER
);
CREATE TABLE IF NOT EXISTS telemetry (
  packet_id INTEGER PRIMARY KEY REFERENCES packet_history(id) ON DELETE CASCADE,
  raw_payload BLOB
);
CREATE TABLE IF NOT EXISTS traceroute_hops (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  packet_id INTEGER REFERENCES packet_history(id) ON DELETE CASCADE,
  gateway_id TEXT,
  request_id INTEGER,
  origin_node_id INTEGER,
  destination_node_id INTEGER,
  direction TEXT,
  hop_index INTEGER,
  hop_node_id INTEGER,
  snr REAL,
  received_at REAL
);
CREATE TABLE IF NOT EXISTS neighbor_history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  packet_id INTEGER REFERENCES packet_history(id) ON DELETE CASCADE,
  origin_node_id INTEGER,
  neighbor_node_id INTEGER,
  snr REAL,
  last_rx_time INTEGER,
  broadcast_interval INTEGER,
  gateway_id TEXT,
  channel_id TEXT,
  received_at REAL
);
CREATE TABLE IF NOT EXISTS paxcounter_samples (
  packet_id INTEGER PRIMARY KEY REFERENCES packet_history(id) ON DELETE CASCADE,
  wifi INTEGER,
  ble INTEGER,
  uptime_seconds INTEGER,
  raw_payload BLOB
);
CREATE TABLE IF NOT EXISTS range_test_results (
  packet_id INTEGER PRIMARY KEY REFERENCES packet_history(id) ON DELETE CASCADE,
  text TEXT,
  raw_payload BLOB
);
CREATE TABLE IF NOT EXISTS store_forward_events (
  packet_id INTEGER PRIMARY KEY REFERENCES packet_history(id) ON DELETE CASCADE,
  request_response TEXT,
  variant TEXT,
  messages_total INTEGER,
  messages_saved INTEGER,
  messages_max INTEGER,
  uptime_seconds INTEGER,
  requests_total INTEGER,
  requests_history INTEGER,
  heartbeat_flag INTEGER,
  return_max INTEGER,
  return_window INTEGER,
  history_messages INTEGER,
  history_window INTEGER,
  history_last_request INTEGER,
  heartbeat_period INTEGER,
  heartbeat_secondary INTEGER,
  text_payload BLOB,
  raw_payload BLOB
);
CREATE TABLE IF NOT EXISTS link_history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  packet_id INTEGER UNIQUE REFERENCES packet_history(id) ON DELETE CASCADE,
  gateway_id TEXT NOT NULL,
  from_node_id INTEGER,
  to_node_id INTEGER,
  hop_index INTEGER,
  hop_limit INTEGER,
  rssi INTEGER,
  snr REAL,
  channel_id TEXT,
  channel_name TEXT,
  received_at REAL
);
CREATE TABLE IF NOT EXISTS gateway_node_stats (
  gateway_id TEXT NOT NULL,
  node_id INTEGER NOT NULL,
  first_seen REAL,
  last_seen REAL,
  packets_total INTEGER NOT NULL DEFAULT 0,
  last_rssi INTEGER,
  last_snr REAL,
  PRIMARY KEY (gateway_id, node_id)
);
