/**
 * The channels of the simulated mesh and their encryption. Written apart from the decoder on
 * purpose: traffic that was made with the decoder's own key code could not show its mistakes.
 *
 * @module
 */
import { createCipheriv } from "node:crypto";

/** Who can read a channel. */
export type ChannelAccess = "default_key" | "indexed_key" | "unknown_key";

/** A channel of the simulated mesh. */
export interface SimChannel {
  /** Name of the channel, which is part of its hash. */
  readonly name: string;
  /** Who can read it. */
  readonly access: ChannelAccess;
  /** The key as it is used, 16 or 32 bytes. */
  readonly key: Uint8Array;
  /** `MeshPacket.channel` of an encrypted packet. */
  readonly hash: number;
  /** `MeshPacket.channel` of a packet that its gateway decrypted: position in the gateway's list. */
  readonly index: number;
}

/** Index of the PSK of the second channel; its short form is this byte alone. */
const INDEXED_PSK = 3;

/**
 * Channels with the keys that an operator would configure, in short form (base64). The simulated
 * mesh has one more, `Quarry`, whose key nobody has.
 */
export const trafficChannelKeys: readonly { readonly name: string; readonly psk: string }[] = [
  { name: "LongFast", psk: "AQ==" },
  { name: "Harbor", psk: "Aw==" },
];

/** All channels of the simulated mesh. */
export function simChannels(): {
  readonly longFast: SimChannel;
  readonly harbor: SimChannel;
  readonly quarry: SimChannel;
} {
  // A fixed key: one drawn by seed would now and then have the same channel hash as another.
  const unknown = new Uint8Array(32);
  for (let i = 0; i < 32; i++) unknown[i] = (i * 73 + 41) & 0xff;
  return {
    longFast: channel("LongFast", "default_key", defaultKey(1), 0),
    harbor: channel("Harbor", "indexed_key", defaultKey(INDEXED_PSK), 1),
    quarry: channel("Quarry", "unknown_key", unknown, 2),
  };
}

/** The firmware's default key; its last byte counts up with the PSK's index. */
function defaultKey(index: number): Uint8Array {
  const key = new Uint8Array(
    [0xd4, 0xf1, 0xbb, 0x3a, 0x20, 0x29, 0x07, 0x59, 0xf0, 0xbc, 0xff, 0xab, 0xcf, 0x4e, 0x69, 0],
  );
  key[15] = index;
  return key;
}

function channel(name: string, access: ChannelAccess, key: Uint8Array, index: number): SimChannel {
  let hash = 0;
  for (const byte of new TextEncoder().encode(name)) hash ^= byte;
  for (const byte of key) hash ^= byte;
  return { name, access, key, hash, index };
}

/** AES-CTR as the firmware does it; the nonce is packet id (u64), sender (u32), zero (u32). */
export function encrypt(
  channel: SimChannel,
  packetId: number,
  from: number,
  plain: Uint8Array,
): Uint8Array {
  const nonce = new Uint8Array(16);
  const view = new DataView(nonce.buffer);
  view.setUint32(0, packetId, true);
  view.setUint32(8, from, true);
  const algorithm = channel.key.length === 16 ? "aes-128-ctr" : "aes-256-ctr";
  const cipher = createCipheriv(algorithm, channel.key, nonce);
  const encrypted = cipher.update(plain);
  // It has nothing to add; but older versions of Deno keep a cipher for ever that was not ended.
  cipher.final();
  return encrypted;
}
