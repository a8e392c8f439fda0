/**
 * The other way: packets from their parts, for tests and generated traffic.
 *
 * @module
 */
import { createCipheriv } from "node:crypto";
import type { ChannelKey } from "./channels.ts";
import { hmacSha256 } from "./hash.ts";
import { decodeHex } from "./hex.ts";

const BLOCK_BYTES = 16;
/** Public key and timestamp, which stand before the signature. */
const SIGNED_HEAD_BYTES = 36;
const NO_IV = new Uint8Array(BLOCK_BYTES);

/** The parts of a packet. */
export interface PacketParts {
  /** 0–3. */
  readonly routeType: number;
  /** 0–15. */
  readonly payloadType: number;
  /** 0–3. Default 0. */
  readonly payloadVersion?: number;
  /** 0–65535 each; for routes 0 and 3. Default 0, 0. */
  readonly transportCodes?: readonly [number, number];
  /** Bytes of a hop's hash, 1–3. Default 1. */
  readonly hashSize?: number;
  /** Hex of each hop, all of `hashSize` bytes. Default none. */
  readonly hops?: readonly string[];
  /**
   * As it travels, encrypted already where its type asks for that. At most 184 bytes on the air.
   */
  readonly payload: Uint8Array;
}

/** Puts a packet together. The parts are not checked: a test may want a broken one. */
export function encodePacket(parts: PacketParts): Uint8Array<ArrayBuffer> {
  const { routeType, payloadType, payload, hops = [], hashSize = 1 } = parts;
  const head = [routeType | (payloadType << 2) | ((parts.payloadVersion ?? 0) << 6)];
  if (routeType === 0 || routeType === 3) {
    for (const code of parts.transportCodes ?? [0, 0]) head.push(code & 0xff, code >> 8);
  }
  head.push(((hashSize - 1) << 6) | hops.length);
  const path = decodeHex(hops.join("")) ?? new Uint8Array();
  const bytes = new Uint8Array(head.length + path.length + payload.length);
  bytes.set(head);
  bytes.set(path, head.length);
  bytes.set(payload, head.length + path.length);
  return bytes;
}

/** What an advert says. */
export interface AdvertParts {
  /** 32 bytes: the Ed25519 key that the signature is checked with. */
  readonly publicKey: Uint8Array;
  /** Unix seconds. */
  readonly timestamp: number;
  /** 0 none, 1 companion, 2 repeater, 3 room, 4 sensor. */
  readonly type: number;
  /** Degrees. */
  readonly position?: { readonly lat: number; readonly lon: number };
  /** Default: no name, and its flag is not set. The firmware keeps 32 bytes of one. */
  readonly name?: string;
}

/**
 * Makes an ADVERT's payload.
 *
 * @param sign makes the 64 bytes of the signature
 */
export async function encodeAdvert(
  parts: AdvertParts,
  sign: (signed: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const signed = advertToSign(parts);
  return signedAdvert(signed, await sign(signed));
}

/** What is signed of an advert: public key, timestamp, application data. */
export function advertToSign(parts: AdvertParts): Uint8Array<ArrayBuffer> {
  const { position, name } = parts;
  const location = new DataView(new ArrayBuffer(8));
  location.setInt32(0, Math.round((position?.lat ?? 0) * 1e6), true);
  location.setInt32(4, Math.round((position?.lon ?? 0) * 1e6), true);
  const data = [
    parts.type | (position === undefined ? 0 : 0x10) | (name === undefined ? 0 : 0x80),
    ...(position === undefined ? [] : new Uint8Array(location.buffer)),
    ...(name === undefined ? [] : new TextEncoder().encode(name)),
  ];
  const signed = new Uint8Array(SIGNED_HEAD_BYTES + data.length);
  signed.set(parts.publicKey);
  new DataView(signed.buffer).setUint32(32, parts.timestamp, true);
  signed.set(data, SIGNED_HEAD_BYTES);
  return signed;
}

/** An ADVERT's payload from what was signed and the 64 bytes of the signature. */
export function signedAdvert(signed: Uint8Array, signature: Uint8Array): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(signed.length + signature.length);
  payload.set(signed.subarray(0, SIGNED_HEAD_BYTES));
  payload.set(signature, SIGNED_HEAD_BYTES);
  payload.set(signed.subarray(SIGNED_HEAD_BYTES), SIGNED_HEAD_BYTES + signature.length);
  return payload;
}

/** The plain text of a GRP_TXT: time, flags, `sender: text`. */
export function encodeGroupText(timestamp: number, text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  const plain = new Uint8Array(5 + bytes.length);
  new DataView(plain.buffer).setUint32(0, timestamp, true);
  plain.set(bytes, 5);
  return plain;
}

/** Makes the payload of a GRP_TXT or GRP_DATA: channel hash, MAC, AES-128-ECB over zero-padded blocks. */
export function sealGroupMessage(channel: ChannelKey, plain: Uint8Array): Uint8Array<ArrayBuffer> {
  const cipher = new Uint8Array(Math.ceil(plain.length / BLOCK_BYTES) * BLOCK_BYTES);
  cipher.set(plain);
  for (let at = 0; at < cipher.length; at += BLOCK_BYTES) {
    // One block of CBC without an initial vector is a block of ECB.
    const block = createCipheriv("aes-128-cbc", channel.key, NO_IV);
    block.setAutoPadding(false);
    cipher.set(block.update(cipher.subarray(at, at + BLOCK_BYTES)), at);
    block.final();
  }
  const mac = hmacSha256(channel.mac, cipher).subarray(0, 2);
  return Uint8Array.from([channel.hashByte, ...mac, ...cipher]);
}
