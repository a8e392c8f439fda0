/**
 * Takes PUBLISH packets out of what a broker sends, before mqtt.js sees it.
 *
 * mqtt.js copes with everything else that a connection needs. A message costs it 15 µs and several
 * kilobytes of garbage: a dozen objects, two events, and a PUBACK that has to be swallowed again.
 * What is unusual (QoS 2, topic aliases, malformed packets) passes and stays its business.
 *
 * @module
 */
import { TopicCache } from "./topic_cache.ts";
import { concatBytes } from "./wrapped_stream.ts";

/** A message as it stands in a PUBLISH packet. */
export interface Publish {
  /** Topic. */
  readonly topic: string;
  /** A view of the socket's bytes: whoever keeps it makes a copy. */
  readonly payload: Uint8Array;
  /** QoS of this delivery. */
  readonly qos: 0 | 1;
  /** The broker had it in store. */
  readonly retain: boolean;
  /** Delivered before, perhaps. */
  readonly dup: boolean;
  /** Packet identifier, 1–65535; undefined at QoS 0. */
  readonly messageId: number | undefined;
}

const PUBLISH = 3;

/** How the value of a property of a PUBLISH is written, by its identifier (MQTT 5, 3.3.2.3). */
const PROPERTY_FORMS: Readonly<Record<number, "pair" | "text" | "varint" | number>> = {
  0x01: 1,
  0x02: 4,
  0x03: "text",
  0x08: "text",
  0x09: "text",
  0x0b: "varint",
  0x26: "pair",
};

/** Reads what comes over one connection. Begins holding. */
export class PublishReader {
  readonly #version: 4 | 5;
  readonly #onPublish: (publish: Publish) => void;
  readonly #topics = new TopicCache();
  /** What waits: the beginning of a packet, or a message that is held back and all behind it. */
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  /** Bytes of `#rest` without which there is no use in looking at it again. */
  #wanted = 0;
  /** Bytes of a packet of mqtt.js's that are still to come. */
  #passing = 0;
  #holding = true;
  #stuck = false;

  /**
   * A reader at the beginning of a connection.
   *
   * @param version 4 is MQTT 3.1.1
   * @param onPublish gets messages of QoS 0 and 1, in order; it may call {@linkcode hold}
   */
  constructor(version: 4 | 5, onPublish: (publish: Publish) => void) {
    this.#version = version;
    this.#onPublish = onPublish;
  }

  /** True while a message is held back, and with it all that came behind it. */
  get stuck(): boolean {
    return this.#stuck;
  }

  /** Holds messages back from now on. */
  hold(): void {
    this.#holding = true;
  }

  /** Forgets what waits. */
  discard(): void {
    this.#stuck = false;
    this.#takeRest();
  }

  /** Hands on messages, those first that were held back. Returns what is for mqtt.js. */
  release(): Uint8Array[] {
    this.#holding = false;
    if (!this.#stuck) return [];
    this.#stuck = false;
    return this.#read(this.#takeRest());
  }

  /** Reads `chunk`. Returns what is for mqtt.js: views, in order. */
  feed(chunk: Uint8Array): Uint8Array[] {
    if (this.#rest.length === 0) return this.#read(chunk);
    this.#rest.push(chunk);
    this.#restBytes += chunk.length;
    if (this.#stuck || this.#restBytes < this.#wanted) return [];
    return this.#read(this.#takeRest());
  }

  #read(chunk: Uint8Array): Uint8Array[] {
    const passed: Uint8Array[] = [];
    const end = chunk.length;
    /** Start of what is to be passed. */
    let from = 0;
    let at = Math.min(this.#passing, end);
    this.#passing -= at;
    while (at < end) {
      if (chunk[at]! >> 4 === PUBLISH && this.#holding) this.#stuck = true;
      const size = this.#stuck ? 0 : packetSize(chunk, at);
      const isPublish = chunk[at]! >> 4 === PUBLISH && size !== Infinity;
      if (size === 0 || (isPublish && at + size > end)) {
        this.#rest = [chunk.subarray(at)];
        this.#restBytes = end - at;
        this.#wanted = Math.max(size, end - at + 1);
        break;
      }
      if (isPublish) {
        const publish = this.#parse(chunk, at, at + size);
        if (publish !== undefined) {
          if (at > from) passed.push(chunk.subarray(from, at));
          at += size;
          from = at;
          this.#onPublish(publish);
          continue;
        }
      }
      const step = Math.min(size, end - at);
      this.#passing = size - step;
      at += step;
    }
    if (at > from) passed.push(chunk.subarray(from, at));
    return passed;
  }

  #takeRest(): Uint8Array {
    const whole = this.#rest.length === 1 ? this.#rest[0]! : concatBytes(this.#rest);
    this.#rest = [];
    this.#restBytes = 0;
    return whole;
  }

  /** Undefined where mqtt.js shall see to it. */
  #parse(bytes: Uint8Array, start: number, end: number): Publish | undefined {
    const flags = bytes[start]!;
    const qos = (flags >> 1) & 3;
    let at = start + 2;
    while (bytes[at - 1]! & 0x80) at++;
    const topicStart = at + 2;
    if (qos > 1 || topicStart > end) return undefined;
    const topicEnd = topicStart + (bytes[at]! << 8 | bytes[at + 1]!);
    at = topicEnd;
    let messageId: number | undefined;
    if (qos === 1) {
      messageId = bytes[at]! << 8 | bytes[at + 1]!;
      at += 2;
    }
    if (at > end || topicEnd === topicStart || messageId === 0) return undefined;
    if (this.#version === 5) {
      at = skipProperties(bytes, at, end);
      if (at < 0) return undefined;
    }
    return {
      topic: this.#topics.get(bytes, topicStart, topicEnd),
      payload: bytes.subarray(at, end),
      qos: qos as 0 | 1,
      retain: (flags & 1) === 1,
      dup: (flags & 8) === 8,
      messageId,
    };
  }
}

/**
 * Bytes of the packet at `at`, its header included; 0 while they cannot be told. Infinity for a
 * malformed length: mqtt.js shall have all that follows, and say so.
 */
function packetSize(bytes: Uint8Array, at: number): number {
  let size = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + 1 + i];
    if (byte === undefined) return 0;
    size += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return size + 2 + i;
  }
  return Infinity;
}

/** Where the payload begins behind the properties at `at`; -1 for what this does not understand. */
function skipProperties(bytes: Uint8Array, at: number, end: number): number {
  let length = 0;
  for (let i = 0;; i++, at++) {
    if (i === 4 || at >= end) return -1;
    length += (bytes[at]! & 0x7f) * 128 ** i;
    if (bytes[at]! < 0x80) break;
  }
  at++;
  const stop = at + length;
  if (stop > end) return -1;
  while (at < stop) {
    // A topic alias, which we never allowed, is not among them.
    const form = PROPERTY_FORMS[bytes[at++]!];
    if (form === undefined) return -1;
    if (typeof form === "number") at += form;
    else if (form === "varint") {
      while (at < stop && bytes[at]! >= 0x80) at++;
      at++;
    } else {
      for (let texts = form === "pair" ? 2 : 1; texts > 0; texts--) {
        if (at + 2 > stop) return -1;
        at += 2 + (bytes[at]! << 8 | bytes[at + 1]!);
      }
    }
  }
  return at === stop ? stop : -1;
}
