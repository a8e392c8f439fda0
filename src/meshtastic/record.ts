/**
 * What the decoder hands to the store: one {@linkcode MeshtasticRecord} per message that becomes a
 * row. Names of the packet's fields follow the columns of `packet_history`.
 *
 * @module
 */

/**
 * A row of `packet_history`, less its id. What a packet leaves out is 0 or empty; a number is null
 * where no envelope could be read.
 */
export interface PacketRow {
  /** Seconds since the epoch: time of receipt from the broker. */
  timestamp: number;
  /** MQTT topic. */
  topic: string;
  /** Sender, node number. */
  fromNodeId: number | null;
  /** Receiver, node number; the broadcast address is 4294967295. */
  toNodeId: number | null;
  /** Port number of the content; null: it could not be read. */
  portnum: number | null;
  /** Its name in the protobufs, or `UNKNOWN_<n>`. */
  portnumName: string | null;
  /** The envelope's `gateway_id`, by custom `!` and 8 hex digits. */
  gatewayId: string | null;
  /** The envelope's `channel_id`: the channel's name. */
  channelId: string | null;
  /** The topic's channel segment. */
  channelName: string | null;
  /** `MeshPacket.id`. */
  meshPacketId: number | null;
  /** dBm at the gateway. */
  rssi: number | null;
  /** dB at the gateway. */
  snr: number | null;
  /** Hops that were left when the gateway heard it. */
  hopLimit: number | null;
  /** Hops that the sender allowed; 0: unknown. */
  hopStart: number | null;
  /** Never null: Malla's pages throw on it. */
  payloadLength: number;
  /** `Data.payload`, or the encrypted bytes where they could not be read. */
  rawPayload: Uint8Array<ArrayBuffer> | null;
  /** The content was read up to its payload. */
  processedSuccessfully: boolean;
  /** The packet had crossed MQTT before. */
  viaMqtt: boolean | null;
  /** The sender asked for an acknowledgement. */
  wantAck: boolean | null;
  /** `MeshPacket.Priority`. */
  priority: number | null;
  /** `MeshPacket.Delayed`. */
  delayed: number | null;
  /** `MeshPacket.channel`: the channel hash of an encrypted packet. */
  channelIndex: number | null;
  /** Seconds since the epoch by the gateway's clock; 0: it had none. */
  rxTime: number | null;
  /** Encrypted for its receiver alone. */
  pkiEncrypted: boolean | null;
  /** Last byte of the node that shall pass it on; 0: none. */
  nextHop: number | null;
  /** Last byte of the node that passed it on; 0: none. */
  relayNode: number | null;
  /** `MeshPacket.tx_after`, for the firmware's own use. */
  txAfter: number | null;
  /** Topic segment after the protocol version: `e`, `c`, `map`. */
  messageType: string | null;
  /** The whole MQTT payload, where `store_raw` is on. */
  rawServiceEnvelope: Uint8Array<ArrayBuffer> | null;
  /** Why the content could not be read; null where it was. */
  parsingError: string | null;
  /** `MeshPacket.TransportMechanism`. */
  transport: number | null;
  /** QoS of the delivery to us, 0 or 1. */
  qos: number;
  /** The broker had kept the message for new subscribers. */
  retained: boolean;
  /** Ours: the source that brought it. */
  captureSource: string;
  /** Ours: `hash:<key name>` or `trial:<key name>`; null where nothing was decrypted. */
  captureKey: string | null;
}

