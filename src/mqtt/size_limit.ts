/**
 * What stands between a client's socket and aedes.
 *
 * It ends a connection when a packet is longer than allowed, before anything of that length is
 * gathered in memory; aedes has no such limit of its own.
 *
 * It also gives aedes no second piece while it parses the first. When a packet is handled without
 * waiting, aedes asks for more in the midst of parsing, and its parser then loses its place. On Node
 * there is nothing to be had at that moment; Deno's streams may hold another piece.
 *
 * @module
 */
import type { Duplex } from "node:stream";
import { PacketScanError, PacketScanner } from "./packet_scanner.ts";
import { WrappedStream } from "./wrapped_stream.ts";

/** A stream that is destroyed with a {@linkcode PacketScanError} by an overlong incoming packet. */
export class SizeLimit extends WrappedStream {
  readonly #scanner: PacketScanner;
  #handedOut = false;
  #refused = false;

  /** `maxBytes`: longest packet that passes, bytes after the fixed header. */
  constructor(inner: Duplex, maxBytes: number) {
    super(inner);
    this.#scanner = new PacketScanner({ maxBytes });
  }

  /** As `Readable.read`, but null while the caller is still busy with what it read before. */
  override read(size?: number): Uint8Array | null {
    if (this.#handedOut) {
      this.#refused = true;
      return null;
    }
    const piece = super.read(size) as Uint8Array | null;
    if (piece === null) return null;
    this.#handedOut = true;
    // By then the caller has returned.
    queueMicrotask(() => {
      this.#handedOut = false;
      if (!this.#refused) return;
      this.#refused = false;
      if (this.readableLength > 0) this.emit("readable");
    });
    return piece;
  }

  /** Ends the connection when a packet is larger. */
  protected override fromInner(chunk: Uint8Array): Uint8Array | undefined {
    try {
      this.#scanner.feed(chunk);
      return chunk;
    } catch (error) {
      if (!(error instanceof PacketScanError)) throw error;
      this.destroy(error);
      return undefined;
    }
  }

  /** Passes everything. */
  protected override toInner(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
    return chunks;
  }
}
