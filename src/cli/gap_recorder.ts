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

interface Waiting {
  readonly gap: CaptureGap;
  readonly pending: readonly Stretch[];
}

/** Records the gaps of one source. */
export class GapRecorder {
  readonly #store: Pick<Store<unknown>, "recordGap">;
  readonly #log: Log;
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;

  /** Records nothing before the first gap. */
  constructor(store: Pick<Store<unknown>, "recordGap">, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** Takes a gap, and what may yet prove to be one from then on. */
  add(gap: CaptureGap, pending: readonly Stretch[]): void {
    this.#waiting.push({ gap, pending });
    if (this.#waiting.length > MAX_WAITING) {
      const given = this.#waiting.shift()!;
      this.#log.error("a gap could not be recorded", { ...given.gap });
    }
    this.flush();
  }

  /** Tries to record what waits, oldest first. Never rejects. */
  flush(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return this.#working ??= this.#work().finally(() => this.#working = undefined);
  }

  async #work(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const first = this.#waiting[0]!;
        await this.#store.recordGap(first.gap, first.pending);
        // It may have been given up meanwhile.
        if (this.#waiting[0] === first) this.#waiting.shift();
      }
    } catch (error) {
      this.#log.debug("a gap cannot be recorded yet", { error });
    }
  }
}
