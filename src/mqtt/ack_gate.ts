/**
 * The transport below mqtt.js. It passes everything but messages and their acknowledgements: messages
 * go straight to whoever wants them, and PUBACKs out after the commit. Messages that mqtt.js has to
 * see to (QoS 2, malformed ones) reach it; PUBACKs of its own are swallowed.
 *
 * ```
 * mqtt.js ◄──► AckGate ◄──► socket
 *                │  ▲ acknowledge(ids), once they are on disk
 *                ▼ onPublish(message)
 * ```
 *
 * @module
 */
import type { Duplex } from "node:stream";
import type { Acknowledger } from "../capture/message.ts";
import { PacketScanner, PUBACK } from "./packet_scanner.ts";
import { type Publish, PublishReader } from "./publish_reader.ts";
import { concatBytes, WrappedStream } from "./wrapped_stream.ts";

/** Who hears what of an {@linkcode AckGate}. */
export interface AckGateOptions {
  /** 4 is MQTT 3.1.1. */
  readonly version: 4 | 5;
  /** Gets messages, once {@linkcode AckGate.passMessages} was called. Default: mqtt.js gets them. */
  readonly onPublish?: (publish: Publish) => void;
  /**
   * Sees the first piece that arrives: a refusal in an older protocol's words, which mqtt.js cannot
   * parse, is in there.
   */
  readonly onFirstBytes?: (bytes: Uint8Array) => void;
}

/** One connection's gate. When the connection has ended, acknowledging does nothing. */
export class AckGate extends WrappedStream implements Acknowledger {
  readonly #scanner = new PacketScanner({ swallow: PUBACK });
  readonly #reader: PublishReader | undefined;
  readonly #onFirstBytes: ((bytes: Uint8Array) => void) | undefined;
  #first = true;
  #waiting: Uint8Array[] = [];
  #acknowledged = 0;
  #discarding = false;

  /**
   * Takes `inner` over: it ends with this one.
   *
   * @param inner the socket, connected or connecting
   */
  constructor(inner: Duplex, options: AckGateOptions = { version: 4 }) {
    super(inner);
    this.#onFirstBytes = options.onFirstBytes;
    if (options.onPublish !== undefined) {
      this.#reader = new PublishReader(options.version, options.onPublish);
    }
  }

  /** PUBACKs written on our behalf so far. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** PUBACKs of mqtt.js that were swallowed so far. */
  get swallowed(): number {
    return this.#scanner.swallowed;
  }

  /** True while a message is held back, and all that came behind it; also when the stream has ended. */
  get holdsMessages(): boolean {
    return this.#reader?.stuck ?? false;
  }

  /** Hands on no further message; with the first one that comes, reading stops. */
  holdMessages(): void {
    this.#reader?.hold();
  }

  /** Hands on messages, beginning with those that were held back. */
  passMessages(): void {
    for (const piece of this.#reader?.release() ?? []) {
      if (!this.destroyed) this.push(piece);
    }
  }

  /** Forgets messages that were held back. */
  discardMessages(): void {
    this.#reader?.discard();
  }

  /**
   * Writes a PUBACK for each id, all in one write. Four bytes are a whole PUBACK in MQTT 3.1.1 and,
   * for success without properties, in MQTT 5 (3.4.2.1); mqtt.js writes the same.
   *
   * @param messageIds packet identifiers, 1–65535
   */
  acknowledge(messageIds: readonly number[]): void {
    if (messageIds.length === 0 || this.destroyed || this.inner.destroyed) return;
    const bytes = new Uint8Array(messageIds.length * 4);
    let at = 0;
    for (const id of messageIds) {
      bytes[at] = PUBACK << 4;
      bytes[at + 1] = 2;
      bytes[at + 2] = id >> 8;
      bytes[at + 3] = id & 0xff;
      at += 4;
    }
    this.#acknowledged += messageIds.length;
    if (this.#scanner.atBoundary) this.#writeNow(bytes);
    else this.#waiting.push(bytes);
  }

  /**
   * Ends in peace: throws away what still arrives, sends DISCONNECT (which leaves a persistent
   * session alone) and resolves when the peer has closed or `deadline` is aborted.
   *
   * Reading goes on because closing a socket with unread bytes makes the system send a reset, upon
   * which the broker may never read the acknowledgements that we just wrote.
   */
  async disconnect(deadline: AbortSignal): Promise<void> {
    if (this.destroyed) return;
    const closed = new Promise<void>((resolve) => {
      this.inner.once("close", resolve);
      this.inner.once("end", resolve);
      deadline.addEventListener("abort", () => resolve(), { once: true });
      if (deadline.aborted) resolve();
    });
    this.#discarding = true;
    this.discardMessages();
    this.readToEnd();
    if (this.#scanner.atBoundary) this.inner.write(new Uint8Array([0xe0, 0]));
    this.inner.end();
    await closed;
    this.destroy();
  }

  /** What the broker sends passes or is handed on, until the connection is given up. */
  protected override fromInner(chunk: Uint8Array): Uint8Array | undefined {
    if (this.#first) {
      this.#first = false;
      this.#onFirstBytes?.(chunk);
    }
    if (this.#discarding) return undefined;
    const reader = this.#reader;
    if (reader === undefined) return chunk;
    const passed = reader.feed(chunk);
    if (reader.stuck) this.pauseReading();
    return passed.length < 2 ? passed[0] : concatBytes(passed);
  }

  /** Swallows mqtt.js's own PUBACKs, and writes ours between two of its packets. */
  protected override toInner(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
    const out: Uint8Array[] = [];
    for (const chunk of chunks) {
      out.push(...this.#scanner.feed(chunk));
      // Only between two packets of mqtt.js is there a place for ours.
      if (this.#waiting.length > 0 && this.#scanner.atBoundary) {
        out.push(...this.#waiting);
        this.#waiting = [];
      }
    }
    return out;
  }

  #writeNow(bytes: Uint8Array): void {
    if (!this.inner.writableEnded) this.inner.write(bytes);
  }
}
