/**
 * Gaps on their way to the database. A gap is often found when all is not well yet: what the database
 * does not take is kept and given to it again.
 *
 * @module
 */
import type { Log } from "../capture/log.ts";
import type { CaptureGap, Store, Stretch } from "../capture/network.ts";

/** Gaps that wait at most; beyond, the oldest are given up. */
const MAX_WAITING = 1000;

/** Records the gaps of one source. */
export class GapRecorder {
  readonly #store: Pick<Store<unknown>, "recordGaps">;
  readonly #log: Log;
  #waiting: CaptureGap[] = [];
  /** As it is after all that wait. */
  #pending: readonly Stretch[] = [];
  #working: Promise<void> | undefined;

  /** Records nothing before the first gap. */
  constructor(store: Pick<Store<unknown>, "recordGaps">, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** Takes gaps that were found together, and what may yet prove to be one from then on. */
  add(gaps: readonly CaptureGap[], pending: readonly Stretch[]): void {
    this.#waiting.push(...gaps);
    this.#pending = pending;
    const tooMany = Math.max(0, this.#waiting.length - MAX_WAITING);
    for (const gap of this.#waiting.splice(0, tooMany)) {
      this.#log.error("a gap could not be recorded", { ...gap });
    }
    this.flush();
  }

  /** Tries to record what waits, in one transaction. Never rejects. */
  flush(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return this.#working ??= this.#work().finally(() => this.#working = undefined);
  }

  async #work(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const written = new Set(this.#waiting);
        await this.#store.recordGaps([...written], this.#pending);
        // More may have come meanwhile, and some been given up.
        this.#waiting = this.#waiting.filter((gap) => !written.has(gap));
      }
    } catch (error) {
      this.#log.debug("a gap cannot be recorded yet", { error });
    }
  }
}
