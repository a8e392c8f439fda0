/**
 * Hashes: SHA-256, HMAC from it, and the content hash under which MeshCore knows a packet.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { encodeHex } from "./hex.ts";

/** SHA-256 of `data`. */
export function sha256(data: Uint8Array | string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(data).digest());
}

/** An HMAC-SHA256 key with its padded blocks made once. */
export interface MacKey {
  /** 64 bytes: the key exclusive-or 0x36, hashed before the message (RFC 2104). */
  readonly inner: Uint8Array<ArrayBuffer>;
  /** 64 bytes: the key exclusive-or 0x5c, hashed before the inner digest. */
  readonly outer: Uint8Array<ArrayBuffer>;
}

/** Prepares a key of at most 64 bytes. Trailing zero bytes of a key do not matter to HMAC. */
export function macKey(key: Uint8Array): MacKey {
  const inner = new Uint8Array(64).fill(0x36);
  const outer = new Uint8Array(64).fill(0x5c);
  key.forEach((byte, index) => {
    inner[index]! ^= byte;
    outer[index]! ^= byte;
  });
  return { inner, outer };
}

/**
 * HMAC-SHA256 over the parts. From two plain hashes, because node:crypto's `createHmac` is half as
 * fast and prints a deprecation warning on Deno 2.4.
 */
export function hmacSha256(key: MacKey, ...parts: readonly Uint8Array[]): Uint8Array {
  const inner = createHash("sha256").update(key.inner);
  for (const part of parts) inner.update(part);
  return createHash("sha256").update(key.outer).update(inner.digest()).digest();
}

const TRACE = 9;

/**
 * The content hash: the same for every copy of a packet, whatever way it came. SHA-256 over the
 * payload type, for TRACE the path byte as 16 bits, and the payload; the first eight bytes as hex.
 *
 * It is computed over the parsed bytes. CoreScope hashes the text of the message, so that a `raw`
 * with spaces gets its own first 16 characters as hash, and different packets merge (db.go:1712).
 *
 * @param packet the whole packet, header first
 * @returns undefined when the packet ends before its payload begins
 */
export function contentHash(packet: Uint8Array): string | undefined {
  if (packet.length < 2) return undefined;
  const header = packet[0]!;
  const route = header & 3;
  const pathAt = route === 0 || route === 3 ? 5 : 1;
  const pathByte = packet[pathAt];
  if (pathByte === undefined) return undefined;
  const payloadAt = pathAt + 1 + ((pathByte >> 6) + 1) * (pathByte & 0x3f);
  if (payloadAt > packet.length) return undefined;
  const type = (header >> 2) & 0x0f;
  const prefix = type === TRACE ? [type, pathByte, 0] : [type];
  const hashed = new Uint8Array(prefix.length + packet.length - payloadAt);
  hashed.set(prefix);
  hashed.set(packet.subarray(payloadAt), prefix.length);
  return createHash("sha256").update(hashed).digest("hex").slice(0, 16);
}

/** First eight bytes of SHA-256 of a text, as hex: the hash of what has no packet. */
export function textHash(text: string): string {
  return encodeHex(sha256(text).subarray(0, 8));
}
