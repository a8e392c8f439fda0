-- Texts: packets of TEXT_MESSAGE_APP, TEXT_MESSAGE_COMPRESSED_APP, DETECTION_SENSOR_APP and ALERT_APP.
CREATE TABLE IF NOT EXISTS text_messages (
  packet_id INTEGER PRIMARY KEY REFERENCES packet_history(id) ON DELETE CASCADE, -- row of packet_history that this was read from
  text TEXT, -- the message, UTF-8 as far as it is; a compressed one as it came
  want_response INTEGER, -- 1 where the sender wants an answer
  dest INTEGER, -- destination that the payload names; 0: none
  source INTEGER, -- source that the payload names; 0: none
  request_id INTEGER, -- packet that this answers; 0: none
  reply_id INTEGER, -- message that this is a reply to; 0: none
  emoji INTEGER, -- 1 where the text is a reaction to reply_id
  bitfield INTEGER, -- flags of the sender; bit 0: OK to MQTT
  compressed INTEGER -- 1 where it came compressed (TEXT_MESSAGE_COMPRESSED_APP)
);
-- Packets of POSITION_APP.
CREATE TABLE IF NOT EXISTS positions (
  packet_id INTEGER PRIMARY KEY REFERENCES packet_history(id) ON DELETE CASCADE, -- row of packet_history that this was read from
  latitude REAL, -- degrees north
  longitude REAL, -- degrees east
  altitude INTEGER, -- metres above sea level
  time INTEGER, -- when the position was taken, by the node, seconds since the epoch
  timestamp INTEGER, -- time of the satellite fix, seconds since the epoch
  raw_payload BLOB, -- the payload
  precision_bits INTEGER, -- bits of latitude and longitude that count; 32: all
  gps_accuracy INTEGER, -- accuracy of the receiver, mm
  pdop INTEGER, -- dilution of precision in space, hundredths
  hdop INTEGER, -- horizontal dilution of precision, hundredths
  vdop INTEGER, -- vertical dilution of precision, hundredths
  sats_in_view INTEGER, -- satellites in view
  fix_quality INTEGER, -- GPS fix quality, from NMEA GGA
  fix_type INTEGER, -- GPS fix type, 2 or 3 dimensions, from NMEA GSA
  ground_speed INTEGER, -- m/s
  ground_track INTEGER, -- direction of movement as it came: a fraction of a degree clockwise from north
  next_update INTEGER, -- seconds until the next position is expected
  seq_number INTEGER -- counts the node's positions
);
-- Packets of TELEMETRY_APP.
CREATE TABLE IF NOT EXISTS telemetry (
  packet_id INTEGER PRIMARY KEY REFERENCES packet_history(id) ON DELETE CASCADE, -- row of packet_history that this was read from
  raw_payload BLOB -- the payload: a Telemetry message
);
-- Packets of TRACEROUTE_APP, one row a place in the path.
CREATE TABLE IF NOT EXISTS traceroute_hops (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- row id
  packet_id INTEGER REFERENCES packet_history(id) ON DELETE CASCADE, -- row of packet_history that this was read from
  gateway_id TEXT, -- gateway that heard it, as !%08x
  request_id INTEGER, -- packet id of the request; a request has its own
  origin_node_id INTEGER, -- node that asked
  destination_node_id INTEGER, -- node that was asked for
  direction TEXT, -- towards the destination, or back
  hop_index INTEGER, -- place in the path, from 0
  hop_node_id INTEGER, -- node at that place; 4294967295: one that did not give its name
  snr REAL, -- signal to noise at which that node heard the one before, dB; NULL: unknown
  received_at REAL -- time of receipt, seconds since the epoch
);
-- Packets of NEIGHBORINFO_APP, one row a neighbour.
CREATE TABLE IF NOT EXISTS neighbor_history (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- row id
  packet_id INTEGER REFERENCES packet_history(id) ON DELETE CASCADE, -- row of packet_history that this was read from
  origin_node_id INTEGER, -- node that tells its neighbours
  neighbor_node_id INTEGER, -- node that it hears
  snr REAL, -- at what signal to noise, dB
  last_rx_time INTEGER, -- when it heard it last, by its own clock, seconds since the epoch
  broadcast_interval INTEGER, -- seconds between two reports of the neighbour
  gateway_id TEXT, -- gateway that heard the report, as !%08x
  channel_id TEXT, -- channel of the report
  received_at REAL -- time of receipt, seconds since the epoch
);
-- Packets of PAXCOUNTER_APP.
CREATE TABLE IF NOT EXISTS paxcounter_samples (
  packet_id INTEGER PRIMARY KEY REFERENCES packet_history(id) ON DELETE CASCADE, -- row of packet_history that this was read from
  wifi INTEGER, -- devices counted by Wi-Fi
  ble INTEGER, -- devices counted by Bluetooth
  uptime_seconds INTEGER, -- seconds since the counter started
  raw_payload BLOB -- the payload
);
-- Packets of RANGE_TEST_APP.
CREATE TABLE IF NOT EXISTS range_test_results (
  packet_id INTEGER PRIMARY KEY REFERENCES packet_history(id) ON DELETE CASCADE, -- row of packet_history that this was read from
  text TEXT, -- what the range test sent, usually a number
  raw_payload BLOB -- the payload
);
-- Packets of STORE_FORWARD_APP.
CREATE TABLE IF NOT EXISTS store_forward_events (
  packet_id INTEGER PRIMARY KEY REFERENCES packet_history(id) ON DELETE CASCADE, -- row of packet_history that this was read from
  request_response TEXT, -- what is asked or answered, by enum name
  variant TEXT, -- which of the following groups it carries: stats, history, heartbeat or text
  messages_total INTEGER, -- messages that the router has seen
  messages_saved INTEGER, -- messages that it keeps
  messages_max INTEGER, -- messages that it can keep
  uptime_seconds INTEGER, -- seconds since it started
  requests_total INTEGER, -- requests that it got
  requests_history INTEGER, -- requests for its history
  heartbeat_flag INTEGER, -- 1 where its heartbeat is on
  return_max INTEGER, -- messages that it returns at most
  return_window INTEGER, -- minutes that it returns at most
  history_messages INTEGER, -- messages of the history asked for
  history_window INTEGER, -- its length, as asked
  history_last_request INTEGER, -- index of the last message that was asked for
  heartbeat_period INTEGER, -- seconds between two heartbeats
  heartbeat_secondary INTEGER, -- 1 where the router is not the primary one
  text_payload BLOB, -- text that it passes on
  raw_payload BLOB -- the payload
);
-- One row a packet that was read: who heard whom, and how well.
CREATE TABLE IF NOT EXISTS link_history (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- row id
  packet_id INTEGER UNIQUE REFERENCES packet_history(id) ON DELETE CASCADE, -- row of packet_history that this was read from
  gateway_id TEXT NOT NULL, -- gateway that heard it, as !%08x
  from_node_id INTEGER, -- node that sent it
  to_node_id INTEGER, -- node that it is meant for
  hop_index INTEGER, -- hops that it had made
  hop_limit INTEGER, -- hops that were left
  rssi INTEGER, -- strength of the signal at the gateway, dBm
  snr REAL, -- signal to noise at the gateway, dB
  channel_id TEXT, -- channel of the envelope
  channel_name TEXT, -- channel of the topic
  received_at REAL -- time of receipt, seconds since the epoch
);
-- What each gateway has brought of each node.
CREATE TABLE IF NOT EXISTS gateway_node_stats (
  gateway_id TEXT NOT NULL, -- gateway, as !%08x
  node_id INTEGER NOT NULL, -- node that it brought packets of
  first_seen REAL, -- the first of them, seconds since the epoch
  last_seen REAL, -- the last of them, seconds since the epoch
  packets_total INTEGER NOT NULL DEFAULT 0, -- how many
  last_rssi INTEGER, -- strength of the last one's signal, dBm
  last_snr REAL, -- its signal to noise, dB
  PRIMARY KEY (gateway_id, node_id)
);
