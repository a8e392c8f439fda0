/** Figures of somebody who may be busy for long. @module */
import type { Clock } from "../capture/clock.ts";

/**
 * Asks again and again in the background, so that a reader gets what was known last and waits for
 * nobody: a storage thread answers between two commits only.
 */
export class BackgroundFigures {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #ask: () => Promise<boolean>;
  #asking: Promise<void> | undefined;
  #askedAt = -Infinity;
  #known = false;

  /**
   * Asks nothing yet.
   *
   * @param everyMs age in milliseconds at which figures are asked for again
   * @param ask asks, and keeps what it is told where readers find it; false: it was told nothing
   */
  constructor(clock: Clock, everyMs: number, ask: () => Promise<boolean>) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#ask = ask;
  }

  /** Asks where it is time and nobody has answered yet. To be called now and then; never throws. */
  review(): void {
    if (this.#clock.monotonic() - this.#askedAt >= this.#everyMs) this.#begin();
  }

  /** For a reader, who waits only while nothing is known yet. Never rejects. */
  collect(): Promise<void> | undefined {
    this.review();
    return this.#known ? undefined : this.#begin();
  }

  #begin(): Promise<void> {
    return this.#asking ??= this.#work();
  }

  async #work(): Promise<void> {
    this.#askedAt = this.#clock.monotonic();
    try {
      if (await this.#ask()) this.#known = true;
    } catch {
      // Whoever is asked says on health what is wrong with it; the figures stay as they were.
    } finally {
      this.#asking = undefined;
    }
  }
}
