/**
 * From a packet and the message around it to what the store keeps.
 *
 * @module
 */
import type { Message } from "../capture/message.ts";
import type { RecordLabels } from "../capture/network.ts";
import type { RecentMap } from "../capture/recent_map.ts";
import { type Advert, advertFault, advertRole, parseAdvert } from "./advert.ts";
import type { ChannelKeyRing } from "./channels.ts";
import { type GeoFilter, passesGeoFilter } from "./geo_filter.ts";
import { goJson } from "./go_json.ts";
import { contentHash } from "./hash.ts";
import { field, type JsonObject } from "./json_message.ts";
import {
  type PacketFault,
  type PacketFrame,
  type PacketHead,
  parseHead,
  PAYLOAD,
} from "./packet.ts";
import { readPayload, traceRoute } from "./payload.ts";
import type { Payload } from "./payload_fields.ts";
import { resolveReceiveTime } from "./receive_time.ts";
import { receptionFields, recordBase } from "./reception.ts";
import {
  MAX_REFUSED_HEX,
  type NodeUpdate,
  type ObserverSighting,
  type PacketRecord,
  type RefusedRecord,
} from "./record.ts";
import { type RegionScopes, scopeOf } from "./regions.ts";

/** What reading a packet takes from the configuration. */
export interface PacketOptions {
  /** Channel keys, which open group messages. */
  readonly keys: ChannelKeyRing;
  /** Names the scope of a packet with transport codes. */
  readonly regions: RegionScopes;
  /** The operator's area, by which an advert's node is foreign or not; undefined: everywhere. */
  readonly geoFilter: GeoFilter | undefined;
  /** What was read lately. Default: every payload is read anew. */
  readonly readings?: RecentMap<string, PayloadReading>;
}

/** What a payload says, whoever heard it: receptions of one packet share it, so nobody changes it. */
export interface PayloadReading {
  /** Type of the packet that it was read from. */
  readonly payloadType: number;
  /** The transport code that its scope was found by; null without one. */
  readonly transportCode: string | null;
  /** The content hash. */
  readonly hash: string;
  /** The payload, opened where a key was known, as text. */
  readonly decodedJson: string;
  /** What the metrics say of it. */
  readonly labels: RecordLabels;
  /** As in {@linkcode Transmission}. */
  readonly channelHash: string | null;
  /** As in {@linkcode Transmission}. */
  readonly scopeName: string | null;
  /** What an advert says of its node, which the receptions share, too; null for what is none. */
  readonly node: NodeUpdate | null;
}

/** Who heard a packet, and what with. */
export interface Heard {
  /** The message around the packet. */
  readonly message: Message;
  /** Its JSON: SNR, RSSI, score, direction and time stand beside the packet in it. */
  readonly json: JsonObject;
  /** The packet's hex without spaces. */
  readonly rawHex: string;
  /** Null when the topic names none: the packet is kept all the same. */
  readonly observer: ObserverSighting | null;
  /** Region of this reception, trimmed by nobody yet; may be `""`. */
  readonly region: string;
}

/** A packet's record, and what the metrics say of it. */
export interface PacketReading {
  /** What the store keeps. */
  readonly record: PacketRecord;
  /** Its labels: others may have the same object. */
  readonly labels: RecordLabels;
}

/**
 * Makes the record of a packet that parsed.
 *
 * @param signatureValid of an advert; undefined when nobody looked
 */
export function readPacket(
  frame: PacketFrame,
  heard: Heard,
  options: PacketOptions,
  signatureValid: boolean | undefined,
): PacketReading | RefusedRecord {
  const reading = readPayloadOf(frame, heard, options, signatureValid);
  if ("kind" in reading) return reading;
  // Not a TRACE, which reads the packet's path, too. By the hex as sent: the same payload in other
  // letters is read again.
  if (frame.payloadType !== PAYLOAD.TRACE) {
    const { rawHex } = heard;
    options.readings?.set(rawHex.slice(rawHex.length - 2 * frame.payload.length), reading);
  }
  const path = traceRoute(frame)?.hops ?? frame.hops;
  // The header of a TRACE holds SNR values: without a route there are no hops to resolve.
  const hops = frame.payloadType === PAYLOAD.TRACE && path === frame.hops ? [] : path;
  return recordOf(frame, path, hops, heard, reading);
}

/**
 * Makes the record of a further copy of a packet that was read lately; undefined when it was not. Most
 * packets are heard by several observers: what differs between their copies is what stands before the
 * payload, so no bytes are made of the rest. An advert among them was checked when it was read.
 */
export function recallPacket(
  heard: Heard,
  { readings }: Pick<PacketOptions, "readings">,
): PacketReading | undefined {
  const head = parseHead(heard.rawHex);
  if (head === undefined || head.payloadType === PAYLOAD.TRACE) return undefined;
  const reading = readings?.get(head.payloadHex);
  return reading === undefined || reading.payloadType !== head.payloadType ||
      reading.transportCode !== head.transportCode
    ? undefined
    : recordOf(head, head.hops, head.hops, heard, reading);
}

