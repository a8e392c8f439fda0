/**
 * What the decoder hands to the store: one {@linkcode MeshtasticRecord} per message that becomes a
 * row. Names of the packet's fields follow the columns of `packet_history`.
 *
 * @module
 */

/** A row of `packet_history`, less its id. Absent protobuf integers are 0; null: no readable packet. */
export interface PacketRow {
  /** Seconds since the epoch: time of receipt from the broker. */
  timestamp: number;
  topic: string;
  fromNodeId: number | null;
  toNodeId: number | null;
  portnum: number | null;
  portnumName: string | null;
  gatewayId: string | null;
  channelId: string | null;
  /** The topic's channel segment. */
  channelName: string | null;
  meshPacketId: number | null;
  rssi: number | null;
  snr: number | null;
  hopLimit: number | null;
  hopStart: number | null;
  /** Never null: Malla's pages throw on it. */
  payloadLength: number;
  rawPayload: Uint8Array<ArrayBuffer> | null;
  processedSuccessfully: boolean;
  viaMqtt: boolean | null;
  wantAck: boolean | null;
  priority: number | null;
  delayed: number | null;
  /** `MeshPacket.channel`: the channel hash of an encrypted packet. */
  channelIndex: number | null;
  rxTime: number | null;
  pkiEncrypted: boolean | null;
  nextHop: number | null;
  relayNode: number | null;
  txAfter: number | null;
  /** Topic segment after the protocol version: `e`, `c`, `map`. */
  messageType: string | null;
  /** The whole MQTT payload, where `store_raw` is on. */
  rawServiceEnvelope: Uint8Array<ArrayBuffer> | null;
  parsingError: string | null;
  transport: number | null;
  qos: number;
  retained: boolean;
  /** Ours: the source that brought it. */
  captureSource: string;
  /** Ours: `hash:<key name>` or `trial:<key name>`; null where nothing was decrypted. */
  captureKey: string | null;
}

/** What a NODEINFO (`User`) or a MapReport says of a node. Undefined: it says nothing of that. */
export interface NodeUpdate {
  nodeId: number;
  /** Seconds since the epoch. */
  seenAt: number;
  origin: "nodeinfo" | "map_report";
  longName?: string;
  shortName?: string;
  /** Enum name; `UNKNOWN_<n>` for a number that the protobufs do not name. */
  hwModel?: string;
  hwModelNumber?: number;
  role?: string;
  roleNumber?: number;
  isLicensed?: boolean;
  /** `aa:bb:cc:dd:ee:ff`. */
  macAddress?: string;
  /** The envelope's channel; from NODEINFO alone. */
  primaryChannel?: string;
  userId?: string;
  region?: string;
  regionNumber?: number;
  firmwareVersion?: string;
  modemPreset?: string;
  modemPresetNumber?: number;
  snr?: number;
  viaMqtt?: boolean;
  channel?: number;
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
  kind: "text";
  /** Valid UTF-8: broken sequences are replaced. */
  text: string;
  wantResponse: boolean;
  dest: number;
  source: number;
  requestId: number;
  replyId: number;
  emoji: number;
  bitfield: number | null;
  compressed: boolean;
}

/** `positions`. Degrees, metres; null where the radio did not say. */
export interface PositionDetails {
  kind: "position";
  latitude: number | null;
  longitude: number | null;
  altitude: number | null;
  time: number;
  timestamp: number;
  precisionBits: number;
  gpsAccuracy: number;
  pdop: number;
  hdop: number;
  vdop: number;
  satsInView: number;
  fixQuality: number;
  fixType: number;
  groundSpeed: number | null;
  groundTrack: number | null;
  nextUpdate: number;
  seqNumber: number;
}

/** `telemetry`: the payload as it came, and which variant it is. */
export interface TelemetryDetails {
  kind: "telemetry";
  /** Name of the variant that is set, such as `device_metrics`; null when none is. */
  variant: string | null;
}

/** One hop of a traceroute. */
export interface TracerouteHop {
  direction: "towards" | "back";
  /** Position along the way, from 0. */
  index: number;
  nodeId: number;
  /** dB with which this hop was heard; null: unknown. */
  snr: number | null;
}

/** `traceroute_hops`. */
export interface TracerouteDetails {
  kind: "traceroute";
  requestId: number;
  originNodeId: number;
  destinationNodeId: number;
  hops: TracerouteHop[];
}

/** `neighbor_history`. */
export interface NeighborDetails {
  kind: "neighbors";
  originNodeId: number;
  broadcastIntervalSecs: number;
  neighbors: { nodeId: number; snr: number; lastRxTime: number; broadcastIntervalSecs: number }[];
}

/** `paxcounter_samples`. */
export interface PaxcounterDetails {
  kind: "paxcounter";
  wifi: number;
  ble: number;
  uptimeSeconds: number;
}

/** `range_test_results`. */
export interface RangeTestDetails {
  kind: "range_test";
  text: string;
}

/** `store_forward_events`. */
export interface StoreForwardDetails {
  kind: "store_forward";
  requestResponse: string;
  variant: string | null;
  messagesTotal: number | null;
  messagesSaved: number | null;
  messagesMax: number | null;
  uptimeSeconds: number | null;
  requestsTotal: number | null;
  requestsHistory: number | null;
  heartbeatFlag: number | null;
  returnMax: number | null;
  returnWindow: number | null;
  historyMessages: number | null;
  historyWindow: number | null;
  historyLastRequest: number | null;
  heartbeatPeriod: number | null;
  heartbeatSecondary: number | null;
  textPayload: Uint8Array<ArrayBuffer> | null;
}

/** All that one message changes in the database. */
export interface MeshtasticRecord {
  packet: PacketRow;
  node?: NodeUpdate;
  /** Node number of the gateway, where its id is one (`!` and up to 8 hex digits). */
  gatewayNodeId?: number;
  details?: PacketDetails;
}
