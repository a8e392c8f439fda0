/** A clock whose hands a test turns. @module */
import type { Clock, Timer } from "../../src/capture/clock.ts";

/** A {@linkcode Clock} that stands still until {@linkcode ManualClock.advance} is called. */
export class ManualClock implements Clock {
  #now: number;
  #elapsed = 0;
  #next = 1;
  readonly #timers = new Map<Timer, { at: number; callback: () => void }>();

  constructor(now = 1_760_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const timer = this.#next++;
    this.#timers.set(timer, { at: this.#elapsed + delayMs, callback });
    return timer;
  }

  clearTimer(timer: Timer): void {
    this.#timers.delete(timer);
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.#timers.size;
  }

  /** Lets the wall clock jump without time passing. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Lets `ms` milliseconds pass, firing timers in order; promises settle between them. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms;
    for (;;) {
      await settle();
      let first: [Timer, { at: number; callback: () => void }] | undefined;
      for (const entry of this.#timers) {
        if (entry[1].at <= until && (first === undefined || entry[1].at < first[1].at)) {
          first = entry;
        }
      }
      if (first === undefined) break;
      this.#timers.delete(first[0]);
      const step = Math.max(0, first[1].at - this.#elapsed);
      this.#elapsed += step;
      this.#now += step;
      first[1].callback();
    }
    this.#now += until - this.#elapsed;
    this.#elapsed = until;
    await settle();
  }
}

/** Lets pending promise callbacks run. */
export async function settle(rounds = 20): Promise<void> {
  for (let i = 0; i < rounds; i++) await Promise.resolve();
}
