/**
 * Damage to bytes and texts: what a broken radio, a broken gateway or somebody with bad intent makes
 * of a payload. All of it from a {@linkcode Random}, so that a seed gives it again.
 *
 * @module
 */
import type { Random } from "../../src/traffic/random.ts";

/** Bytes of their own, as a message has them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Numbers that mean something to a length, a count or a time. */
const EDGES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

/** Varints whose value is far beyond what follows, or beyond 32 or 64 bits. */
const VARINTS: readonly (readonly number[])[] = [
  [0xff, 0x01],
  [0xff, 0xff, 0x03],
  [0xff, 0xff, 0xff, 0xff, 0x07],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x10],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
];

/** 32-bit patterns: NaN, infinities, extremes of float and integer. */
const WORDS = [
  0x7fc00000,
  0x7f800000,
  0xff800000,
  0x80000000,
  0x7fffffff,
  0xffffffff,
  0x7f7fffff,
  0x00000001,
];

/** `source` damaged one to four times; `other` is what is spliced in. */
export function mutateBytes(random: Random, source: Bytes, other: Bytes): Bytes {
  let bytes: Bytes = source.slice();
  for (let rounds = random.between(1, 4); rounds > 0; rounds--) {
    bytes = damage(random, bytes, other);
  }
  return bytes;
}

function damage(random: Random, bytes: Bytes, other: Bytes): Bytes {
  const at = random.between(0, Math.max(0, bytes.length - 1));
  switch (random.between(0, 9)) {
    case 0: // A bit.
      if (bytes.length > 0) bytes[at]! ^= 1 << random.between(0, 7);
      return bytes;
    case 1: // A byte.
      if (bytes.length > 0) bytes[at] = random.uint32() >>> 24;
      return bytes;
    case 2: // A byte that may be a length.
      if (bytes.length > 0) bytes[at] = random.pick(EDGES);
      return bytes;
    case 3: // Cut off.
      return bytes.slice(0, at);
    case 4: // Something put in.
      return joined(bytes.subarray(0, at), random.bytes(random.between(1, 16)), bytes.subarray(at));
    case 5: // Something taken out.
      return joined(bytes.subarray(0, at), bytes.subarray(at + random.between(1, 8)));
    case 6: // The beginning of one, the end of another.
      return joined(
        bytes.subarray(0, at),
        other.subarray(random.between(0, Math.max(0, other.length - 1))),
      );
    case 7: { // A length, or a number of any kind, out of all bounds.
      const varint = Uint8Array.from(random.pick(VARINTS));
      return joined(bytes.subarray(0, at), varint, bytes.subarray(at + 1));
    }
    case 8: { // A word.
      if (bytes.length < 4) return bytes;
      new DataView(bytes.buffer).setUint32(
        Math.min(at, bytes.length - 4),
        random.pick(WORDS),
        random.chance(0.5),
      );
      return bytes;
    }
    default: { // A stretch said again, up to a few hundred times.
      const stretch = bytes.subarray(at, at + random.between(1, 12));
      const times = random.between(1, random.chance(0.01) ? 400 : 8);
      return joined(bytes.subarray(0, at), ...Array(times).fill(stretch), bytes.subarray(at));
    }
  }
}

/** Random bytes: mostly as long as a packet, now and then far longer. */
export function randomBytes(random: Random): Bytes {
  if (random.chance(0.0001)) return random.bytes(random.between(60_000, 300_000));
  return random.bytes(random.between(0, random.chance(0.1) ? 2000 : 260));
}

/** One after the other. */
export function joined(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Texts that somebody may put where a name, a key or a topic is expected. */
export const HOSTILE_TEXTS: readonly string[] = [
  "",
  " ",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "\0",
  "a\0b",
  "line\nbreak",
  "carriage\rreturn",
  "\u001b[2J\u001b]0;title\u0007",
  "\u2028\u2029\u0085",
  "\u202ertl\u202c \u200f",
  "\ufeffbom",
  "\ud800",
  "\udc00\ud800 swapped",
  "'; DROP TABLE nodes; --",
  '" OR ""="',
  "`x` [y] 100%_",
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  'x"} 1\nmeshcapture_forged{a="b',
  "{name} ${7*7} %s %n",
  "../../etc/passwd",
  "!ffffffff",
  "^all",
  "#",
  "+",
  "/",
  "//",
  "Żółw🐢👩‍👩‍👧‍👦",
  "-0",
  "1e999",
  "NaN",
  "0x10",
];

/** The same, but long. */
const LONG_TEXTS = ["e\u0301".repeat(40), "9".repeat(400), "A".repeat(5000), "\ud83d".repeat(1000)];

/** One of {@linkcode HOSTILE_TEXTS}, rarely a long one. */
export function hostileText(random: Random): string {
  return random.pick(random.chance(0.01) ? LONG_TEXTS : HOSTILE_TEXTS);
}

/** `text` damaged one to three times, as text. */
export function mutateText(random: Random, text: string): string {
  let damaged = text;
  for (let rounds = random.between(1, 3); rounds > 0; rounds--) {
    const at = random.between(0, damaged.length);
    const [before, after] = [damaged.slice(0, at), damaged.slice(at)];
    switch (random.between(0, 4)) {
      case 0:
        damaged = before;
        break;
      case 1:
        damaged = before + after.slice(random.between(1, 4));
        break;
      case 2:
        damaged = before + hostileText(random) + after;
        break;
      case 3:
        damaged = before + String.fromCharCode(random.uint32() & 0xffff) + after;
        break;
      default:
        damaged = before + String.fromCharCode(random.between(0, 0x9f)) + after;
    }
  }
  return damaged;
}

/**
 * `topic` as it is, or damaged, or something else; rarely 64 KiB long, as MQTT allows. Without NUL
 * (MQTT forbids it, and clients hang up), and well-formed, since it came as UTF-8.
 */
export function mutateTopic(random: Random, topic: string): string {
  if (random.chance(0.7)) return topic;
  if (random.chance(0.0005)) {
    const filler = random.chance(0.5) ? "/2" : random.pick(HOSTILE_TEXTS) || "x";
    return topic + filler.repeat(Math.ceil(65_535 / filler.length)).slice(0, 65_535 - topic.length);
  }
  const parts = topic.split("/");
  if (random.chance(0.5)) parts[random.between(0, parts.length - 1)] = hostileText(random);
  else return mutateText(random, topic).replaceAll("\0", "").toWellFormed();
  return parts.join("/").replaceAll("\0", "").toWellFormed();
}
