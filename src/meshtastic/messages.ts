/**
 * Protobuf messages as `protobuf.ts` gives them: field names and meanings are those of `proto/`.
 * Absent fields have their default (0, false, an empty array); explicit ones and messages are null.
 *
 * @module
 */

/** Bytes of a field: a view of the message's buffer, or an empty array where it is absent. */
export type FieldBytes = Uint8Array | readonly number[];

/** What a gateway publishes. */
export interface ServiceEnvelope {
  packet: MeshPacket | null;
  channel_id: FieldBytes;
  gateway_id: FieldBytes;
}

/** A packet: its header in the clear, its content plain (`decoded`) or not (`encrypted`). */
export interface MeshPacket {
  from: number;
  to: number;
  channel: number;
  payload_variant: "decoded" | "encrypted" | undefined;
  decoded: Data | null;
  encrypted: FieldBytes;
  id: number;
  rx_time: number | null;
  rx_snr: number;
  hop_limit: number;
  want_ack: boolean;
  priority: number;
  rx_rssi: number | null;
  delayed: number;
  via_mqtt: boolean;
  hop_start: number;
  pki_encrypted: boolean;
  next_hop: number;
  relay_node: number;
  tx_after: number;
  transport_mechanism: number;
}

/** The content of a packet. */
export interface Data {
  portnum: number;
  payload: FieldBytes;
  want_response: boolean;
  dest: number;
  source: number;
  request_id: number;
  reply_id: number;
  emoji: number;
  bitfield: number | null;
}

/** What a node says of itself: payload of NODEINFO. */
export interface User {
  id: FieldBytes;
  long_name: FieldBytes;
  short_name: FieldBytes;
  macaddr: FieldBytes;
  hw_model: number;
  is_licensed: boolean;
  role: number;
}

/** What a gateway says of itself over MQTT. */
export interface MapReport {
  long_name: FieldBytes;
  short_name: FieldBytes;
  role: number;
  hw_model: number;
  firmware_version: FieldBytes;
  region: number;
  modem_preset: number;
}

/** Degrees as 1e-7 degrees, metres; null where an explicit field is absent. */
export interface Position {
  latitude_i: number | null;
  longitude_i: number | null;
  altitude: number | null;
  time: number;
  timestamp: number;
  PDOP: number;
  HDOP: number;
  VDOP: number;
  gps_accuracy: number;
  ground_speed: number | null;
  ground_track: number | null;
  fix_quality: number;
  fix_type: number;
  sats_in_view: number;
  next_update: number;
  seq_number: number;
  precision_bits: number;
}

/** Only which variant it is: the store keeps the bytes. */
export interface Telemetry {
  variant: string | undefined;
}

/** Nodes between the ends of a traceroute, and SNRs in quarters of a dB. */
export interface RouteDiscovery {
  route: readonly number[];
  snr_towards: readonly number[];
  route_back: readonly number[];
  snr_back: readonly number[];
}

/** Nodes that a node hears directly. */
export interface NeighborInfo {
  node_id: number;
  node_broadcast_interval_secs: number;
  neighbors: readonly {
    node_id: number;
    snr: number;
    last_rx_time: number;
    node_broadcast_interval_secs: number;
  }[];
}

/** Devices seen nearby. */
export interface Paxcount {
  wifi: number;
  ble: number;
  uptime: number;
}

/** A message between a store-and-forward router and its clients. */
export interface StoreAndForward {
  rr: number;
  variant: "stats" | "history" | "heartbeat" | "text" | undefined;
  stats: {
    messages_total: number;
    messages_saved: number;
    messages_max: number;
    up_time: number;
    requests: number;
    requests_history: number;
    heartbeat: boolean;
    return_max: number;
    return_window: number;
  } | null;
  history: { history_messages: number; window: number; last_request: number } | null;
  heartbeat: { period: number; secondary: number } | null;
  text: FieldBytes;
}
