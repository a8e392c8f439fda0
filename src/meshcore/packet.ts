/**
 * The frame of a MeshCore packet: header, transport codes, path, payload. Rules from the MeshCore
 * firmware (`Packet.cpp`, `MeshCore.h`).
 *
 * @module
 */
import { hexByteAt, upperHex } from "./hex.ts";

/** Path bytes that a packet may carry. */
export const MAX_PATH_BYTES = 64;
/** Payload bytes that a packet may carry. */
export const MAX_PAYLOAD_BYTES = 184;

/** Names of the routes, by the two lowest bits of the header. */
export const ROUTE_NAMES = ["TRANSPORT_FLOOD", "FLOOD", "DIRECT", "TRANSPORT_DIRECT"] as const;
/** Names of what a packet carries, by bits 5–2 of the header; the firmware has no 12–14. */
export const PAYLOAD_NAMES = [
  "REQ",
  "RESPONSE",
  "TXT_MSG",
  "ACK",
  "ADVERT",
  "GRP_TXT",
  "GRP_DATA",
  "ANON_REQ",
  "PATH",
  "TRACE",
  "MULTIPART",
  "CONTROL",
  "UNKNOWN",
  "UNKNOWN",
  "UNKNOWN",
  "RAW_CUSTOM",
] as const;

/** How a packet is routed. */
export type RouteName = typeof ROUTE_NAMES[number];
/** What a packet carries. */
export type PayloadName = typeof PAYLOAD_NAMES[number];

/** Numbers of the payload types that the code speaks of. */
export const PAYLOAD = { TXT_MSG: 2, ACK: 3, ADVERT: 4, GRP_TXT: 5, TRACE: 9 } as const;

/** Name of a payload type, 0–15; `UNKNOWN` for those that MeshCore has not given away. */
export function payloadName(type: number): PayloadName {
  return PAYLOAD_NAMES[type] ?? "UNKNOWN";
}

/** Why bytes are no packet. */
export type PacketFault =
  | "bad_hex"
  | "too_short"
  | "no_transport_codes"
  | "no_path_byte"
  | "bad_path_encoding"
  | "path_exceeds_packet"
  | "payload_too_long";

