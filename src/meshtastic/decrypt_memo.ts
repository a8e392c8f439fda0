/**
 * Every gateway that hears a packet publishes it, so most ciphertexts come several times within
 * seconds. A call of Web Crypto costs more than all the rest of decoding (it crosses to another
 * thread and back), so what was decrypted lately is remembered.
 *
 * @module
 */
import { RecentMap } from "../capture/recent_map.ts";
import type { EncryptedPacket } from "./decrypt.ts";

/** One ciphertext, and what came of it once {@linkcode MemoEntry.done} is true. */
export interface MemoEntry<T> {
  /** The packet as it was looked up; an own copy of its bytes. */
  readonly packet: EncryptedPacket;
  /** Bytes of the envelope's `channel_id`, which choose among keys; an own copy. */
  readonly channelIdBytes: Uint8Array;
  /** True once `value` or `error` says what came of it. */
  done: boolean;
  /** What was read, if anything. */
  value: T | undefined;
  /** Why decrypting failed, where it did so against all expectation. */
  error: unknown;
  /** Resolves when the call that made this entry has done all of its entries. */
  readonly settled: Promise<void>;
}

/** Entries of one generation; two are kept. A mesh's packet reaches its last gateway in seconds. */
const GENERATION = 1024;

/** Ciphertexts above are looked at anew each time: radios send no more. Bounds the memory. */
const MAX_BYTES = 256;

const NOTHING = new Uint8Array(0);

/**
 * Remembers by the whole input of decryption, so that a hit is what decrypting again would give.
 * At most 2,048 entries.
 */
export class DecryptMemo<T> {
  readonly #entries = new RecentMap<number, MemoEntry<T>>(GENERATION);

  /** The entry of exactly this input, done or still being worked on. */
  find(packet: EncryptedPacket, channelIdBytes: Uint8Array): MemoEntry<T> | undefined {
    const found = this.#entries.get(packet.id);
    return found !== undefined && isSame(found, packet, channelIdBytes) ? found : undefined;
  }

  /** Makes an entry that the caller promises to bring to `done` before `settled` resolves. */
  add(
    packet: EncryptedPacket,
    channelIdBytes: Uint8Array,
    settled: Promise<void>,
  ): MemoEntry<T> {
    const kept = packet.ciphertext.length <= MAX_BYTES && channelIdBytes.length <= MAX_BYTES;
    const entry: MemoEntry<T> = {
      // Views would pin the whole message for as long as the entry is remembered.
      packet: kept ? { ...packet, ciphertext: packet.ciphertext.slice() } : packet,
      channelIdBytes: channelIdBytes.length === 0 ? NOTHING : channelIdBytes.slice(),
      done: false,
      value: undefined,
      error: undefined,
      settled,
    };
    if (kept) this.#entries.set(packet.id, entry);
    return entry;
  }

  /** What failed may succeed with the next packet. */
  forget(entry: MemoEntry<T>): void {
    const { id } = entry.packet;
    if (this.#entries.get(id) === entry) this.#entries.delete(id);
  }
}

function isSame<T>(
  { packet: known, channelIdBytes: knownId }: MemoEntry<T>,
  packet: EncryptedPacket,
  channelIdBytes: Uint8Array,
): boolean {
  return known.from === packet.from && known.channel === packet.channel &&
    known.direct === packet.direct &&
    sameBytes(known.ciphertext, packet.ciphertext) && sameBytes(knownId, channelIdBytes);
}

/** Whether two arrays hold the same bytes. */
export function sameBytes(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  const { length } = a;
  if (length !== b.length) return false;
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}
