/**
 * Explains one MeshCore packet: its frame, each channel key that was tried and what came of it, and
 * what the packet says.
 *
 * @module
 */
import type { Message } from "../capture/message.ts";
import type {
  ExplainOptions,
  Fact,
  KeyAttempt,
  PacketExplanation,
  RecordNotes,
} from "../packet_explanation.ts";
import { advertFault, parseAdvert, verifyAdvert } from "./advert.ts";
import {
  type ChannelKey,
  type ChannelKeyRing,
  createChannelKeyRing,
  openGroupMessage,
} from "./channels.ts";
import { contentHash, sha256 } from "./hash.ts";
import { decodeHex, encodeHex, stripHex } from "./hex.ts";
import { parseJsonMessage, textField } from "./json_message.ts";
import { type PacketFrame, parsePacket, PAYLOAD } from "./packet.ts";
import { readPayload } from "./payload.ts";
import type { Payload } from "./payload_fields.ts";
import { parseTimestamp } from "./receive_time.ts";
import type { MeshcoreRecord } from "./record.ts";

/**
 * Explains a packet as it was on the air, or an observer's JSON message around one; undefined when
 * the bytes are neither.
 *
 * @param keys the configured ring
 * @param options `channel` counts for nothing: a message names its channel by a hash of the key alone
 */
export async function explainMeshcorePacket(
  keys: ChannelKeyRing,
  bytes: Uint8Array<ArrayBuffer>,
  _options: ExplainOptions = {},
): Promise<PacketExplanation | undefined> {
  const inner = packetInJson(bytes);
  const parsed = parsePacket(inner ?? bytes);
  if (!parsed.ok) return undefined;
  const { frame } = parsed;
  const advert = frame.payloadType === PAYLOAD.ADVERT ? parseAdvert(frame.payload) : undefined;
  const signatureValid = advert === undefined ? undefined : await verifyAdvert(frame.payload);
  const fault = advert === undefined ? undefined : advertFault(advert);
  const payload = readPayload(frame, { keys, signatureValid, advert });
  const attempts = isGroup(frame) ? tryKeys(keys, frame, payload) : [];
  const { readable, verdict, advice } = verdictOf(frame, payload, attempts, fault);
  return {
    network: "meshcore",
    form: inner === undefined ? "MeshCore packet" : "MeshCore packet in an observer's message",
    header: headerFacts(frame),
    encryption: encryptionFacts(frame, payload),
    attempts,
    readable,
    verdict,
    ...(advice === undefined ? {} : { advice }),
    content: contentFacts(payload),
  };
}

/** What a diagnosis wants to know of a record, and of the message that it came from. */
export function meshcoreNotes(record: MeshcoreRecord, message: Message): RecordNotes {
  const clock = observerClock(record, message);
  if (record.kind === "refused") return { unreadable: record.text, ...clock };
  if (record.kind !== "packet") return clock;
  const { channelHash } = record.transmission;
  if (channelHash === null) return clock;
  return channelHash.startsWith("enc_")
    ? { unreadable: "no channel key reads it", channel: `hash 0x${channelHash.slice(4)}`, ...clock }
    : { key: channelHash, ...clock };
}

/** The observer's clock as its message has it; the record's time is put right where it is off. */
function observerClock(record: MeshcoreRecord, message: Message): Pick<RecordNotes, "clock"> {
  if (record.kind !== "packet" && record.kind !== "refused") return {};
  const json = parseJsonMessage(message.payload);
  const text = typeof json === "string" ? undefined : textField(json, "timestamp");
  const parsed = text === undefined ? undefined : parseTimestamp(text);
  if (parsed === undefined) return {};
  const of = record.observer?.name ?? record.observer?.id ?? "an observer without id";
  return { clock: { of, at: parsed.ms / 1000 } };
}

function packetInJson(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  const json = parseJsonMessage(bytes);
  if (typeof json === "string") return undefined;
  const raw = textField(json, "raw") || textField(json, "data");
  return raw === undefined ? undefined : decodeHex(stripHex(raw));
}

function isGroup(frame: PacketFrame): boolean {
  return frame.payloadName === "GRP_TXT" || frame.payloadName === "GRP_DATA";
}

function headerFacts(frame: PacketFrame): Fact[] {
  const path = frame.payloadType === PAYLOAD.TRACE
    ? `${frame.hops.length} SNR values`
    : frame.hops.length === 0
    ? "no hops"
    : frame.hops.join(" → ");
  return [
    ["kind", `${frame.payloadName}, version ${frame.payloadVersion}`],
    ["route", frame.routeName],
    ["path", path],
    ...(frame.transportCodes === null
      ? []
      : [["region codes", Object.values(frame.transportCodes).join(" ")] as Fact]),
    ["payload", `${frame.payload.length} bytes`],
    ["content hash", contentHash(frame.bytes) ?? "none"],
  ];
}

