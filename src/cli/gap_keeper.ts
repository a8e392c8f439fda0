/**
 * Notices the stretches of time in which a source was not covered, so that silence and blindness
 * differ in the database.
 *
 * @module
 */
import type { CaptureGap } from "../capture/network.ts";

/** What a {@linkcode GapKeeper} is told and tells. */
export interface GapKeeperOptions {
  /** Name of the source that is watched. */
  readonly source: string;
  /** Unix milliseconds until which the source was heard in an earlier run; undefined: never. */
  readonly heardUntil?: number | undefined;
  /** Takes each gap. */
  readonly onGap: (gap: CaptureGap) => void;
}

/** Gaps that may wait for a message at QoS 0 to show that they are some. */
const MAX_PENDING = 1000;

/** Follows one source's connections. */
export class GapKeeper {
  readonly #options: GapKeeperOptions;
  #coveredUntil: number | undefined;
  /** What was found at the first connection of this run. */
  #start: { readonly heardUntil: number; readonly reason: CaptureGap["reason"] } | undefined;
  /** Gaps in which a broker with our session kept only what came at QoS 1. */
  #atQos0: { from: number; to: number }[] = [];

  /** Nothing is recorded before the first report. */
  constructor(options: GapKeeperOptions) {
    this.#options = options;
    this.#coveredUntil = options.heardUntil;
  }

  /** A connection is up, `at` Unix milliseconds. */
  connected(sessionPresent: boolean, at: number): void {
    const from = this.#coveredUntil;
    const reason = sessionPresent ? "qos0" : "session_lost";
    this.#coveredUntil = at;
    if (from !== undefined) this.#start ??= { heardUntil: from, reason };
    this.#missed(from, at, reason);
  }

  /**
   * The wall clock was set from `from` to `to` (Unix milliseconds).
   *
   * A machine without a clock of its own starts with some time of the past, often that at which it
   * was switched off, and hears the right one later. So a step forward that comes soon after the start
   * (`early`) is time in which it was off. A step back ends what was noted of a time still to come.
   */
  stepped(from: number, to: number, early: boolean): void {
    if (this.#coveredUntil !== undefined && this.#coveredUntil > to) this.#coveredUntil = to;
    // Before the first connection there is nothing to add to: its gap will have the right end.
    if (!early || this.#start === undefined) return;
    const { heardUntil, reason } = this.#start;
    this.#missed(Math.max(from, heardUntil), to, reason);
  }

  #missed(from: number | undefined, to: number, reason: CaptureGap["reason"]): void {
    // A clock that was set back makes no gap that could be told.
    if (from === undefined || to <= from) return;
    if (reason === "session_lost") return this.#gap(from, to, reason);
    this.#atQos0.push({ from, to });
    // Where all comes at QoS 1, nothing ever settles them.
    if (this.#atQos0.length > MAX_PENDING) this.#atQos0.shift();
  }

  /**
   * A message was delivered at QoS 0. So there are publishers whose messages a broker does not keep
   * for us, and what they sent while we were away is lost although the session was there.
   */
  deliveredAtQos0(): void {
    if (this.#atQos0.length === 0) return;
    const gaps = this.#atQos0;
    this.#atQos0 = [];
    for (const { from, to } of gaps) this.#gap(from, to, "qos0");
  }

  /** The connection has ended; it was alive until `at` (Unix milliseconds). */
  disconnected(at: number): void {
    this.#coveredUntil = at;
  }

  #gap(from: number, to: number, reason: CaptureGap["reason"]): void {
    this.#options.onGap({ source: this.#options.source, from, to, reason });
  }
}