/** A packet taken apart, its payload not yet read. */
export interface PacketFrame {
  /** 0 transport flood, 1 flood, 2 direct, 3 transport direct. */
  readonly routeType: number;
  /** Name of `routeType`, as CoreScope writes it. */
  readonly routeName: RouteName;
  /** 0–15. */
  readonly payloadType: number;
  /** Name of `payloadType`, as CoreScope writes it. */
  readonly payloadName: PayloadName;
  /** 0–3; nobody looks at it yet. */
  readonly payloadVersion: number;
  /** The two transport codes as four upper-case hex digits each, in the order of their bytes. */
  readonly transportCodes: { readonly code1: string; readonly code2: string } | null;
  /** Bits 7–6: `hashSize` less one; bits 5–0: how many hops. A TRACE's content hash includes it. */
  readonly pathByte: number;
  /** Bytes of one hop's hash, 1–3. */
  readonly hashSize: number;
  /** Hops of the header, upper-case hex. In a TRACE these bytes are SNR values. */
  readonly hops: readonly string[];
  /** What stands behind the path, 0–184 bytes; part of `bytes`, not a copy. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** The whole packet, header first. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What {@linkcode parsePacket} found. */
export type ParsedPacket =
  | { readonly ok: true; readonly frame: PacketFrame }
  | { readonly ok: false; readonly fault: PacketFault; readonly detail: string };

type Fault = Extract<ParsedPacket, { readonly ok: false }>;

/** True when the route carries transport codes. */
export function isTransportRoute(routeType: number): boolean {
  return routeType === 0 || routeType === 3;
}

/** True when forwarders append themselves to the path. */
export function isFloodRoute(routeType: number): boolean {
  return routeType === 0 || routeType === 1;
}

/** Takes a packet apart. Never throws. */
export function parsePacket(bytes: Uint8Array<ArrayBuffer>): ParsedPacket {
  const head = readHead((index) => bytes[index], bytes.length);
  if ("fault" in head) return head;
  const { length, ...fields } = head;
  const payload = bytes.subarray(length);
  if (payload.length > MAX_PAYLOAD_BYTES) {
    return fault("payload_too_long", `${payload.length} payload bytes`);
  }
  return {
    ok: true,
    frame: {
      ...fields,
      routeName: ROUTE_NAMES[head.routeType]!,
      payloadName: payloadName(head.payloadType),
      payload,
      bytes,
    },
  };
}

/** What stands before a payload, and the payload itself as hex. */
export interface PacketHead {
  /** As in {@linkcode PacketFrame}. */
  readonly routeType: number;
  /** As in {@linkcode PacketFrame}. */
  readonly payloadType: number;
  /** As in {@linkcode PacketFrame}. */
  readonly payloadName: PayloadName;
  /** As in {@linkcode PacketFrame}. */
  readonly payloadVersion: number;
  /** The first of the two transport codes; null without any. */
  readonly transportCode: string | null;
  /** As in {@linkcode PacketFrame}. */
  readonly hops: readonly string[];
  /** The payload as it was sent: nobody has looked whether it is hex, or too long. */
  readonly payloadHex: string;
}

/**
 * Reads what stands before the payload without making bytes of it: all that is needed of a further
 * copy of a packet. Undefined where {@linkcode parsePacket} finds a fault, too.
 */
export function parseHead(hex: string): PacketHead | undefined {
  const head = readHead((index) => hexByteAt(hex, 2 * index), hex.length >> 1);
  if ("fault" in head) return undefined;
  return {
    routeType: head.routeType,
    payloadType: head.payloadType,
    payloadName: payloadName(head.payloadType),
    payloadVersion: head.payloadVersion,
    transportCode: head.transportCodes?.code1 ?? null,
    hops: head.hops,
    payloadHex: hex.slice(2 * head.length),
  };
}

/** A byte of a packet; undefined where there is none, or what stands there is no hex. */
type ByteAt = (index: number) => number | undefined;

/** What stands before the payload, as in {@linkcode PacketFrame}. */
interface Head extends
  Pick<
    PacketFrame,
    | "routeType"
    | "payloadType"
    | "payloadVersion"
    | "transportCodes"
    | "pathByte"
    | "hashSize"
    | "hops"
  > {
  /** Its bytes. */
  readonly length: number;
}

/** `size`: bytes of the packet. */
function readHead(byteAt: ByteAt, size: number): Head | Fault {
  const header = byteAt(0);
  if (size < 2 || header === undefined) return fault("too_short", `${size} bytes`);
  const routeType = header & 3;
  let at = 1;
  let transportCodes: PacketFrame["transportCodes"] = null;
  if (isTransportRoute(routeType)) {
    const code1 = hexOf(byteAt, 1, 2);
    const code2 = hexOf(byteAt, 3, 2);
    if (code1 === undefined || code2 === undefined) {
      return fault("no_transport_codes", `${size} bytes`);
    }
    transportCodes = { code1, code2 };
    at = 5;
  }
  const pathByte = byteAt(at);
  if (pathByte === undefined) return fault("no_path_byte", `${size} bytes`);
  at++;
  const hashSize = (pathByte >> 6) + 1;
  const hopCount = pathByte & 0x3f;
  const pathBytes = hashSize * hopCount;
  if (hashSize === 4 || pathBytes > MAX_PATH_BYTES) {
    return fault("bad_path_encoding", `${hopCount} hops of ${hashSize} bytes`);
  }
  const hops: string[] = [];
  for (let hop = 0; hop < hopCount; hop++, at += hashSize) {
    const text = hexOf(byteAt, at, hashSize);
    if (text === undefined) {
      return fault("path_exceeds_packet", `${pathBytes} path bytes in ${size}`);
    }
    hops.push(text);
  }
  return {
    routeType,
    payloadType: (header >> 2) & 0x0f,
    payloadVersion: header >> 6,
    transportCodes,
    pathByte,
    hashSize,
    hops,
    length: at,
  };
}

/** `count` bytes from `at` on in upper case; undefined where there are not as many. */
function hexOf(byteAt: ByteAt, at: number, count: number): string | undefined {
  let text = "";
  for (let index = at; index < at + count; index++) {
    const byte = byteAt(index);
    if (byte === undefined) return undefined;
    text += upperHex(byte);
  }
  return text;
}

function fault(reason: PacketFault, detail: string): Fault {
  return { ok: false, fault: reason, detail };
}
