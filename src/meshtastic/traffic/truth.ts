/** What a simulated message is, and what a right decoder says of it. @module */

/** A message of simulated traffic with its answer. */
export interface TrafficMessage {
  /** Topic that it is published to. */
  readonly topic: string;
  /** MQTT payload. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Radios publish at QoS 0. */
  readonly qos: 0;
  /** True for the gateways' presence alone. */
  readonly retain: boolean;
  /** Time of publishing, Unix milliseconds; never decreases. */
  readonly atMs: number;
  /** What a right decoder says of it. */
  readonly truth: TrafficTruth;
}

/**
 * Who can read a message: `plain` anybody; `default_key` anybody, with no configuration;
 * `indexed_key` whoever has the keys of `trafficChannelKeys`; `unknown_key` and `pki` nobody here;
 * `broken` nobody at all; `no_packet`: the message is none (JSON, presence).
 */
export type Readable =
  | "plain"
  | "default_key"
  | "indexed_key"
  | "unknown_key"
  | "pki"
  | "broken"
  | "no_packet";

/** What is in a simulated message. */
export interface TrafficTruth {
  /** What kind of message it is. */
  readonly kind: "packet" | "map_report" | "json" | "stat" | "malformed";
  /** Who can read it. */
  readonly readable: Readable;
  /** Gateway that published it, `!%08x`. */
  readonly gatewayId: string;
  /** The rest is there for `packet` and `map_report`. What was encrypted is told here, too. */
  readonly packet?: PacketTruth;
}

/** The packet in a simulated message, in clear. */
export interface PacketTruth {
  /** The envelope's `channel_id`. */
  readonly channelId: string;
  /** Node number of the sender. */
  readonly from: number;
  /** Node number of the receiver, or the broadcast address. */
  readonly to: number;
  /** Packet id. */
  readonly id: number;
  /** Port number. */
  readonly portnum: number;
  /** Name in the protobufs, or `UNKNOWN_<n>`. */
  readonly portnumName: string;
  /** `Data.payload`. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Port numbers that the simulated nodes use, with their names in the protobufs. */
export const Port = {
  TEXT_MESSAGE_APP: 1,
  POSITION_APP: 3,
  NODEINFO_APP: 4,
  ROUTING_APP: 5,
  WAYPOINT_APP: 8,
  DETECTION_SENSOR_APP: 10,
  PAXCOUNTER_APP: 34,
  STORE_FORWARD_APP: 65,
  RANGE_TEST_APP: 66,
  TELEMETRY_APP: 67,
  TRACEROUTE_APP: 70,
  NEIGHBORINFO_APP: 71,
  MAP_REPORT_APP: 73,
  PRIVATE_APP: 256,
} as const;

/** A number that the protobufs do not name (yet). */
export const UNNAMED_PORT = 290;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(Port).map(([name, number]) => [number, name]),
);

/** Name of a port number. */
export function portName(portnum: number): string {
  return NAMES.get(portnum) ?? `UNKNOWN_${portnum}`;
}
