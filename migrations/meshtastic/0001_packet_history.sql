-- One row is one reception by one gateway over one source. Malla's columns with its types, then those
-- that meshpipe adds, then ours.
CREATE TABLE IF NOT EXISTS packet_history (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- row id, in the order of storing
  timestamp REAL NOT NULL, -- time of receipt from the broker, seconds since the epoch, to the microsecond and never twice the same
  topic TEXT NOT NULL, -- MQTT topic
  from_node_id INTEGER, -- node that sent the packet
  to_node_id INTEGER, -- node that it is meant for; 4294967295: all
  portnum INTEGER, -- number of the application (Meshtastic's PortNum); 0 where the packet could not be read
  portnum_name TEXT, -- its enum name, such as TEXT_MESSAGE_APP; UNKNOWN_<n> for a number without one
  gateway_id TEXT, -- node that brought the packet to MQTT, as !%08x
  channel_id TEXT, -- name of the channel, as the envelope has it; PKI for a direct message with keys of its own
  mesh_packet_id INTEGER, -- number that the sender gave the packet; the same for every reception of it
  rssi INTEGER, -- strength of the signal at the gateway, dBm; 0 where it was not received by radio
  snr REAL, -- signal to noise at the gateway, dB; 0 where it was not received by radio
  hop_limit INTEGER, -- hops that were left when the gateway heard it
  hop_start INTEGER, -- hops that it was sent with; hop_start - hop_limit: hops so far
  payload_length INTEGER, -- bytes of raw_payload
  raw_payload BLOB, -- payload of the application, decrypted (Data.payload); empty where the packet could not be read
  processed_successfully BOOLEAN DEFAULT TRUE, -- 1 where the packet was read to its payload
  message_type TEXT, -- kind of topic: e or c (envelopes), after the protocol's version
  raw_service_envelope BLOB, -- the whole MQTT payload; NULL with capture_store_raw off
  parsing_error TEXT, -- why the packet could not be read; NULL where it was
  via_mqtt BOOLEAN, -- 1 where the packet had come over MQTT before
  want_ack BOOLEAN, -- 1 where the sender wants an acknowledgement
  priority INTEGER, -- priority in the sender's queue (MeshPacket.Priority)
  delayed INTEGER, -- why the packet came late (MeshPacket.Delayed)
  channel_index INTEGER, -- MeshPacket.channel: the hash of an encrypted packet's channel, else the sender's index of it
  rx_time INTEGER, -- time of reception by the gateway's own clock, seconds since the epoch; 0: unknown
  pki_encrypted BOOLEAN, -- 1 where it is encrypted with the keys of its two nodes
  next_hop INTEGER, -- last byte of the node that is to pass it on; 0: any
  relay_node INTEGER, -- last byte of the node that sent this copy of it; 0: unknown
  tx_after INTEGER, -- not before this time is it sent
  channel_name TEXT, -- channel as the topic has it
  transport INTEGER, -- way by which the gateway got it (MeshPacket.TransportMechanism)
  qos INTEGER, -- MQTT quality of service at which the broker delivered it
  retained INTEGER, -- 1 where the broker had kept it
  capture_source TEXT, -- name of the configured source that it came over
  capture_key TEXT -- name of the key that read it; NULL where none was needed or none did
);