/** What a NODEINFO (`User`) or a MapReport says of a node. Undefined: it says nothing of that. */
export interface NodeUpdate {
  /** Node number. */
  nodeId: number;
  /** Seconds since the epoch. */
  seenAt: number;
  /** Which of the two said it. */
  origin: "nodeinfo" | "map_report";
  /** Name that the node gives itself. */
  longName?: string;
  /** Up to four characters, as shown on maps. */
  shortName?: string;
  /** Enum name; `UNKNOWN_<n>` for a number that the protobufs do not name. */
  hwModel?: string;
  /** Number behind `hwModel`. */
  hwModelNumber?: number;
  /** Enum name, as for `hwModel`. */
  role?: string;
  /** Number behind `role`. */
  roleNumber?: number;
  /** A licensed radio amateur. */
  isLicensed?: boolean;
  /** `aa:bb:cc:dd:ee:ff`. */
  macAddress?: string;
  /** The envelope's channel; from NODEINFO alone. */
  primaryChannel?: string;
  /** `User.id`, by custom `!` and the node number in 8 hex digits. */
  userId?: string;
  /** Enum name of the LoRa region. */
  region?: string;
  /** Number behind `region`. */
  regionNumber?: number;
  /** Version, as the node gives it. */
  firmwareVersion?: string;
  /** Enum name of the modem preset. */
  modemPreset?: string;
  /** Number behind `modemPreset`. */
  modemPresetNumber?: number;
  /** dB of the packet that said it. */
  snr?: number;
  /** That packet had crossed MQTT before. */
  viaMqtt?: boolean;
  /** `MeshPacket.channel` of that packet. */
  channel?: number;
  /** Hops that it had taken, where header and firmware allow to tell. */
  hopsAway?: number;
}

/** What goes into meshpipe's tables beside `packet_history`, by kind of payload. */
export type PacketDetails =
  | TextDetails
  | PositionDetails
  | TelemetryDetails
  | TracerouteDetails
  | NeighborDetails
  | PaxcounterDetails
  | RangeTestDetails
  | StoreForwardDetails;

/** `text_messages`. */
export interface TextDetails {
  /** Tells the kinds apart. */
  kind: "text";
  /** Valid UTF-8: broken sequences are replaced, so that a compressed one is hardly legible. */
  text: string;
  /** `Data.want_response`. */
  wantResponse: boolean;
  /** `Data.dest`: receiver within a routed message; 0: none. */
  dest: number;
  /** `Data.source`: sender within a routed message; 0: none. */
  source: number;
  /** Id of the packet that this one answers; 0: none. */
  requestId: number;
  /** Id of the text message that this one replies to; 0: none. */
  replyId: number;
  /** 1 for a tapback, else 0. */
  emoji: number;
  /** `Data.bitfield`; null: absent. */
  bitfield: number | null;
  /** It came by TEXT_MESSAGE_COMPRESSED_APP. */
  compressed: boolean;
}

/** `positions`. Degrees, metres; null where the radio did not say. */
export interface PositionDetails {
  /** Tells the kinds apart. */
  kind: "position";
  /** Degrees north. */
  latitude: number | null;
  /** Degrees east. */
  longitude: number | null;
  /** Metres above the sea. */
  altitude: number | null;
  /** Seconds since the epoch by the radio's clock; 0: none. */
  time: number;
  /** Seconds since the epoch of the fix; 0: none. */
  timestamp: number;
  /** Bits of latitude and longitude that were sent; 32: all. */
  precisionBits: number | null;
  /** Millimetres, to be multiplied with the DOP. */
  gpsAccuracy: number | null;
  /** Hundredths. */
  pdop: number | null;
  /** Hundredths. */
  hdop: number | null;
  /** Hundredths. */
  vdop: number | null;
  /** Satellites in view. */
  satsInView: number | null;
  /** As NMEA's GGA has it. */
  fixQuality: number | null;
  /** As NMEA's GSA has it. */
  fixType: number | null;
  /** Metres per second. */
  groundSpeed: number | null;
  /** `Position.ground_track` as it came, a fraction of a degree clockwise from north. */
  groundTrack: number | null;
  /** Seconds until the next position. */
  nextUpdate: number | null;
  /** Counts the positions that were sent. */
  seqNumber: number | null;
}

