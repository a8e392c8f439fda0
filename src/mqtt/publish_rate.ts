/**
 * Slows a publisher down that sends more than it may. Nothing is thrown away: what is too early
 * waits, and while it waits its publisher is read no further.
 *
 * @module
 */
import type { Clock, Timer } from "../capture/clock.ts";

/** Seconds of the allowed rate that may come at once, such as after a reconnect. */
export const BURST_SECONDS = 10;

/** The rate of one publisher: a bucket that holds {@linkcode BURST_SECONDS} of it. */
export class PublishRate implements Disposable {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #waiting: { readonly at: number; readonly go: () => void }[] = [];
  /** Monotonic milliseconds at which the bucket would be full again. */
  #fullAt = -Infinity;
  #timer: Timer | undefined;

  /** `perSecond`: messages a second in the long run, above 0. */
  constructor(perSecond: number, clock: Clock) {
    this.#clock = clock;
    this.#intervalMs = 1000 / perSecond;
  }

  /** Calls `go` at once or when it is time, in the order of the calls; false: it has to wait. */
  pass(go: () => void): boolean {
    const now = this.#clock.monotonic();
    this.#fullAt = Math.max(this.#fullAt, now) + this.#intervalMs;
    const at = this.#fullAt - BURST_SECONDS * 1000;
    if (at <= now && this.#waiting.length === 0) {
      go();
      return true;
    }
    this.#waiting.push({ at, go });
    this.#arm();
    return false;
  }

  /** True when it remembers nothing: a new one would do the same. */
  get idle(): boolean {
    return this.#waiting.length === 0 && this.#fullAt <= this.#clock.monotonic();
  }

  /** Forgets what waits. */
  [Symbol.dispose](): void {
    this.#waiting.length = 0;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    const [first] = this.#waiting;
    if (first === undefined || this.#timer !== undefined) return;
    const waitMs = Math.max(0, first.at - this.#clock.monotonic());
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = undefined;
      const now = this.#clock.monotonic();
      while (this.#waiting.length > 0 && this.#waiting[0]!.at <= now) this.#waiting.shift()!.go();
      this.#arm();
    }, waitMs);
  }
}
