/**
 * From a message to its record: topics, filters, and what is dropped why. The order of the
 * questions is CoreScope's (its main.go, handleMessage).
 *
 * @module
 */
import type { Message } from "../capture/message.ts";
import type { Decoded, RecordLabels } from "../capture/network.ts";
import type { RecentMap } from "../capture/recent_map.ts";
import { advertFault, parseAdvert } from "./advert.ts";
import { clientKey, clientPosition, readClientReception } from "./client_reception.ts";
import { readChannelMessage, readDirectMessage } from "./companion.ts";
import type { Filters } from "./filters.ts";
import { decodeHex, stripHex } from "./hex.ts";
import { type JsonObject, nonEmpty, parseJsonMessage, textField } from "./json_message.ts";
import { type PacketFrame, type ParsedPacket, parsePacket, PAYLOAD } from "./packet.ts";
import {
  type Heard,
  type PacketOptions,
  type PacketReading,
  readPacket,
  recallPacket,
  refusedPacket,
} from "./packet_record.ts";
import { observerSighting } from "./reception.ts";
import type { MeshcoreRecord, ObserverSighting } from "./record.ts";
import { readStatus } from "./status.ts";

/**
 * Why a message leaves no record: the labels of the drop counter. What an observer heard but nobody
 * can use leaves one, of kind `refused`.
 */
export const DROP_REASONS = [
  "too_large",
  "not_json",
  "not_an_object",
  "ignored_topic",
  "blacklisted",
  "region_not_allowed",
  "region_filtered",
  "no_observer",
  "no_text",
  "no_packet",
  "foreign_advert",
  "client_bad_key",
  "client_no_packet",
  "client_no_position",
  "client_undecodable",
  "client_corrupt_advert",
  "client_not_direct",
  "internal_error",
] as const;
/** Why a message leaves no record. */
export type DropReason = typeof DROP_REASONS[number];

/** What reading a message takes from the configuration. */
export interface MessageOptions extends PacketOptions {
  /** Which observers and regions are wanted. */
  readonly filters: Filters;
  /**
   * Checks the Ed25519 signatures of adverts and refuses what fails; else every advert is believed.
   */
  readonly validateSignatures: boolean;
  /**
   * Accepts `meshcore/client/<public key>/packets`; otherwise `client` is read as a region's name.
   */
  readonly clientRxCoverage: boolean;
  /** What becomes of adverts from outside the area. */
  readonly foreignAdverts: "flag" | "drop";
  /** Topics of late. */
  readonly topics: RecentMap<string, KnownTopic>;
}

/** A topic taken apart, and the observer that its last message told of. */
export interface KnownTopic {
  /** What stands between the slashes. */
  readonly parts: readonly string[];
  /** Nobody changes it: the records share it. */
  observer?: ObserverSighting | null;
  /** The region that `observer` was made with. */
  region?: string;
}

/** An advert whose signature must be looked at first. */
export interface AdvertReading {
  /** Tells it from an answer. */
  readonly kind: "advert";
  /** What is signed, and the signature. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** The payload in hex, as sent: equal when the payload is. */
  readonly payloadHex: string;
  /** The answer, when the verdict is known. */
  readonly finish: (signatureValid: boolean) => Decoded<MeshcoreRecord>;
}

/** The answer to one message, or an advert. */
export type MessageReading =
  | { readonly kind: "done"; readonly decoded: Decoded<MeshcoreRecord> }
  | AdvertReading;

/** Reads one message as far as that goes without waiting. */
export function readMessage(message: Message, options: MessageOptions): MessageReading {
  const json = parseJsonMessage(message.payload);
  if (typeof json === "string") return drop(json);
  const { filters } = options;
  const topic = knownTopic(message.topic, options);
  const { parts } = topic;
  const [, iata = "", id = "", suffix] = parts;

  if (options.clientRxCoverage && iata === "client" && suffix === "packets") {
    if (filters.isBlacklisted(id)) return drop("blacklisted");
    return readClient(message, json, id, options);
  }
  if (message.topic === "meshcore/status" || message.topic === "meshcore/events/connection") {
    return drop("ignored_topic");
  }
  if (parts.length > 2 && filters.isBlacklisted(id)) return drop("blacklisted");
  if (parts.length > 1 && !filters.isRegionAllowed(iata)) return drop("region_not_allowed");
  if (suffix === "status") {
    const record = readStatus(message, json, id, iata);
    return record === undefined ? drop("no_observer") : keep(record, labels("STATUS"));
  }
  if (parts.length > 1 && !filters.isPacketWanted(message.source, iata)) {
    return drop("region_filtered");
  }
  const raw = rawField(json, suffix);
  if (raw !== undefined) return readHeard(message, json, raw, topic, options);
  if (message.topic.startsWith("meshcore/message/channel/")) {
    const record = readChannelMessage(message, json, suffix ?? "");
    return record === undefined ? drop("no_text") : keep(record, labels("CHANNEL_MESSAGE"));
  }
  if (message.topic.startsWith("meshcore/message/direct/")) {
    const record = readDirectMessage(message, json, suffix ?? "");
    return record === undefined ? drop("no_text") : keep(record, labels("DIRECT_MESSAGE"));
  }
  return drop("no_packet");
}

/** The packet's hex; on the `/raw` topic observers put it into `data`, which CoreScope overlooks. */
function rawField(json: JsonObject, suffix: string | undefined): string | undefined {
  return textField(json, "raw") || (suffix === "raw" && textField(json, "data")) || undefined;
}

