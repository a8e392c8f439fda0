/**
 * What a decoded record says, in words for a person.
 *
 * @module
 */
import type { Fact, RecordNotes } from "../packet_explanation.ts";
import { BROADCAST, nodeHexId } from "./node_id.ts";
import { PARSING_ERRORS } from "./labels.ts";
import type { MeshtasticProtobuf } from "./protobuf.ts";
import type { MeshtasticRecord, NodeUpdate, PacketDetails } from "./record.ts";

/** A node number as people write it; the broadcast address in words. */
export function nodeInWords(node: number): string {
  return node === BROADCAST ? "everybody (broadcast)" : nodeHexId(node);
}

/** What the payload of a readable record says, one fact a line. */
export function contentFacts(proto: MeshtasticProtobuf, record: MeshtasticRecord): Fact[] {
  const { packet, node, details } = record;
  const facts: Fact[] = [["kind", `${packet.portnumName} (port ${packet.portnum})`]];
  if (packet.parsingError !== null) facts.push(["fault", packet.parsingError]);
  if (details !== undefined) facts.push(...detailFacts(details));
  if (node !== undefined) facts.push(...nodeFacts(node));
  if (details?.kind === "telemetry" && packet.rawPayload !== null) {
    facts.push(...telemetryFacts(proto, packet.rawPayload, details.variant));
  }
  if (facts.length === 1) facts.push(["payload", `${packet.payloadLength} bytes`]);
  return facts;
}

/** What a diagnosis wants to know of a record. */
export function meshtasticNotes(record: MeshtasticRecord): RecordNotes {
  const { packet } = record;
  const channel = packet.channelId || packet.channelName || "";
  const hash = hexByte(packet.channelIndex ?? 0);
  const encrypted = packet.parsingError === PARSING_ERRORS.noKey;
  return {
    ...(packet.captureKey === null
      ? {}
      : { key: packet.captureKey.replace(/^hash:/, "").replace(/^trial:(.*)$/, "$1 (by trial)") }),
    ...(packet.processedSuccessfully
      ? {}
      : { unreadable: packet.parsingError ?? "nobody knows why" }),
    ...(encrypted ? { channel: `${JSON.stringify(channel)} (hash ${hash})` } : {}),
    ...(packet.rxTime === null || packet.rxTime === 0
      ? {}
      : { clock: { of: packet.gatewayId || "a gateway without id", at: packet.rxTime } }),
  };
}

/** A byte as `0x08`. */
export function hexByte(value: number): string {
  return `0x${value.toString(16).padStart(2, "0")}`;
}

function detailFacts(details: PacketDetails): Fact[] {
  switch (details.kind) {
    case "text":
      return [
        ["text", details.compressed ? "compressed" : JSON.stringify(details.text)],
        ...given("answers packet", details.replyId),
        ...(details.emoji > 0 ? [["reaction", "yes (a tapback)"] as Fact] : []),
      ];
    case "position":
      return [
        [
          "place",
          details.latitude === null || details.longitude === null
            ? "not said"
            : `${details.latitude.toFixed(5)}, ${details.longitude.toFixed(5)}`,
        ],
        ...(details.altitude === null ? [] : [["altitude", `${details.altitude} m`] as Fact]),
        ...given("satellites", details.satsInView ?? 0),
        ...given("bits of precision", details.precisionBits ?? 0),
        ...(details.time === 0 ? [] : [["time", utc(details.time)] as Fact]),
      ];
    case "telemetry":
      return [["telemetry", details.variant ?? "of a kind that is not known"]];
    case "traceroute":
      return [
        ["from", nodeInWords(details.originNodeId)],
        ["to", nodeInWords(details.destinationNodeId)],
        ...details.hops.map((hop): Fact => [
          hop.direction === "towards" ? "there" : "back",
          `${nodeInWords(hop.nodeId)}${hop.snr === null ? "" : `, ${hop.snr} dB`}`,
        ]),
      ];
    case "neighbors":
      return details.neighbors.map((one): Fact => [
        "hears",
        `${nodeInWords(one.nodeId)} at ${one.snr} dB`,
      ]);
    case "paxcounter":
      return [["devices", `${details.wifi} by WiFi, ${details.ble} by Bluetooth`]];
    case "range_test":
      return [["text", JSON.stringify(details.text)]];
    case "store_forward":
      return [["store and forward", details.requestResponse]];
  }
}

function nodeFacts(node: NodeUpdate): Fact[] {
  const named = (name: string, value: string | undefined): Fact[] =>
    value === undefined || value === "" ? [] : [[name, value]];
  return [
    ["node", nodeHexId(node.nodeId)],
    ...named("long name", node.longName && JSON.stringify(node.longName)),
    ...named("short name", node.shortName && JSON.stringify(node.shortName)),
    ...named("hardware", node.hwModel),
    ...named("role", node.role),
    ...named("region", node.region),
    ...named("modem preset", node.modemPreset),
    ...named("firmware", node.firmwareVersion),
  ];
}

/** The numbers of a telemetry variant, by the names that the protobufs give them. */
function telemetryFacts(
  proto: MeshtasticProtobuf,
  payload: Uint8Array,
  variant: string | null,
): Fact[] {
  const type = proto.root.lookupType("meshtastic.Telemetry");
  const fields = (type.decode(payload) as unknown as Record<string, unknown>)[variant ?? ""];
  if (typeof fields !== "object" || fields === null) return [];
  return Object.entries(fields).flatMap(([name, value]): Fact[] =>
    typeof value === "number" ? [[name.replaceAll("_", " "), String(rounded(value))]] : []
  );
}

/** Floats of 32 bits, without the digits that they do not have. */
function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(7));
}

function given(name: string, value: number): Fact[] {
  return value === 0 ? [] : [[name, String(value)]];
}

function utc(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace(".000Z", "Z");
}
