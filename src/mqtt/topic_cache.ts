/**
 * Topics as strings. A broker sends the same few thousand topics again and again, and a string that
 * is made anew for each message has to be hashed anew wherever it is looked up.
 *
 * @module
 */

/** Slots; two topics that fall into one take turns. */
const SLOTS = 1024;

/** Longer topics are decoded each time; bounds the memory to 1,024 times as much. */
const MAX_BYTES = 256;

// Holds no state between calls. A byte order mark is kept, as mqtt.js does.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

interface Slot {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Remembers at most 1,024 topics. */
export class TopicCache {
  readonly #slots = new Array<Slot | undefined>(SLOTS).fill(undefined);

  /** The text of `bytes[from]` up to `bytes[to]`; what is not UTF-8 becomes U+FFFD. */
  get(bytes: Uint8Array, from: number, to: number): string {
    const length = to - from;
    if (length > MAX_BYTES) return utf8.decode(bytes.subarray(from, to));
    let hash = length;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    const index = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const slot = this.#slots[index];
    if (slot !== undefined && slot.bytes.length === length) {
      let i = 0;
      while (i < length && slot.bytes[i] === bytes[from + i]) i++;
      if (i === length) return slot.text;
    }
    const own = new Uint8Array(length);
    own.set(bytes.subarray(from, to));
    const text = utf8.decode(own);
    this.#slots[index] = { bytes: own, text };
    return text;
  }
}
