/** @module */

/** Slices of background work between two checkpoints: at first, at least and at most. */
const SLICES = { first: 8, least: 2, most: 64 } as const;

/** A checkpoint that took longer comes sooner next time, so that it has less to copy. */
const LONG_MS = 100;

/** A checkpoint that took less may have more to copy next time. */
const SHORT_MS = 25;

/**
 * When the log is copied into the database while background jobs write a lot. Left to SQLite, a commit
 * would find it full and copy all of it, which takes a second or, on a card, many.
 */
export class CheckpointPace {
  #every: number = SLICES.first;
  #slices = 0;

  /** A slice of work was done; true: a checkpoint is due. */
  slice(): boolean {
    return ++this.#slices >= this.#every;
  }

  /** There is no work left: what commits alone write is left to SQLite. */
  idle(): void {
    this.#slices = 0;
  }

  /** A checkpoint was made, and took `tookMs` milliseconds. */
  made(tookMs: number): void {
    this.#slices = 0;
    if (tookMs > LONG_MS) this.#every = Math.max(SLICES.least, Math.floor(this.#every / 2));
    else if (tookMs < SHORT_MS) this.#every = Math.min(SLICES.most, this.#every * 2);
  }
}
