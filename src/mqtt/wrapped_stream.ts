/**
 * A stream around a stream, with backpressure both ways; base of the acknowledgement gate and of
 * the embedded broker's size limit.
 *
 * @module
 */
import { Duplex } from "node:stream";
import { aroundEventLoop } from "../capture/event_loop.ts";

/**
 * Bytes that are read before the event loop goes round, some two hundred messages. A socket whose sender
 * is fast has more at every look, and Deno 2.4 would read it to the end of a burst in one turn.
 */
const TURN_BYTES = 65_536;

/** Passes everything between its user and `inner`; subclasses say what else happens on the way. */
export abstract class WrappedStream extends Duplex {
  /** The stream below. */
  protected readonly inner: Duplex;
  #paused = false;
  #wanted = false;
  #listening = false;
  #pulling = false;
  /** Bytes read since the event loop went round for them. */
  #readInTurn = 0;
  #turning = false;

  /** Takes `inner` over: it ends with this one. */
  constructor(inner: Duplex) {
    // Halves end together: MQTT has no use for a connection that is open one way.
    super({ allowHalfOpen: false });
    this.inner = inner;
    let ended = false;
    inner.on("end", () => {
      ended = true;
      if (!this.destroyed) this.push(null);
    });
    inner.on("error", (error) => {
      // What it had brought before is no less true.
      this.#pull(Infinity);
      this.destroy(error);
    });
    inner.on("close", () => {
      if (!ended) this.#pull(Infinity);
      // What arrived before an orderly end is read first; this stream then closes by itself.
      if (!ended || this.readableLength === 0) this.destroy();
    });
  }

  /** What of an arriving piece is handed to our user; undefined for nothing. May destroy this stream. */
  protected abstract fromInner(chunk: Uint8Array): Uint8Array | undefined;

  /** What of the pieces that our user writes goes out. */
  protected abstract toInner(chunks: readonly Uint8Array[]): readonly Uint8Array[];

  /** Stops reading the inner stream, so that the sender is slowed down by TCP itself. */
  pauseReading(): void {
    this.#paused = true;
  }

  /** Reads on after {@linkcode pauseReading}. */
  resumeReading(): void {
    this.#paused = false;
    this.#pull();
  }

  /** Reads on to the end whether anybody wants it or not. */
  protected readToEnd(): void {
    this.#paused = false;
    this._read();
  }

  /** Reads from the inner stream, which is left alone until somebody wants to read. */
  override _read(): void {
    this.#wanted = true;
    if (this.#listening) return this.#pull();
    this.#listening = true;
    // Taken piece by piece, never paused and resumed: a socket of Deno 2.4 that is resumed before it
    // knows that it was paused reads twice at once, into one buffer.
    this.inner.on("readable", () => this.#pull());
  }

  #pull(turnBytes = TURN_BYTES): void {
    // Reading gives us control back in the midst of it.
    if (this.#pulling || !this.#listening) return;
    this.#pulling = true;
    try {
      while (this.#wanted && !this.#paused && !this.destroyed) {
        if (this.#readInTurn >= turnBytes) return this.#pullNextTurn();
        const chunk = this.inner.read() as Uint8Array | null;
        if (chunk === null) break;
        this.#readInTurn += chunk.length;
        const passed = this.fromInner(chunk);
        if (passed === undefined || this.destroyed) continue;
        // Whoever takes it may ask for more before push() returns.
        this.#wanted = false;
        if (this.push(passed)) this.#wanted = true;
      }
    } finally {
      this.#pulling = false;
    }
  }

  #pullNextTurn(): void {
    if (this.#turning) return;
    this.#turning = true;
    void aroundEventLoop().then(() => {
      this.#turning = false;
      this.#readInTurn = 0;
      this.#pull();
    });
  }

  /** As {@linkcode Duplex}; `done` waits for the stream below. */
  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    this.#send([chunk], done);
  }

  /** As {@linkcode Duplex}: several chunks in one write. */
  override _writev(
    chunks: { chunk: Uint8Array; encoding: string }[],
    done: (error?: Error) => void,
  ): void {
    this.#send(chunks.map(({ chunk }) => chunk), done);
  }

  /** Ends the stream below. */
  override _final(done: (error?: Error) => void): void {
    this.inner.end(() => done());
  }

  /** Destroys the stream below. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.inner.destroy();
    done(error);
  }

  #send(chunks: readonly Uint8Array[], done: (error?: Error) => void): void {
    const out = this.toInner(chunks);
    let room = true;
    if (out.length === 1) room = this.inner.write(out[0]!);
    else if (out.length > 1) {
      // One write for a packet that came in several: one system call, one TCP segment.
      room = this.inner.write(concatBytes(out));
    }
    if (room) return done();
    const goOn = () => {
      this.inner.off("drain", goOn);
      this.inner.off("close", goOn);
      done();
    };
    this.inner.on("drain", goOn);
    this.inner.on("close", goOn);
  }
}

/** The bytes of `chunks` in one array. */
export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
