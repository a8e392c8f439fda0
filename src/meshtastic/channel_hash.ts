/**
 * The byte by which a radio recognises its channels: `MeshPacket.channel` of an encrypted packet.
 *
 * @module
 */

/** XOR of all bytes, 0–255. */
export function xorBytes(bytes: Uint8Array | readonly number[]): number {
  let hash = 0;
  for (let i = 0; i < bytes.length; i++) hash ^= bytes[i]!;
  return hash & 0xff;
}

/**
 * Hash of a channel: XOR of its name's UTF-8 bytes and of its expanded key's bytes. `LongFast` with
 * the default key gives 8.
 */
export function channelHash(name: string, key: Uint8Array): number {
  return xorBytes(new TextEncoder().encode(name)) ^ xorBytes(key);
}
