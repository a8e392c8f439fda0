/**
 * The keys that a service was given, and which of them may have written a packet.
 *
 * @module
 */
import { xorBytes } from "./channel_hash.ts";
import { expandPsk, parsePsk, PskError } from "./psk.ts";

/** One configured channel. */
export interface ChannelConfig {
  /** The channel's name; absent or empty: the key may belong to any channel. */
  readonly name?: string | undefined;
  /** Base64, every form that the firmware knows (`AQ==`, 16 or 32 bytes, …). */
  readonly psk: string;
}

/** A distinct key, with every name that it is configured for. */
export interface ChannelKey {
  /** What records call it; never a byte of it. */
  readonly label: string;
  /** 0 (an open channel), 16 or 32 bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** XOR of its bytes. */
  readonly hash: number;
  /** Channels that it is configured for. */
  readonly names: ReadonlySet<string>;
}

/** A key, and the name that led to it. */
export interface KeyCandidate {
  /** The key. */
  readonly key: ChannelKey;
  /** The channel's name where one is known, else the key's label. */
  readonly name: string;
}

/** The expanded, distinct keys of a configuration. */
export class KeyRing {
  /** In configured order, the default keys last. */
  readonly keys: readonly ChannelKey[];
  readonly #byHash = new Map<number, ChannelKey[]>();
  readonly #named = new Map<number, KeyCandidate[]>();

  /**
   * Reads all keys.
   *
   * @param defaultPsk one PSK, or several with commas (Malla's `default_channel_key`); the first is
   * the primary channel's. Empty: none.
   * @throws {PskError} naming the entry that is no PSK, without its value.
   */
  constructor(channels: readonly ChannelConfig[], defaultPsk: string) {
    const found = new Map<string, ChannelKey & { names: Set<string> }>();
    const add = (bytes: Uint8Array<ArrayBuffer>, name: string | undefined, fallback: string) => {
      const identity = bytes.join();
      let key = found.get(identity);
      if (key === undefined) {
        const label = name || wellKnownLabel(bytes) || fallback;
        key = { label, bytes, hash: xorBytes(bytes), names: new Set<string>() };
        found.set(identity, key);
      }
      if (name) key.names.add(name);
    };
    const defaults = defaultPsk.split(",").map((psk) => psk.trim()).filter((psk) => psk !== "")
      .map((psk, i) => named(`default_psk[${i}]`, () => expandPsk(parsePsk(psk))));
    channels.forEach(({ name, psk }, i) => {
      const where = `channels[${i}]`;
      add(named(where, () => expandPsk(parsePsk(psk), defaults[0])), name, where);
    });
    defaults.forEach((bytes, i) => add(bytes, undefined, `default_psk[${i}]`));
    this.keys = [...found.values()];
    for (const key of this.keys) {
      push(this.#byHash, key.hash, key);
      for (const name of key.names) {
        const hash = xorBytes(new TextEncoder().encode(name)) ^ key.hash;
        push(this.#named, hash, { key, name });
      }
    }
  }

  /**
   * Keys whose channel hash is `hash`, likeliest first: for the name `channelId` (as bytes and as
   * text) those configured for it, then every other; then configured channels of that hash.
   */
  candidates(hash: number, channelIdBytes: Uint8Array, channelId: string): KeyCandidate[] {
    const candidates: KeyCandidate[] = [];
    if (channelIdBytes.length > 0) {
      for (const key of this.#byHash.get((hash ^ xorBytes(channelIdBytes)) & 0xff) ?? []) {
        if (key.names.has(channelId)) candidates.unshift({ key, name: channelId });
        else candidates.push({ key, name: key.label });
      }
    }
    for (const candidate of this.named(hash)) {
      if (candidates.every((other) => other.key !== candidate.key)) candidates.push(candidate);
    }
    return candidates;
  }

  /** Keys of the configured channels whose hash is `hash`, each with its channel's name. */
  named(hash: number): readonly KeyCandidate[] {
    return this.#named.get(hash) ?? [];
  }
}

/** `default` and `psk2` … `psk255` for the keys that one-byte PSKs stand for, `none` for no key. */
function wellKnownLabel(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return "none";
  if (bytes.length !== 16) return undefined;
  const usual = expandPsk(Uint8Array.of(1));
  for (let i = 0; i < 15; i++) {
    if (bytes[i] !== usual[i]) return undefined;
  }
  const index = ((bytes[15]! - usual[15]!) & 0xff) + 1;
  return index === 1 ? "default" : `psk${index}`;
}

function named<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof PskError) throw new PskError(`${where}: ${error.message}`);
    throw error;
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
