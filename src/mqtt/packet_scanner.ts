/**
 * Finds the boundaries of MQTT packets in a stream of bytes, however it is cut into pieces, without
 * copying and without looking inside. MQTT 3.1.1 and 5 frame alike: a type, a length of one to four
 * bytes, the body.
 *
 * @module
 */

/** MQTT control packet type of a PUBACK. */
export const PUBACK = 4;

/** The bytes are no MQTT packets, or a packet is longer than allowed. */
export class PacketScanError extends Error {
  /** Survives minifying, so that logs can name it. */
  override readonly name = "PacketScanError";
  /** `too_large`: a packet above the scanner's bound. */
  constructor(message: string, readonly reason: "malformed" | "too_large") {
    super(message);
  }
}

/** What a {@linkcode PacketScanner} is to do. */
export interface PacketScannerOptions {
  /** Packet type to leave out of what is passed on; default none. */
  readonly swallow?: number;
  /** Longest packet allowed, bytes after the fixed header; default: what MQTT allows. */
  readonly maxBytes?: number;
}

type Place = "header" | "length" | "body";

/** An incremental scanner for one direction of one connection. */
export class PacketScanner {
  readonly #swallow: number | undefined;
  readonly #maxBytes: number;
  #place: Place = "header";
  #left = 0;
  #lengthBytes = 0;
  #swallowing = false;
  #swallowed = 0;

  /** A scanner for the bytes of one connection, from its beginning. */
  constructor(options: PacketScannerOptions = {}) {
    this.#swallow = options.swallow;
    this.#maxBytes = options.maxBytes ?? 268_435_455;
  }

  /** True between two packets: here, and only here, another packet may be put into the stream. */
  get atBoundary(): boolean {
    return this.#place === "header";
  }

  /** Packets left out so far, counting each from its first byte. */
  get swallowed(): number {
    return this.#swallowed;
  }

  /**
   * Reads `chunk` and returns what of it is to be passed on: views of it, in order.
   *
   * @throws {PacketScanError} when a length is malformed or beyond the bound; of no use afterwards.
   */
  feed(chunk: Uint8Array): Uint8Array[] {
    const passed: Uint8Array[] = [];
    const end = chunk.length;
    /** Start of the stretch to be passed on; -1 while swallowing. */
    let from = this.#swallowing ? -1 : 0;
    let at = 0;
    while (at < end) {
      if (this.#place === "body") {
        const step = Math.min(this.#left, end - at);
        at += step;
        this.#left -= step;
        if (this.#left === 0) this.#place = "header";
        continue;
      }
      const byte = chunk[at]!;
      if (this.#place === "header") {
        const swallowing = byte >> 4 === this.#swallow;
        if (swallowing) {
          this.#swallowed++;
          if (from >= 0 && at > from) passed.push(chunk.subarray(from, at));
          from = -1;
        } else if (from < 0) from = at;
        this.#swallowing = swallowing;
        this.#place = "length";
        this.#left = 0;
        this.#lengthBytes = 0;
      } else {
        this.#left += (byte & 0x7f) * 128 ** this.#lengthBytes;
        this.#lengthBytes++;
        if (byte & 0x80) {
          if (this.#lengthBytes === 4) {
            throw new PacketScanError("an MQTT packet has a malformed length", "malformed");
          }
        } else if (this.#left > this.#maxBytes) {
          throw new PacketScanError(
            `an MQTT packet of ${this.#left} bytes is over the limit of ${this.#maxBytes}`,
            "too_large",
          );
        } else this.#place = this.#left === 0 ? "header" : "body";
      }
      at++;
    }
    if (from >= 0 && end > from) passed.push(from === 0 ? chunk : chunk.subarray(from, end));
    if (this.#place === "header") this.#swallowing = false;
    return passed;
  }
}