function readHeard(
  message: Message,
  json: JsonObject,
  raw: string,
  topic: KnownTopic,
  options: MessageOptions,
): MessageReading {
  const iata = topic.parts[1] ?? "";
  const region = textField(json, "region") || iata || options.filters.regionOf(message.source);
  const rawHex = stripHex(raw);
  const heard: Heard = {
    message,
    json,
    rawHex,
    region,
    observer: knownObserver(topic, json, region),
  };
  const recalled = recallPacket(heard, options);
  if (recalled !== undefined) return { kind: "done", decoded: accepted(recalled, options) };
  const { bytes, parsed } = parseRaw(rawHex);
  if (!parsed.ok) {
    const record = refusedPacket(parsed.fault, parsed.detail, bytes, heard);
    return keep(record, { type: "UNDECODABLE", decrypt: "none", readable: false });
  }
  const { frame } = parsed;
  const finish = (signatureValid: boolean | undefined): Decoded<MeshcoreRecord> => {
    // Another copy of an advert may have been read while its signature was looked at.
    const again = signatureValid === true ? recallPacket(heard, options) : undefined;
    const reading = again ?? readPacket(frame, heard, options, signatureValid);
    if ("kind" in reading) {
      return kept(reading, { type: frame.payloadName, decrypt: "none", readable: false });
    }
    return accepted(reading, options);
  };
  return withSignature(frame, rawHex, options, finish);
}

function knownTopic(text: string, { topics }: MessageOptions): KnownTopic {
  let topic = topics.get(text);
  if (topic === undefined) topics.set(text, topic = { parts: text.split("/") });
  return topic;
}

/** An observer hardly ever changes its name: thousands of records that wait to be stored share one. */
function knownObserver(topic: KnownTopic, json: JsonObject, region: string): Heard["observer"] {
  const { observer } = topic;
  if (observer !== undefined && topic.region === region) {
    if (observer === null || observer.name === nonEmpty(json, "origin")) return observer;
  }
  topic.region = region;
  return topic.observer = observerSighting(topic.parts[2] ?? "", json, region);
}

function accepted(
  { record, labels }: PacketReading,
  { foreignAdverts }: MessageOptions,
): Decoded<MeshcoreRecord> {
  if (record.node?.foreign === true && foreignAdverts === "drop") {
    return { kind: "drop", reason: "foreign_advert" satisfies DropReason };
  }
  return kept(record, labels);
}

function readClient(
  message: Message,
  json: JsonObject,
  keySegment: string,
  options: MessageOptions,
): MessageReading {
  const key = clientKey(keySegment);
  if (key === undefined) return drop("client_bad_key");
  const raw = textField(json, "raw");
  if (raw === undefined || raw === "") return drop("client_no_packet");
  const position = clientPosition(json);
  if (position === undefined) return drop("client_no_position");
  const rawHex = stripHex(raw);
  const { parsed } = parseRaw(rawHex);
  if (!parsed.ok) return drop("client_undecodable", `${parsed.fault}: ${parsed.detail}`);
  const { frame } = parsed;
  const advert = frame.payloadType === PAYLOAD.ADVERT ? parseAdvert(frame.payload) : undefined;
  // No node can have sent it: nothing about it is to be believed, nor its path.
  if (advert !== undefined && advertFault(advert) !== undefined) {
    return drop("client_corrupt_advert");
  }
  const finish = (signatureValid: boolean | undefined): Decoded<MeshcoreRecord> => {
    const record = readClientReception(
      message,
      json,
      frame,
      key,
      position,
      advert,
      signatureValid ?? null,
    );
    return record === undefined
      ? { kind: "drop", reason: "client_not_direct" satisfies DropReason }
      : kept(record, labels("CLIENT_RECEPTION"));
  };
  return withSignature(frame, rawHex, options, finish);
}

function withSignature(
  frame: PacketFrame,
  rawHex: string,
  options: MessageOptions,
  finish: (signatureValid: boolean | undefined) => Decoded<MeshcoreRecord>,
): MessageReading {
  if (frame.payloadType !== PAYLOAD.ADVERT || !options.validateSignatures) {
    return { kind: "done", decoded: finish(undefined) };
  }
  const { payload } = frame;
  const payloadHex = rawHex.slice(rawHex.length - 2 * payload.length);
  return { kind: "advert", payload, payloadHex, finish };
}

function parseRaw(hex: string): { bytes?: Uint8Array<ArrayBuffer>; parsed: ParsedPacket } {
  const bytes = decodeHex(hex);
  if (bytes === undefined) {
    return { parsed: { ok: false, fault: "bad_hex", detail: `${hex.length} characters` } };
  }
  return { bytes, parsed: parsePacket(bytes) };
}

function labels(type: string): RecordLabels {
  return { type, decrypt: "none", readable: true };
}

function kept(record: MeshcoreRecord, recordLabels: RecordLabels): Decoded<MeshcoreRecord> {
  return { kind: "record", record, labels: recordLabels };
}

function keep(record: MeshcoreRecord, recordLabels: RecordLabels): MessageReading {
  return { kind: "done", decoded: kept(record, recordLabels) };
}

function drop(reason: DropReason, detail?: string): MessageReading {
  return {
    kind: "done",
    decoded: detail === undefined ? { kind: "drop", reason } : { kind: "drop", reason, detail },
  };
}
