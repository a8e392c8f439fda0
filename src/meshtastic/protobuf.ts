/**
 * The protobuf messages that we read, made from `proto/messages.json`, which
 * `deno task proto` makes from the `.proto` files beside it. Field names are those of the files; strings are given as bytes (`text.ts` decodes them, because radios cut strings in
 * the middle of a character, and one bad name must not lose its packet).
 *
 * @module
 */
import protobuf from "protobufjs/light.js";
import type {
  Data,
  MapReport,
  MeshPacket,
  NeighborInfo,
  Paxcount,
  Position,
  RouteDiscovery,
  ServiceEnvelope,
  StoreAndForward,
  Telemetry,
  User,
} from "./messages.ts";
import messages from "../../proto/messages.json" with { type: "json" };

/** Reads one type of message. */
export interface MessageReader<T> {
  /** The message, or undefined when the bytes are none. Unknown fields are skipped. */
  read(bytes: Uint8Array): T | undefined;
}

/** Gives the name of an enum's number: `UNKNOWN_<n>` where it has none. */
export type EnumName = (value: number) => string;

/** Every reader that the decoder needs. */
export interface MeshtasticProtobuf {
  /** All types, for whoever looks one up by name. */
  readonly root: protobuf.Root;
  /** What a gateway publishes. */
  readonly envelope: MessageReader<ServiceEnvelope>;
  /** A packet without its envelope. */
  readonly meshPacket: MessageReader<MeshPacket>;
  /** The content of a packet, in clear. */
  readonly data: MessageReader<Data>;
  /** Payload of NODEINFO_APP. */
  readonly user: MessageReader<User>;
  /** Payload of MAP_REPORT_APP. */
  readonly mapReport: MessageReader<MapReport>;
  /** Payload of POSITION_APP. */
  readonly position: MessageReader<Position>;
  /** Payload of TELEMETRY_APP. */
  readonly telemetry: MessageReader<Telemetry>;
  /** Payload of TRACEROUTE_APP. */
  readonly routeDiscovery: MessageReader<RouteDiscovery>;
  /** Payload of ROUTING_APP, only to see whether it is one. */
  readonly routing: MessageReader<unknown>;
  /** Payload of NEIGHBORINFO_APP. */
  readonly neighborInfo: MessageReader<NeighborInfo>;
  /** Payload of WAYPOINT_APP, only to see whether it is one. */
  readonly waypoint: MessageReader<unknown>;
  /** Payload of PAXCOUNTER_APP. */
  readonly paxcount: MessageReader<Paxcount>;
  /** Payload of STORE_FORWARD_APP. */
  readonly storeAndForward: MessageReader<StoreAndForward>;
  /** Names of `HardwareModel`. */
  readonly hardwareModel: EnumName;
  /** Names of `Config.DeviceConfig.Role`. */
  readonly role: EnumName;
  /** Names of `Config.LoRaConfig.RegionCode`. */
  readonly region: EnumName;
  /** Names of `Config.LoRaConfig.ModemPreset`. */
  readonly modemPreset: EnumName;
  /** Names of `StoreAndForward.RequestResponse`. */
  readonly storeForwardRequest: EnumName;
}

/** Builds the readers; it takes about 10 ms, so do it once. */
export function loadProtobuf(): MeshtasticProtobuf {
  const root = protobuf.Root.fromJSON(messages as protobuf.INamespace);
  stringsAsBytes(root);
  root.resolveAll();
  const reader = <T>(name: string) => messageReader<T>(root.lookupType(`meshtastic.${name}`));
  const names = (name: string) => enumName(root.lookupEnum(`meshtastic.${name}`));
  return {
    root,
    envelope: reader("ServiceEnvelope"),
    meshPacket: reader("MeshPacket"),
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
  // The type compiles its decoder at the first message: most types never come to most services.
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
