/**
 * How much of a background job is done at once. Commits wait behind a job's transaction, and how long
 * a row takes differs by a factor of a thousand between a disk whose pages are in memory and a cold
 * SD card: so the time that was needed decides, not a number of rows.
 *
 * @module
 */

/** Rows of the first transaction of a run: few, since nothing is known of the disk yet. */
const FIRST_ROWS = 8;

/** Rows of a transaction at least; below, the sync of each one would cost more than its rows. */
const LEAST_ROWS = 4;

/** A transaction that took fewer milliseconds may be larger next time. */
const SHORT_MS = 20;

/** A transaction that took more milliseconds must be smaller next time. */
const LONG_MS = 60;

/** One long transaction may be an accident, a checkpoint of the log: it divides by this at most. */
const MOST_SHRINK = 16;

/** Options of {@linkcode Slices}. */
export interface SlicesOptions {
  /** Rows of a transaction at most. Default 500. */
  readonly maxRows?: number;
  /** Monotonic time in milliseconds. Default: the machine's. */
  readonly now?: () => number;
}

/** Sizes of a job's transactions; each job has its own. */
export class Slices {
  readonly #maxRows: number;
  readonly #now: () => number;
  #rows: number;

  /** Begins with few rows. */
  constructor(options: SlicesOptions = {}) {
    this.#maxRows = options.maxRows ?? 500;
    this.#now = options.now ?? (() => performance.now());
    this.#rows = Math.min(FIRST_ROWS, this.#maxRows);
  }

  /** Rows that the next transaction may touch. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Calls `work`, a transaction of up to `rows` rows, as often as fits into `budgetMs`, but once in
   * any case. `work` says whether there is more to do; when there is not, the next run begins with
   * few rows again, for the pages may be cold then.
   */
  run(budgetMs: number, work: (rows: number) => boolean): "more" | "done" {
    const end = this.#now() + budgetMs;
    for (;;) {
      const began = this.#now();
      const more = work(this.#rows);
      const now = this.#now();
      const tookMs = now - began;
      if (!more) {
        this.#rows = Math.min(FIRST_ROWS, this.#maxRows);
        return "done";
      }
      this.#learn(tookMs);
      if (now + tookMs > end) return "more";
    }
  }

  #learn(tookMs: number): void {
    if (tookMs < SHORT_MS) this.#rows = Math.min(this.#maxRows, this.#rows * 2);
    else if (tookMs > LONG_MS) {
      const share = Math.max(1 / MOST_SHRINK, SHORT_MS / tookMs);
      this.#rows = Math.max(Math.min(LEAST_ROWS, this.#maxRows), Math.floor(this.#rows * share));
    }
  }
}
