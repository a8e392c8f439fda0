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
  /** The packet; null: the envelope has none. */
  packet: MeshPacket | null;
  /** Name of the channel, UTF-8. */
  channel_id: FieldBytes;
  /** Id of the gateway that publishes, by custom `!` and 8 hex digits. */
  gateway_id: FieldBytes;
}

/** A packet: its header in the clear, its content plain (`decoded`) or not (`encrypted`). */
export interface MeshPacket {
  /** Node number of the sender. */
  from: number;
  /** Node number of the receiver, or the broadcast address. */
  to: number;
  /** Hash of channel name and key when encrypted, else the channel's index at the gateway. */
  channel: number;
  /** Whether the content is in clear. */
  payload_variant: "decoded" | "encrypted" | undefined;
  /** The content in clear. */
  decoded: Data | null;
  /** The content encrypted. */
  encrypted: FieldBytes;
  /** Number of the packet, which is part of the nonce. */
  id: number;
  /** Seconds since the epoch by the gateway's clock. */
  rx_time: number | null;
  /** dB. */
  rx_snr: number;
  /** Hops left. */
  hop_limit: number;
  /** The sender wants an acknowledgement. */
  want_ack: boolean;
  /** `MeshPacket.Priority`. */
  priority: number;
  /** dBm. */
  rx_rssi: number | null;
  /** `MeshPacket.Delayed`. */
  delayed: number;
  /** It had crossed MQTT before. */
  via_mqtt: boolean;
  /** Hops that the sender allowed; 0: unknown. */
  hop_start: number;
  /** Encrypted for its receiver alone. */
  pki_encrypted: boolean;
  /** Last byte of the node that shall pass it on; 0: none. */
  next_hop: number;
  /** Last byte of the node that passed it on; 0: none. */
  relay_node: number;
  /** For the firmware's own use. */
  tx_after: number;
  /** `MeshPacket.TransportMechanism`. */
  transport_mechanism: number;
}

/** The content of a packet. */
export interface Data {
  /** What the payload is. */
  portnum: number;
  /** The payload. */
  payload: FieldBytes;
  /** The sender wants an answer. */
  want_response: boolean;
  /** Receiver within a routed message; 0: none. */
  dest: number;
  /** Sender within a routed message; 0: none. */
  source: number;
  /** Id of the packet that this one answers; 0: none. */
  request_id: number;
  /** Id of the text message that this one replies to; 0: none. */
  reply_id: number;
  /** 1 for a tapback, else 0. */
  emoji: number;
  /** Bits on how the sender wants it handled. */
  bitfield: number | null;
}

/** What a node says of itself: payload of NODEINFO. */
export interface User {
  /** By custom `!` and the node number in 8 hex digits. */
  id: FieldBytes;
  /** Up to 39 bytes of UTF-8. */
  long_name: FieldBytes;
  /** Up to 4 bytes of UTF-8. */
  short_name: FieldBytes;
  /** 6 bytes. */
  macaddr: FieldBytes;
  /** `HardwareModel`. */
  hw_model: number;
  /** A licensed radio amateur, who may not encrypt. */
  is_licensed: boolean;
  /** `Config.DeviceConfig.Role`. */
  role: number;
}

/** What a gateway says of itself over MQTT. */
export interface MapReport {
  /** UTF-8. */
  long_name: FieldBytes;
  /** UTF-8. */
  short_name: FieldBytes;
  /** `Config.DeviceConfig.Role`. */
  role: number;
  /** `HardwareModel`. */
  hw_model: number;
  /** Such as `2.5.18.abcdef1`. */
  firmware_version: FieldBytes;
  /** `Config.LoRaConfig.RegionCode`. */
  region: number;
  /** `Config.LoRaConfig.ModemPreset`. */
  modem_preset: number;
}

/** Degrees as 1e-7 degrees, metres; null where an explicit field is absent. */
export interface Position {
  /** North. */
  latitude_i: number | null;
  /** East. */
  longitude_i: number | null;
  /** Above the sea. */
  altitude: number | null;
  /** Seconds since the epoch by the radio's clock; 0: none. */
  time: number;
  /** Seconds since the epoch of the fix; 0: none. */
  timestamp: number;
  /** Hundredths. */
  PDOP: number;
  /** Hundredths. */
  HDOP: number;
  /** Hundredths. */
  VDOP: number;
  /** Millimetres, to be multiplied with the DOP. */
  gps_accuracy: number;
  /** Metres per second. */
  ground_speed: number | null;
  /** A fraction of a degree clockwise from north; the firmware's versions differ in which. */
  ground_track: number | null;
  /** As NMEA's GGA has it. */
  fix_quality: number;
  /** As NMEA's GSA has it. */
  fix_type: number;
  /** Number of them. */
  sats_in_view: number;
  /** Seconds until the next position; 0: unknown. */
  next_update: number;
  /** Counts the positions that were sent. */
  seq_number: number;
  /** Bits of latitude and longitude that were sent; 32: all. */
  precision_bits: number;
}

/** Only which variant it is: the store keeps the bytes. */
export interface Telemetry {
  /** Such as `device_metrics`; undefined: none is set. */
  variant: string | undefined;
}

/** Nodes between the ends of a traceroute, and SNRs in quarters of a dB. */
export interface RouteDiscovery {
  /** Node numbers from the origin on. */
  route: readonly number[];
  /** As heard by each of `route`, then by the destination; −128: unknown. */
  snr_towards: readonly number[];
  /** Node numbers from the destination on. */
  route_back: readonly number[];
  /** As heard by each of `route_back`, then by the origin; −128: unknown. */
  snr_back: readonly number[];
}

/** Nodes that a node hears directly. */
export interface NeighborInfo {
  /** The node that hears. */
  node_id: number;
  /** Seconds between such messages. */
  node_broadcast_interval_secs: number;
  /** Nodes heard, with dB, and seconds since the epoch. */
  neighbors: readonly {
    node_id: number;
    snr: number;
    last_rx_time: number;
    node_broadcast_interval_secs: number;
  }[];
}

/** Devices seen nearby. */
export interface Paxcount {
  /** By WiFi. */
  wifi: number;
  /** By Bluetooth. */
  ble: number;
  /** Seconds since the counter started. */
  uptime: number;
}

/** A message between a store-and-forward router and its clients. */
export interface StoreAndForward {
  /** `StoreAndForward.RequestResponse`. */
  rr: number;
  /** Which of the parts below is set. */
  variant: "stats" | "history" | "heartbeat" | "text" | undefined;
  /** Of a router; `up_time` in seconds, `return_window` in minutes. */
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
  /** Of an answer to a request for history; `window` in minutes. */
  history: { history_messages: number; window: number; last_request: number } | null;
  /** Of a router; `period` in seconds. */
  heartbeat: { period: number; secondary: number } | null;
  /** Text of a stored message. */
  text: FieldBytes;
}
