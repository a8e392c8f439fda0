/**
 * Writes protobuf bytes (proto3 wire format), field by field. Made for simulated traffic, where the
 * general encoder would cost most of the time.
 *
 * @module
 */

const UTF8 = new TextEncoder();

/**
 * A growing buffer that fields are appended to. Plain fields follow proto3: zero, false and empty
 * are not written. Pass `always` for fields declared `optional`.
 */
export class WireWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(512);
  #view: DataView<ArrayBuffer> = new DataView(this.#bytes.buffer);
  #at = 0;

  /** Forgets what was written. */
  reset(): this {
    this.#at = 0;
    return this;
  }

  /** An own copy of what was written since the last {@linkcode WireWriter.reset}. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }

  /** What was written since the last {@linkcode WireWriter.reset}; gone with the next one. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at);
  }

  /** `uint32`, `bool` (0 or 1) or an enum. */
  uint(field: number, value: number, always = false): this {
    if (value === 0 && !always) return this;
    this.#reserve(15);
    this.#varint(field << 3);
    this.#varint(value >>> 0);
    return this;
  }

  /** `uint64`, up to 2^53 − 1. */
  uint64(field: number, value: number, always = false): this {
    if (value === 0 && !always) return this;
    this.#reserve(15);
    this.#varint(field << 3);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
    return this;
  }

  /** `int32`; a negative one takes ten bytes on the wire. */
  int(field: number, value: number, always = false): this {
    if (value === 0 && !always) return this;
    this.#reserve(15);
    this.#varint(field << 3);
    this.#signed(value);
    return this;
  }

  /** `fixed32` or `sfixed32`. */
  fixed(field: number, value: number, always = false): this {
    if (value === 0 && !always) return this;
    this.#reserve(9);
    this.#varint((field << 3) | 5);
    this.#view.setUint32(this.#at, value >>> 0, true);
    this.#at += 4;
    return this;
  }

  /** `float`. */
  float(field: number, value: number, always = false): this {
    if (value === 0 && !always) return this;
    this.#reserve(9);
    this.#varint((field << 3) | 5);
    this.#view.setFloat32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  /** `bytes`. */
  bytes(field: number, value: Uint8Array, always = false): this {
    if (value.length === 0 && !always) return this;
    this.#reserve(10 + value.length);
    this.#varint((field << 3) | 2);
    this.#varint(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** `string`. */
  text(field: number, value: string): this {
    if (value === "") return this;
    this.#reserve(10 + value.length);
    const start = this.#at;
    this.#varint((field << 3) | 2);
    this.#varint(value.length);
    // Nearly all of them are short and ASCII, where a call of the encoder costs more than the rest.
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) {
        this.#at = start;
        return this.bytes(field, UTF8.encode(value));
      }
      this.#bytes[this.#at++] = unit;
    }
    return this;
  }

  /** A message within the message; `fill` writes its fields. Written also when it is empty. */
  message(field: number, fill: (writer: this) => void): this {
    this.#reserve(10);
    this.#varint((field << 3) | 2);
    const start = this.#at;
    // One byte suffices for most lengths; longer ones shift the content.
    this.#at++;
    fill(this);
    const length = this.#at - start - 1;
    const extra = length < 0x80 ? 0 : length < 0x4000 ? 1 : 2;
    if (extra > 0) {
      this.#reserve(extra);
      this.#bytes.copyWithin(start + 1 + extra, start + 1, this.#at);
    }
    this.#at = start;
    this.#varint(length);
    this.#at += length;
    return this;
  }

  /** `repeated fixed32`, packed. */
  packedFixed(field: number, values: readonly number[]): this {
    if (values.length === 0) return this;
    this.#reserve(10 + values.length * 4);
    this.#varint((field << 3) | 2);
    this.#varint(values.length * 4);
    for (const value of values) {
      this.#view.setUint32(this.#at, value >>> 0, true);
      this.#at += 4;
    }
    return this;
  }

  /** `repeated int32`, packed. */
  packedInt(field: number, values: readonly number[]): this {
    if (values.length === 0) return this;
    return this.message(field, () => {
      this.#reserve(values.length * 10);
      for (const value of values) this.#signed(value);
    });
  }

  #signed(value: number): void {
    if (value >= 0) return this.#varint(value);
    // The 64-bit two's complement: the low 32 bits, then ones.
    const low = value >>> 0;
    this.#bytes[this.#at++] = (low & 0x7f) | 0x80;
    this.#bytes[this.#at++] = ((low >>> 7) & 0x7f) | 0x80;
    this.#bytes[this.#at++] = ((low >>> 14) & 0x7f) | 0x80;
    this.#bytes[this.#at++] = ((low >>> 21) & 0x7f) | 0x80;
    this.#bytes[this.#at++] = (low >>> 28) | 0xf0;
    for (let i = 0; i < 4; i++) this.#bytes[this.#at++] = 0xff;
    this.#bytes[this.#at++] = 0x01;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + more));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
