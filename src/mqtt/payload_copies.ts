/**
 * Copies of payloads, one behind the other in larger buffers. A view of the socket's buffer would pin
 * all of that for as long as a message waits; a buffer for each message costs more than the copying,
 * above all for the garbage collector.
 *
 * @module
 */

/** Messages wait in the order of their arrival, so those of one buffer are done with at nearly one time. */
const BUFFER_BYTES = 65_536;

/** Longer payloads get a buffer of their own, so that at most an eighth of a buffer is left over. */
const LONG_BYTES = BUFFER_BYTES / 8;

/** Makes the copies of one source or broker. */
export class PayloadCopies {
  #buffer = new Uint8Array(0);
  #used = 0;

  /** A copy of `bytes`. It shares its buffer: who keeps it for long, or sends it away, copies again. */
  copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const { length } = bytes;
    // Not slice(): a socket gives Buffers, whose slice() is a view.
    if (length > LONG_BYTES) return new Uint8Array(bytes);
    if (this.#used + length > this.#buffer.length) {
      this.#buffer = new Uint8Array(BUFFER_BYTES);
      this.#used = 0;
    }
    const end = this.#used + length;
    const copy = this.#buffer.subarray(this.#used, end);
    copy.set(bytes);
    this.#used = end;
    return copy;
  }
}