function recordOf(
  head: Pick<PacketHead, "routeType" | "payloadType" | "payloadName" | "payloadVersion">,
  path: readonly string[],
  hops: readonly string[],
  { message, json, rawHex, observer, region }: Heard,
  reading: PayloadReading,
): PacketReading {
  const time = resolveReceiveTime(field(json, "timestamp"), message.receivedAt);
  const { direction, snr, rssi, score } = receptionFields(json);
  // Written out: a spread would cost two more objects a packet.
  const record: PacketRecord = {
    kind: "packet",
    source: message.source,
    topic: message.topic.toWellFormed(),
    receivedAt: message.receivedAt,
    qos: message.qos,
    retained: message.retained,
    payloadName: head.payloadName,
    transmission: {
      hash: reading.hash,
      rawHex,
      routeType: head.routeType,
      payloadType: head.payloadType,
      payloadVersion: head.payloadVersion,
      decodedJson: reading.decodedJson,
      channelHash: reading.channelHash,
      scopeName: reading.scopeName,
      fromPubkey: reading.node?.publicKey ?? null,
    },
    observation: {
      direction,
      snr,
      rssi,
      score,
      pathJson: path.length === 0 ? "[]" : `["${path.join('","')}"]`,
      rawHex,
    },
    hops,
    observer,
    region,
    heardAt: time.at,
    clockSkewSeconds: time.clockSkewSeconds ?? null,
    node: reading.node,
  };
  return { record, labels: reading.labels };
}

/** Reads the payload; an advert that no node can have sent, or did not sign, is refused. */
function readPayloadOf(
  frame: PacketFrame,
  heard: Heard,
  { keys, regions, geoFilter }: PacketOptions,
  signatureValid: boolean | undefined,
): PayloadReading | RefusedRecord {
  const hash = contentHash(frame.bytes)!;
  const advert = frame.payloadType === PAYLOAD.ADVERT ? parseAdvert(frame.payload) : undefined;
  if (advert !== undefined) {
    const fault = advertFault(advert) ??
      (signatureValid === false ? "invalid_signature" : undefined);
    if (fault !== undefined) return refusedAdvert(advert, fault, hash, heard);
  }
  const payload = readPayload(frame, { keys, signatureValid, advert });
  const scopeName = scopeOf(regions, frame);
  return {
    payloadType: frame.payloadType,
    transportCode: frame.transportCodes?.code1 ?? null,
    hash,
    decodedJson: goJson(payload),
    labels: packetLabels(frame, payload),
    channelHash: channelHashOf(frame, payload),
    scopeName,
    node: advert === undefined ? null : nodeUpdate(advert, scopeName, geoFilter),
  };
}

function packetLabels(frame: PacketFrame, payload: Payload): RecordLabels {
  const status = Object.hasOwn(payload, "decryptionStatus")
    ? payload["decryptionStatus"]
    : undefined;
  const decrypt = status === "decrypted"
    ? "hash"
    : status === "decryption_failed" || status === "no_key"
    ? "no_key"
    : "none";
  return { type: frame.payloadName, decrypt, readable: !Object.hasOwn(payload, "error") };
}

function channelHashOf(frame: PacketFrame, payload: Payload): string | null {
  if (frame.payloadType !== PAYLOAD.GRP_TXT) return null;
  const { channel, channelHashHex } = payload;
  if (payload.type === "CHAN" && typeof channel === "string" && channel !== "") return channel;
  return typeof channelHashHex === "string" ? `enc_${channelHashHex}` : null;
}

function nodeUpdate(
  advert: Advert,
  scopeName: string | null,
  geoFilter: GeoFilter | undefined,
): NodeUpdate {
  const lat = advert.lat ?? null;
  const lon = advert.lon ?? null;
  return {
    publicKey: advert.publicKey,
    name: advert.name === "" ? null : advert.name,
    role: advertRole(advert.flags),
    lat,
    lon,
    foreign: !passesGeoFilter(geoFilter, lat, lon),
    batteryMv: advert.batteryMv ?? null,
    temperatureC: advert.temperatureC ?? null,
    defaultScope: scopeName === "" ? null : scopeName,
    advertTimestamp: advert.timestamp,
  };
}

function refusedAdvert(
  advert: Advert,
  fault: RefusedRecord["fault"],
  hash: string,
  heard: Heard,
): RefusedRecord {
  return {
    kind: "refused",
    ...recordBase(heard.message),
    reason: fault === "invalid_signature" ? fault : "corrupt_advert",
    fault,
    text: fault.replaceAll("_", " "),
    hash,
    rawHex: heard.rawHex.slice(0, MAX_REFUSED_HEX),
    observer: heard.observer,
    nodePubkey: advert.publicKey,
    nodeName: advert.name === "" ? null : advert.name,
  };
}

/** Makes the record of a packet that did not parse. */
export function refusedPacket(
  fault: PacketFault,
  detail: string,
  bytes: Uint8Array | undefined,
  heard: Heard,
): RefusedRecord {
  return {
    kind: "refused",
    ...recordBase(heard.message),
    reason: "undecodable",
    fault,
    text: `${fault.replaceAll("_", " ")}: ${detail}`,
    hash: (bytes === undefined ? undefined : contentHash(bytes)) ?? null,
    rawHex: heard.rawHex.slice(0, MAX_REFUSED_HEX),
    observer: heard.observer,
    nodePubkey: null,
    nodeName: null,
  };
}
