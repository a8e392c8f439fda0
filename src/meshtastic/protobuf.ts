/**
 * The protobuf messages that we read, made from `proto/*.proto`. Field names are those of the
 * `.proto` files; strings are given as bytes (`text.ts` decodes them, because radios cut strings in
 * the middle of a character, and one bad name must not lose its packet).
 *
 * @module
 */
import protobuf from "protobufjs";
import envelopeProto from "../../proto/envelope.proto" with { type: "text" };
import nodeProto from "../../proto/node.proto" with { type: "text" };
import payloadsProto from "../../proto/payloads.proto" with { type: "text" };
import portsProto from "../../proto/ports.proto" with { type: "text" };
import storeForwardProto from "../../proto/store_forward.proto" with { type: "text" };
import telemetryProto from "../../proto/telemetry.proto" with { type: "text" };

/** Bytes of a field: a view of the message's buffer, or an empty array where it is absent. */
export type FieldBytes = Uint8Array | readonly number[];

export interface ServiceEnvelope {
  packet: MeshPacket | null;
  channel_id: FieldBytes;
  gateway_id: FieldBytes;
}

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

export interface User {
  id: FieldBytes;
  long_name: FieldBytes;
  short_name: FieldBytes;
  macaddr: FieldBytes;
  hw_model: number;
  is_licensed: boolean;
  role: number;
}

export interface MapReport {
  long_name: FieldBytes;
  short_name: FieldBytes;
  role: number;
  hw_model: number;
  firmware_version: FieldBytes;
  region: number;
  modem_preset: number;
}

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

export interface Telemetry {
  variant: string | undefined;
}

export interface RouteDiscovery {
  route: readonly number[];
  snr_towards: readonly number[];
  route_back: readonly number[];
  snr_back: readonly number[];
}

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

export interface Paxcount {
  wifi: number;
  ble: number;
  uptime: number;
}

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

/** Reads one type of message. */
export interface MessageReader<T> {
  /** The message, or undefined when the bytes are none. Unknown fields are skipped. */
  read(bytes: Uint8Array): T | undefined;
}

/** Gives the name of an enum's number: `UNKNOWN_<n>` where it has none. */
export type EnumName = (value: number) => string;

/** Every reader that the decoder needs. */
export interface MeshtasticProtobuf {
  readonly root: protobuf.Root;
  readonly envelope: MessageReader<ServiceEnvelope>;
  readonly data: MessageReader<Data>;
  readonly user: MessageReader<User>;
  readonly mapReport: MessageReader<MapReport>;
  readonly position: MessageReader<Position>;
  readonly telemetry: MessageReader<Telemetry>;
  readonly routeDiscovery: MessageReader<RouteDiscovery>;
  readonly routing: MessageReader<unknown>;
  readonly neighborInfo: MessageReader<NeighborInfo>;
  readonly waypoint: MessageReader<unknown>;
  readonly paxcount: MessageReader<Paxcount>;
  readonly storeAndForward: MessageReader<StoreAndForward>;
  readonly hardwareModel: EnumName;
  readonly role: EnumName;
  readonly region: EnumName;
  readonly modemPreset: EnumName;
  readonly storeForwardRequest: EnumName;
}

/** Parses the `.proto` files as they stand. */
export function parseProtoFiles(): protobuf.Root {
  const root = new protobuf.Root();
  for (
    const text of [
      envelopeProto,
      nodeProto,
      payloadsProto,
      portsProto,
      storeForwardProto,
      telemetryProto,
    ]
  ) protobuf.parse(text, root, { keepCase: true });
  return root;
}

/** Builds the readers; it takes about 30 ms, so do it once. */
export function loadProtobuf(): MeshtasticProtobuf {
  const root = parseProtoFiles();
  stringsAsBytes(root);
  root.resolveAll();
  const reader = <T>(name: string) => messageReader<T>(root.lookupType(`meshtastic.${name}`));
  const names = (name: string) => enumName(root.lookupEnum(`meshtastic.${name}`));
  return {
    root,
    envelope: reader("ServiceEnvelope"),
    data: reader("Data"),
    user: reader("User"),
    mapReport: reader("MapReport"),
    position: reader("Position"),
    telemetry: reader("Telemetry"),
    routeDiscovery: reader("RouteDiscovery"),
    routing: reader("Routing"),
    neighborInfo: reader("NeighborInfo"),
    waypoint: reader("Waypoint"),
    paxcount: reader("Paxcount"),
    storeAndForward: reader("StoreAndForward"),
    hardwareModel: names("HardwareModel"),
    role: names("Config.DeviceConfig.Role"),
    region: names("Config.LoRaConfig.RegionCode"),
    modemPreset: names("Config.LoRaConfig.ModemPreset"),
    storeForwardRequest: names("StoreAndForward.RequestResponse"),
  };
}

function messageReader<T>(type: protobuf.Type): MessageReader<T> {
  type.setup();
  return {
    read(bytes) {
      // Not Reader.create(): for a Buffer that would choose another reader.
      const reader = new protobuf.Reader(bytes);
      reader.discardUnknown = true;
      try {
        return type.decode(reader) as unknown as T;
      } catch {
        // Whatever protobufjs stumbles over (truncation, nesting, lengths): not such a message.
        return undefined;
      }
    },
  };
}

function enumName(type: protobuf.Enum): EnumName {
  const names = new Map(Object.entries(type.values).map(([name, value]) => [value, name]));
  return (value) => names.get(value) ?? `UNKNOWN_${value}`;
}

function stringsAsBytes(namespace: protobuf.NamespaceBase): void {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type) {
      for (const field of nested.fieldsArray) {
        if (field.type === "string") field.type = "bytes";
      }
    }
    if (nested instanceof protobuf.Namespace) stringsAsBytes(nested);
  }
}