function encryptionFacts(frame: PacketFrame, payload: Payload): Fact[] {
  switch (frame.payloadName) {
    case "GRP_TXT":
    case "GRP_DATA":
      if (frame.payload.length < 3) return [];
      return [
        ["method", "AES-128-ECB and two bytes of HMAC-SHA256 with the channel's key"],
        [
          "channel hash",
          `0x${payload["channelHashHex"]}: the first byte of SHA-256 of the channel's key`,
        ],
        ["MAC", encodeHex(frame.payload.subarray(1, 3))],
        ["nonce", "none: equal blocks under one key give equal ciphertext"],
      ];
    case "REQ":
    case "RESPONSE":
    case "TXT_MSG":
    case "ANON_REQ":
    case "PATH":
      return [["method", "a secret that only sender and receiver share (X25519)"]];
    default:
      return [];
  }
}

/** The keys whose hash the message carries; the others cannot have written it and are counted. */
function tryKeys(keys: ChannelKeyRing, frame: PacketFrame, payload: Payload): KeyAttempt[] {
  const { payload: bytes } = frame;
  if (bytes.length < 3) return [];
  const attempts: KeyAttempt[] = [];
  const named = payload["decryptionStatus"] === "decrypted" ? payload["channel"] : undefined;
  let accepted = false;
  for (let hash = 0; hash < 256; hash++) {
    for (const key of keys.candidates(hash)) {
      const matches = hash === bytes[0];
      const opens = matches && opensWith(key, bytes);
      const wins: boolean = opens && !accepted && key.name === named;
      accepted ||= wins;
      attempts.push({
        key: `${key.name} (${ORIGINS[key.origin]})`,
        fingerprint: encodeHex(sha256(key.key).subarray(0, 4)),
        bits: key.key.length * 8,
        hash: `0x${hash.toString(16).padStart(2, "0").toUpperCase()}`,
        matches,
        result: !matches
          ? "has another hash"
          : opens
          ? wins ? "the MAC fits: reads it" : "the MAC fits"
          : "the hash fits, but not the MAC",
        accepted: wins,
      });
    }
  }
  return attempts.sort((a, b) => Number(b.matches) - Number(a.matches));
}

const ORIGINS: Readonly<Record<ChannelKey["origin"], string>> = {
  builtin: "known to every device",
  rainbow: "channel_keys_file",
  hash_channels: "hash_channels",
  channel_keys: "channel_keys",
};

function opensWith(key: ChannelKey, bytes: Uint8Array<ArrayBuffer>): boolean {
  const alone: ChannelKeyRing = {
    ...createChannelKeyRing(),
    candidates: (hash) => hash === key.hashByte ? [key] : [],
  };
  return openGroupMessage(alone, bytes[0]!, bytes.subarray(1, 3), bytes.subarray(3)) !== undefined;
}

function verdictOf(
  frame: PacketFrame,
  payload: Payload,
  attempts: readonly KeyAttempt[],
  fault: string | undefined,
): { readable: boolean; verdict: string; advice?: string } {
  if (typeof payload["error"] === "string") {
    return { readable: false, verdict: `Its payload cannot be read: ${payload["error"]}.` };
  }
  if (fault !== undefined) {
    return { readable: false, verdict: `The advert is damaged: ${fault.replaceAll("_", " ")}.` };
  }
  if (payload["signatureValid"] === false) {
    return {
      readable: false,
      verdict: "The advert's signature is wrong: it was damaged on its way, or somebody forged it.",
    };
  }
  if (isGroup(frame)) {
    const key = attempts.find((one) => one.accepted);
    if (key !== undefined) return { readable: true, verdict: `The key ${key.key} reads it.` };
    return {
      readable: false,
      verdict: "No configured channel key reads it.",
      advice:
        "A hashtag channel's key follows from its name: add the name to meshcore.hash_channels. A private channel's key is 32 hex digits: add it to meshcore.channel_keys.",
    };
  }
  if (encryptionFacts(frame, payload).length > 0) {
    return {
      readable: false,
      verdict: "Its content is encrypted between two nodes; its header is all that can be read.",
      advice: "Only the two can read it; no setting of meshcapture changes that.",
    };
  }
  return { readable: true, verdict: `It is not encrypted: a ${frame.payloadName}.` };
}

/** CoreScope's names, taken apart into words; what is nested or long is left to `--json`. */
function contentFacts(payload: Payload): Fact[] {
  return Object.entries(payload).flatMap(([name, value]): Fact[] => {
    if (value === undefined || value === null) return [];
    const words = name.replace(/_/g, " ").replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
    if (typeof value === "object") return [[words, JSON.stringify(value)]];
    return [[words, name === "text" ? JSON.stringify(value) : String(value)]];
  });
}
