/**
 * Tells a decrypted `Data` message from random bytes. AES-CTR cannot fail, and a lenient protobuf
 * parser takes 1–4 % of short random strings, so the structure itself has to be the evidence.
 *
 * @module
 */

/**
 * - `firmware`: as every protobuf encoder writes it: fields in ascending order, each with its own
 *   wire type, flags that are 1, the last field ending with the last byte;
 * - `loose`: a valid message that is not written so;
 * - `none`: no `Data` message.
 */
export type DataShape = "firmware" | "loose" | "none";

/** What {@linkcode inspectData} found. */
export interface DataEvidence {
  /** How far the bytes look like a `Data` message that the firmware makes. */
  readonly shape: DataShape;
  /** 0 where it is absent. */
  readonly portnum: number;
  /** How many fields there are. */
  readonly fields: number;
  /** Bytes of the payload, 0 where it is absent. */
  readonly payloadLength: number;
}

/** Wire type of the fields 1–10 of `Data`. */
const WIRE_TYPES = [-1, 0, 2, 0, 5, 5, 5, 5, 5, 0, 2];
const PORTNUM = 1;
const PAYLOAD = 2;
const WANT_RESPONSE = 3;
/** Fields that later protobufs may add; beyond, a number is noise rather than news. */
const LAST_PLAUSIBLE_FIELD = 31;

const NONE: DataEvidence = { shape: "none", portnum: 0, fields: 0, payloadLength: 0 };

/** Walks over `bytes` as a `Data` message. Never throws. */
export function inspectData(bytes: Uint8Array): DataEvidence {
  const end = bytes.length;
  let at = 0;
  let last = 0;
  let firmware = true;
  let portnum = 0;
  let fields = 0;
  let payloadLength = 0;
  while (at < end) {
    let value = 0;
    let size = varintSize(bytes, at);
    if (size === 0 || size > 5) return NONE;
    const tag = readVarint(bytes, at, size);
    at += size;
    const field = tag >>> 3;
    const wireType = tag & 7;
    if (field === 0) return NONE;
    if (field < WIRE_TYPES.length) {
      if (wireType !== WIRE_TYPES[field]) return NONE;
    } else if (field > LAST_PLAUSIBLE_FIELD) {
      firmware = false;
    }
    if (field <= last) firmware = false;
    last = field;
    fields++;
    switch (wireType) {
      case 0:
        size = varintSize(bytes, at);
        if (size === 0) return NONE;
        value = readVarint(bytes, at, size);
        at += size;
        break;
      case 1:
        at += 8;
        break;
      case 2:
        size = varintSize(bytes, at);
        if (size === 0 || size > 5) return NONE;
        value = readVarint(bytes, at, size);
        at += size + value;
        break;
      case 5:
        at += 4;
        break;
      default:
        // A group: nobody writes them, and the parser proper knows how to skip one.
        return { shape: wireType === 3 ? "loose" : "none", portnum, fields, payloadLength };
    }
    if (at > end) return NONE;
    if (field === PORTNUM) portnum = value | 0;
    else if (field === PAYLOAD) payloadLength = value;
    else if (field === WANT_RESPONSE && value !== 1) firmware = false;
  }
  if (fields === 0) return NONE;
  return { shape: firmware ? "firmware" : "loose", portnum, fields, payloadLength };
}

/** Bytes of the varint at `at`; 0 when it does not end within ten bytes or the array. */
function varintSize(bytes: Uint8Array, at: number): number {
  const limit = Math.min(bytes.length, at + 10);
  for (let i = at; i < limit; i++) {
    if (bytes[i]! < 0x80) return i - at + 1;
  }
  return 0;
}

/** The low 32 bits of a varint, unsigned. */
function readVarint(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = 0; i < size && i < 5; i++) value |= (bytes[at + i]! & 0x7f) << (7 * i);
  return value >>> 0;
}
