/**
 * The channel key ring, and what opens with it: the MAC and AES-128 of group messages.
 *
 * @module
 */
import { createDecipheriv } from "node:crypto";
import { decodeHex } from "./hex.ts";
import { hmacSha256, type MacKey, macKey, sha256 } from "./hash.ts";

/** Where a key came from, weakest first: a later one replaces an earlier one of the same name. */
export const KEY_ORIGINS = ["builtin", "rainbow", "hash_channels", "channel_keys"] as const;
/** Where a key came from. */
export type KeyOrigin = typeof KEY_ORIGINS[number];

/** The channel that every MeshCore device knows. */
const PUBLIC = { name: "Public", key: "8b3387e9c5cdea6ac9e5edbaa115cd72" } as const;
const BLOCK_BYTES = 16;
const NO_IV = new Uint8Array(BLOCK_BYTES);

/** What an operator gives to {@linkcode createChannelKeyRing}. */
export interface ChannelKeySources {
  /**
   * Parsed content of the keys file: `{name: 32 hex digits}`, or a plain list of hashtag names,
   * from which nearly all keys of CoreScope's own file are derived. Default: none.
   */
  readonly rainbow?: unknown;
  /** Hashtag channels; `#` is put in front where it is missing. Default: none. */
  readonly hashChannels?: readonly string[];
  /**
   * `{name: 32 hex digits}`. `Public` replaces the well-known key; in another case of letters it is
   * one more key of that channel, for it may not be meant so. Default: none.
   */
  readonly channelKeys?: Readonly<Record<string, string>>;
}

/** One channel's key. */
export interface ChannelKey {
  /** As a message of it is filed in `channel_hash`: with the `#` for a hashtag channel. */
  readonly name: string;
  /** Where it came from: of two keys for one hash byte, the stronger origin is tried first. */
  readonly origin: KeyOrigin;
  /** 16 bytes: the AES-128 key. */
  readonly key: Uint8Array<ArrayBuffer>;
  /** First byte of SHA-256 of the key: what a message carries to name its channel. */
  readonly hashByte: number;
  /** The same key for HMAC-SHA256, prepared once. MeshCore fills it up with 16 zero bytes. */
  readonly mac: MacKey;
}

/** A key that could not be used, and where it stood. */
export interface RejectedKey {
  /** Name of the entry; `""` for one in a list that is no text. Never the key: it may be secret. */
  readonly name: string;
  /** Which of the operator's lists holds it. */
  readonly origin: KeyOrigin;
}

/** Keys, found by the channel hash of a message. */
export interface ChannelKeyRing {
  /** Keys in all, the built-in one included; each spelling of a name counts once. */
  readonly size: number;
  /** Keys in the ring by origin, for the log. */
  readonly counts: Readonly<Record<KeyOrigin, number>>;
  /** Entries that are no 16 bytes in hex, or no entries at all. */
  readonly rejected: readonly RejectedKey[];
  /** Keys for that hash byte, the strongest origin first. */
  candidates(hashByte: number): readonly ChannelKey[];
}

/** The key of a hashtag channel: the first 16 bytes of SHA-256 of its name with the `#`. */
export function hashtagKey(name: string): Uint8Array<ArrayBuffer> {
  return sha256(name).slice(0, 16);
}

/** `#` in front of a trimmed name; undefined for an empty one. */
export function hashtagName(name: string): string | undefined {
  const trimmed = name.trim();
  if (trimmed === "") return undefined;
  return trimmed.startsWith("#") ? trimmed : `#${trimmed}`;
}

