/**
 * A fast 64-bit digest of a message, for the ledger: is this redelivery the message that was
 * committed under this id? It is no cryptographic hash; together with packet id and DUP flag it only
 * has to tell apart what one broker session delivers.
 *
 * @module
 */

const C1 = 0xcc9e2d51 | 0;
const C2 = 0x1b873593;
const C3 = 0x239b961b;
const C4 = 0xab0e9789 | 0;

const RESULT = new DataView(new ArrayBuffer(8));

/**
 * Digest of `topic` and `payload`, 0 to 2⁶⁴ − 1. Two 32-bit lanes in the manner of MurmurHash3, as
 * 64-bit integers would be slow `bigint`s. The topic is taken as UTF-8 and closed by a byte that
 * UTF-8 never contains, so no other split of the same bytes gives the same input.
 */
export function digest(topic: string, payload: Uint8Array): bigint {
  const lanes = { a: 0x9747b28c | 0, b: 0x3c6ef372 };
  absorbTopic(lanes, topic);
  absorb(lanes, payload);
  return finish(lanes, payload.length);
}

interface Lanes {
  a: number;
  b: number;
}

function absorbTopic(lanes: Lanes, topic: string): void {
  const length = topic.length;
  let { a, b } = lanes;
  let word = 0;
  for (let i = 0; i < length; i++) {
    const unit = topic.charCodeAt(i);
    // Topics are nearly always ASCII, which needs no encoder; the others start again with one.
    if (unit > 0x7f) {
      const utf8 = new TextEncoder().encode(topic);
      const closed = new Uint8Array(utf8.length + 1);
      closed.set(utf8);
      closed[utf8.length] = 0xff;
      absorb(lanes, closed);
      lanes.b ^= utf8.length;
      return;
    }
    word |= unit << ((i & 3) << 3);
    if ((i & 3) === 3) {
      a = mixA(a, word);
      b = mixB(b, word, a);
      word = 0;
    }
  }
  word |= 0xff << ((length & 3) << 3);
  a = mixA(a, word);
  lanes.b = mixB(b, word, a) ^ length;
  lanes.a = a;
}

function absorb(lanes: Lanes, bytes: Uint8Array): void {
  const length = bytes.length;
  const whole = length & ~3;
  let { a, b } = lanes;
  let i = 0;
  for (; i < whole; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    a = mixA(a, word);
    b = mixB(b, word, a);
  }
  if (i < length) {
    let word = 0;
    for (let shift = 0; i < length; i++, shift += 8) word |= bytes[i]! << shift;
    a = mixA(a, word);
    b = mixB(b, word, a);
  }
  lanes.a = a;
  lanes.b = b;
}

function mixA(a: number, word: number): number {
  const k = Math.imul(word, C1);
  const h = a ^ Math.imul((k << 15) | (k >>> 17), C2);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function mixB(b: number, word: number, a: number): number {
  const k = Math.imul(word, C3);
  const h = b ^ Math.imul((k << 16) | (k >>> 16), C4);
  return (Math.imul((h << 17) | (h >>> 15), 5) + 0x0bcaa747 + a) | 0;
}

function finish(lanes: Lanes, length: number): bigint {
  let a = lanes.a ^ length;
  let b = lanes.b ^ length;
  a = (a + b) | 0;
  b = (b + a) | 0;
  a = avalanche(a);
  b = avalanche(b);
  a = (a + b) | 0;
  b = (b + a) | 0;
  // One bigint instead of the five that shifting makes; nothing is kept between calls.
  RESULT.setInt32(0, a);
  RESULT.setInt32(4, b);
  return RESULT.getBigUint64(0);
}

function avalanche(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
