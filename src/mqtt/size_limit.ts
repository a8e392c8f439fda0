/**
 * Ends a client's connection to the embedded broker when a packet is longer than allowed, before
 * anything of that length is gathered in memory; aedes has no such limit of its own.
 *
 * @module
 */
import type { Duplex } from "node:stream";
import { PacketScanError, PacketScanner } from "./packet_scanner.ts";
import { WrappedStream } from "./wrapped_stream.ts";

/** A stream that is destroyed with a {@linkcode PacketScanError} by an overlong incoming packet. */
export class SizeLimit extends WrappedStream {
  readonly #scanner: PacketScanner;

  /** @param maxBytes longest packet, bytes after the fixed header */
  constructor(inner: Duplex, maxBytes: number) {
    super(inner);
    this.#scanner = new PacketScanner({ maxBytes });
  }

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

  protected override toInner(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
    return chunks;
  }
}