/** `telemetry`: the payload as it came, and which variant it is. */
export interface TelemetryDetails {
  /** Tells the kinds apart. */
  kind: "telemetry";
  /** Name of the variant that is set, such as `device_metrics`; null when none is. */
  variant: string | null;
}

/** One hop of a traceroute. */
export interface TracerouteHop {
  /** From the origin to the destination, or back. */
  direction: "towards" | "back";
  /** Position along the way, from 0. */
  index: number;
  /** The node that heard. */
  nodeId: number;
  /** dB with which this hop was heard; null: unknown. */
  snr: number | null;
}

/** `traceroute_hops`. */
export interface TracerouteDetails {
  /** Tells the kinds apart. */
  kind: "traceroute";
  /** Id of the packet that asked. */
  requestId: number;
  /** Node that asked. */
  originNodeId: number;
  /** Node that was asked for. */
  destinationNodeId: number;
  /** First those towards the destination, then those back. */
  hops: TracerouteHop[];
}

/** `neighbor_history`. */
export interface NeighborDetails {
  /** Tells the kinds apart. */
  kind: "neighbors";
  /** The node that heard the others. */
  originNodeId: number;
  /** Seconds between such messages; 0: unknown. */
  broadcastIntervalSecs: number;
  /**
   * Nodes heard, with dB and the seconds since the epoch (0: unknown) at which each was heard
   * last.
   */
  neighbors: { nodeId: number; snr: number; lastRxTime: number; broadcastIntervalSecs: number }[];
}

/** `paxcounter_samples`. */
export interface PaxcounterDetails {
  /** Tells the kinds apart. */
  kind: "paxcounter";
  /** Devices seen by WiFi. */
  wifi: number;
  /** Devices seen by Bluetooth. */
  ble: number;
  /** Seconds since the counter started. */
  uptimeSeconds: number;
}

/** `range_test_results`. */
export interface RangeTestDetails {
  /** Tells the kinds apart. */
  kind: "range_test";
  /** The text, by custom `seq` and a number. */
  text: string;
}

/** `store_forward_events`. */
export interface StoreForwardDetails {
  /** Tells the kinds apart. */
  kind: "store_forward";
  /** Enum name of what is asked or said. */
  requestResponse: string;
  /** Which of the parts below is there: `stats`, `history`, `heartbeat` or `text`; null: none. */
  variant: string | null;
  /** Messages that the router has ever had. */
  messagesTotal: number | null;
  /** Messages in its memory. */
  messagesSaved: number | null;
  /** Messages that fit into its memory. */
  messagesMax: number | null;
  /** Seconds since its start. */
  uptimeSeconds: number | null;
  /** Requests that it has had. */
  requestsTotal: number | null;
  /** Requests for history that it has had. */
  requestsHistory: number | null;
  /** 1 when it sends heartbeats. */
  heartbeatFlag: number | null;
  /** Messages that it returns at most. */
  returnMax: number | null;
  /** Minutes that it looks back. */
  returnWindow: number | null;
  /** Messages that it is going to send. */
  historyMessages: number | null;
  /** Minutes of history that were asked for. */
  historyWindow: number | null;
  /** Index in the router's memory after the last answer. */
  historyLastRequest: number | null;
  /** Seconds between heartbeats. */
  heartbeatPeriod: number | null;
  /** 1 for a router that is not the mesh's first. */
  heartbeatSecondary: number | null;
  /** Text of a stored message. */
  textPayload: Uint8Array<ArrayBuffer> | null;
}

/** All that one message changes in the database. */
export interface MeshtasticRecord {
  /** The row of `packet_history`. */
  packet: PacketRow;
  /** For `node_info`. */
  node?: NodeUpdate;
  /** Node number of the gateway, where its id is one (`!` and up to 8 hex digits). */
  gatewayNodeId?: number;
  /** For meshpipe's tables; stored only where they are wanted. */
  details?: PacketDetails;
}
