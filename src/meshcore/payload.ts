/**
 * Payloads as CoreScope describes them in `decoded_json`: its keys, in its order, empty ones left
 * out. Its readers depend on them, so an object here is written as it stands.
 *
 * @module
 */
import { type Advert, parseAdvert } from "./advert.ts";
import type { ChannelKeyRing } from "./channels.ts";
import { groupPayload } from "./group_payload.ts";
import { encodeHex, encodeHexUpper } from "./hex.ts";
import { type PacketFrame, PAYLOAD, payloadName } from "./packet.ts";
import { hexOf, hexUpperOf, nonZero, type Payload, tooShort } from "./payload_fields.ts";

/** What the payload needs beside the packet. */
export interface PayloadContext {
  /** Channel keys, which open group messages. */
  readonly keys: ChannelKeyRing;
  /** How the advert's signature was found; undefined when nobody looked. */
  readonly signatureValid: boolean | undefined;
  /** The payload of an ADVERT, where somebody has read it before. */
  readonly advert?: Advert | undefined;
}

/** Reads the payload of a packet. What is too short says so in `error`. Never throws. */
export function readPayload(frame: PacketFrame, context: PayloadContext): Payload {
  const bytes = frame.payload;
  switch (frame.payloadName) {
    case "REQ":
    case "RESPONSE":
    case "TXT_MSG":
      return encryptedPayload(frame.payloadName, bytes);
    case "ACK":
      return ackPayload(bytes);
    case "ADVERT":
      return advertPayload(bytes, context.advert ?? parseAdvert(bytes), context.signatureValid);
    case "GRP_TXT":
    case "GRP_DATA":
      return groupPayload(frame.payloadName, bytes, context.keys);
    case "ANON_REQ":
      return anonRequestPayload(bytes);
    case "PATH":
      return pathPayload(bytes);
    case "TRACE":
      return tracePayload(frame);
    case "MULTIPART":
      return multipartPayload(bytes);
    case "CONTROL":
      return controlPayload(bytes);
    case "RAW_CUSTOM":
      return {
        type: "RAW_CUSTOM",
        raw: hexOf(bytes),
        rawLength: bytes.length,
        firstByteTag: hexUpperOf(bytes.subarray(0, 1)),
      };
    case "UNKNOWN":
      return { type: "UNKNOWN", raw: hexOf(bytes) };
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>>
    0;
}

/** Four bytes, little-endian, as eight hex digits with the highest first. */
function checksum(bytes: Uint8Array, at: number): string {
  return uint32(bytes, at).toString(16).padStart(8, "0");
}

function encryptedPayload(type: string, bytes: Uint8Array): Payload {
  if (bytes.length < 4) return tooShort(type, bytes);
  return {
    type,
    destHash: encodeHex(bytes.subarray(0, 1)),
    srcHash: encodeHex(bytes.subarray(1, 2)),
    mac: encodeHex(bytes.subarray(2, 4)),
    encryptedData: hexOf(bytes.subarray(4)),
  };
}

/** Since firmware 1.16 an ACK may carry the attempt and a random byte behind its checksum. */
function ackPayload(bytes: Uint8Array): Payload {
  if (bytes.length < 4) return tooShort("ACK", bytes);
  return {
    type: "ACK",
    extraHash: checksum(bytes, 0),
    ackLen: Math.min(bytes.length, 6),
    ackAttempt: bytes[4],
    ackRand: bytes[5],
  };
}

function advertPayload(
  bytes: Uint8Array,
  advert: Advert | undefined,
  signatureValid: boolean | undefined,
): Payload {
  if (advert === undefined) return tooShort("ADVERT", bytes, "too short for advert");
  return {
    type: "ADVERT",
    pubKey: advert.publicKey,
    timestamp: nonZero(advert.timestamp),
    timestampISO: new Date(advert.timestamp * 1000).toISOString(),
    signature: advert.signature,
    signatureValid,
    flags: advert.flags === undefined ? undefined : { ...advert.flags },
    lat: advert.lat,
    lon: advert.lon,
    name: advert.name === "" ? undefined : advert.name,
    feat1: advert.feat1,
    feat2: advert.feat2,
    battery_mv: advert.batteryMv,
    temperature_c: advert.temperatureC,
  };
}

function anonRequestPayload(bytes: Uint8Array): Payload {
  if (bytes.length < 35) return tooShort("ANON_REQ", bytes);
  return {
    type: "ANON_REQ",
    destHash: encodeHex(bytes.subarray(0, 1)),
    mac: encodeHex(bytes.subarray(33, 35)),
    encryptedData: hexOf(bytes.subarray(35)),
    ephemeralPubKey: encodeHex(bytes.subarray(1, 33)),
  };
}

function pathPayload(bytes: Uint8Array): Payload {
  if (bytes.length < 4) return tooShort("PATH", bytes);
  return {
    type: "PATH",
    destHash: encodeHex(bytes.subarray(0, 1)),
    srcHash: encodeHex(bytes.subarray(1, 2)),
    mac: encodeHex(bytes.subarray(2, 4)),
    pathData: hexOf(bytes.subarray(4)),
  };
}

const TRACE_HEADER_BYTES = 9;

/** The header's path bytes of a TRACE are SNR values in quarters of a dB, one a hop done. */
function tracePayload(frame: PacketFrame): Payload {
  const bytes = frame.payload;
  if (bytes.length < TRACE_HEADER_BYTES) return tooShort("TRACE", bytes);
  const route = bytes.subarray(TRACE_HEADER_BYTES);
  const snrValues = route.length > 0 && frame.hashSize === 1
    ? frame.hops.map((hop) => (parseInt(hop, 16) << 24 >> 24) / 4)
    : [];
  return {
    type: "TRACE",
    pathData: hexOf(route),
    snrValues: snrValues.length === 0 ? undefined : snrValues,
    tag: nonZero(uint32(bytes, 0)),
    authCode: nonZero(uint32(bytes, 4)),
    traceFlags: bytes[8],
  };
}

/** Hops that a TRACE is to take, upper-case hex, and the bytes of each; undefined without any. */
export function traceRoute(frame: PacketFrame): { hashSize: number; hops: string[] } | undefined {
  if (frame.payloadType !== PAYLOAD.TRACE || frame.payload.length <= TRACE_HEADER_BYTES) {
    return undefined;
  }
  const hashSize = 1 << (frame.payload[8]! & 3);
  const hops: string[] = [];
  for (let at = TRACE_HEADER_BYTES; at + hashSize <= frame.payload.length; at += hashSize) {
    hops.push(encodeHexUpper(frame.payload.subarray(at, at + hashSize)));
  }
  return { hashSize, hops };
}

function multipartPayload(bytes: Uint8Array): Payload {
  if (bytes.length < 1) return tooShort("MULTIPART", bytes);
  const innerType = bytes[0]! & 0x0f;
  const head = {
    type: "MULTIPART",
    remaining: bytes[0]! >> 4,
    innerType,
    innerTypeName: payloadName(innerType),
  };
  if (innerType !== PAYLOAD.ACK || bytes.length < 5) {
    return { ...head, innerPayload: hexOf(bytes.subarray(1)) };
  }
  return {
    ...head,
    innerAckCrc: checksum(bytes, 1),
    innerAckLen: Math.min(bytes.length - 1, 6),
    innerAckAttempt: bytes[5],
    innerAckRand: bytes[6],
  };
}

function controlPayload(bytes: Uint8Array): Payload {
  const flags = bytes[0];
  if (flags === undefined) return tooShort("CONTROL", bytes);
  const head = {
    type: "CONTROL",
    raw: hexOf(bytes),
    ctrlFlags: encodeHex(bytes.subarray(0, 1)),
    ctrlZeroHop: (flags & 0x80) !== 0,
    ctrlLength: bytes.length,
  };
  const whole = bytes.length >= 6;
  switch (flags & 0xf0) {
    case 0x80:
      return {
        ...head,
        ctrlSubtype: "DISCOVER_REQ",
        ctrlFilter: whole ? bytes[1] : undefined,
        ctrlTag: whole ? uint32(bytes, 2) : undefined,
        ctrlSince: bytes.length >= 10 ? uint32(bytes, 6) : undefined,
      };
    case 0x90:
      return {
        ...head,
        ctrlSubtype: "DISCOVER_RESP",
        ctrlTag: whole ? uint32(bytes, 2) : undefined,
        ctrlNodeType: flags & 0x0f,
        ctrlSNR: whole ? bytes[1]! << 24 >> 24 : undefined,
        ctrlPubKey: discoveredKey(bytes.subarray(6)),
      };
    default:
      return { ...head, ctrlSubtype: "UNKNOWN" };
  }
}

/** A whole key of 32 bytes or its first 8; anything between is cut to 8, less is none. */
function discoveredKey(bytes: Uint8Array): string | undefined {
  if (bytes.length < 8) return undefined;
  return encodeHex(bytes.subarray(0, bytes.length >= 32 ? 32 : 8));
}
