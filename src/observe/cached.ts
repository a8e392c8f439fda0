/** @module */
import type { Clock } from "../capture/clock.ts";

/**
 * An answer that is asked for once however many want it, and again when it is `maxAgeMs` old. A
 * failure is not remembered.
 */
export class Cached<T> {
  readonly #clock: Clock;
  readonly #maxAgeMs: number;
  readonly #load: () => Promise<T>;
  #answer: Promise<T> | undefined;
  #loadedAt = -Infinity;

  /** Loads nothing yet. */
  constructor(clock: Clock, maxAgeMs: number, load: () => Promise<T>) {
    this.#clock = clock;
    this.#maxAgeMs = maxAgeMs;
    this.#load = load;
  }

  /** The answer. Rejects as loading does. */
  get(): Promise<T> {
    const now = this.#clock.monotonic();
    if (this.#answer !== undefined && now - this.#loadedAt < this.#maxAgeMs) return this.#answer;
    const answer = this.#load();
    this.#answer = answer;
    this.#loadedAt = now;
    answer.catch(() => {
      if (this.#answer === answer) this.#answer = undefined;
    });
    return answer;
  }
}