/** Makes the ring. The built-in Public key is always in it, unless one of that name replaces it. */
export function createChannelKeyRing(sources: ChannelKeySources = {}): ChannelKeyRing {
  const byName = new Map<string, ChannelKey>();
  const rejected: RejectedKey[] = [];
  const put = (name: string, origin: KeyOrigin, key: Uint8Array<ArrayBuffer> | undefined) => {
    if (key === undefined || key.length !== 16) return void rejected.push({ name, origin });
    // To set a key anew would leave it in its old place.
    byName.delete(name);
    byName.set(name, {
      name: filedAs(name),
      origin,
      key,
      hashByte: sha256(key)[0]!,
      mac: macKey(key),
    });
  };
  put(PUBLIC.name, "builtin", decodeHex(PUBLIC.key));
  putAll(sources.rainbow, "rainbow", put);
  const explicit = sources.channelKeys ?? {};
  for (const channel of sources.hashChannels ?? []) {
    const name = hashtagName(channel);
    if (name !== undefined && !Object.hasOwn(explicit, name)) {
      put(name, "hash_channels", hashtagKey(name));
    }
  }
  putAll(explicit, "channel_keys", put);

  const byHash = new Map<number, ChannelKey[]>();
  const counts = { builtin: 0, rainbow: 0, hash_channels: 0, channel_keys: 0 };
  const strength = (key: ChannelKey) => KEY_ORIGINS.indexOf(key.origin);
  for (const key of [...byName.values()].sort((a, b) => strength(b) - strength(a))) {
    counts[key.origin]++;
    const others = byHash.get(key.hashByte);
    if (others === undefined) byHash.set(key.hashByte, [key]);
    else others.push(key);
  }
  return {
    size: byName.size,
    counts,
    rejected,
    candidates: (hashByte) => byHash.get(hashByte) ?? [],
  };
}

type Put = (name: string, origin: KeyOrigin, key: Uint8Array<ArrayBuffer> | undefined) => void;

function putAll(content: unknown, origin: KeyOrigin, put: Put): void {
  if (typeof content !== "object" || content === null) return;
  if (Array.isArray(content)) {
    for (const item of content) {
      const name = typeof item === "string" ? hashtagName(item) : undefined;
      if (name === undefined) put("", origin, undefined);
      else put(name, origin, hashtagKey(name));
    }
    return;
  }
  for (const [name, key] of Object.entries(content)) {
    put(name, origin, typeof key === "string" ? decodeHex(key.trim()) : undefined);
  }
}

/** CoreScope files messages of `public` under `Public`, and takes the well-known key away for it. */
function filedAs(name: string): string {
  return name.toLowerCase() === "public" ? PUBLIC.name : name;
}

/** A message that opened, and with which key. */
export interface Opened {
  /** The channel whose key fits. */
  readonly channel: ChannelKey;
  /** What was encrypted, with the zero bytes that fill its last block of 16. */
  readonly plain: Uint8Array<ArrayBuffer>;
}

/**
 * Opens a group message: the keys whose hash byte it carries, then the MAC, then AES-128-ECB.
 * CoreScope tries every key whatever the hash byte says (decoder.go:569), so one of 220 unreadable
 * messages opens with a wrong key of three hundred.
 *
 * @param mac the two bytes that the message carries
 * @param accepts says whether the text makes sense, so that the next key gets its chance
 * @returns the first opening that `accepts` takes
 */
export function openGroupMessage(
  ring: ChannelKeyRing,
  hashByte: number,
  mac: Uint8Array,
  cipher: Uint8Array<ArrayBuffer>,
  accepts: (plain: Uint8Array<ArrayBuffer>) => boolean = () => true,
): Opened | undefined {
  if (cipher.length === 0 || cipher.length % BLOCK_BYTES !== 0) return undefined;
  for (const channel of ring.candidates(hashByte)) {
    const computed = hmacSha256(channel.mac, cipher);
    if (computed[0] !== mac[0] || computed[1] !== mac[1]) continue;
    const plain = decryptBlocks(channel.key, cipher);
    if (accepts(plain)) return { channel, plain };
  }
  return undefined;
}

/**
 * AES-128-ECB. node:crypto's own ECB ends the process on Deno 2.4, so this goes through CBC, which
 * has every block but the first mixed with the cipher text before it; mixing again undoes that.
 *
 * @param cipher whole blocks of 16 bytes
 */
export function decryptBlocks(
  key: Uint8Array<ArrayBuffer>,
  cipher: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const decipher = createDecipheriv("aes-128-cbc", key, NO_IV);
  decipher.setAutoPadding(false);
  const mixed = decipher.update(cipher);
  decipher.final();
  const plain = new Uint8Array(cipher.length);
  plain.set(mixed);
  for (let i = BLOCK_BYTES; i < plain.length; i++) plain[i]! ^= cipher[i - BLOCK_BYTES]!;
  return plain;
}
