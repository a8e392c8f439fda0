/**
 * The time that work by age may rely on. What is deleted is gone: a wall clock that stands in the
 * future for a while (a clock chip without its battery, a wrong time server, a slip of an operator)
 * must not make everything look old.
 *
 * @module
 */

/**
 * Unix seconds of the beginning of 2020. A row that says to be older was received before the machine
 * knew the time (many begin at 1970): its age is that of the rows that came with it.
 */
export const CLOCK_WAS_SET = 1_577_836_800;

/** Milliseconds by which the wall clock may be ahead of what is expected and still be believed. */
const TOLERANCE_MS = 10 * 60_000;

/** Milliseconds for which a clock that was set must run evenly before it is believed. */
const HOLD_MS = 6 * 3_600_000;

/**
 * Believes a wall clock as far as it goes on evenly from the time that was believed last. A clock
 * that is behind is followed at once: it deletes less. One that is ahead is followed when it has run
 * evenly for six hours; until then time goes on from what was believed before. So a machine that was
 * off for a month keeps old rows some hours longer, and a clock that comes back within six hours
 * cost nothing.
 */
export class TrustedTime {
  /** The latest time that may be, and the monotonic time that belongs to it. */
  #latest: { wall: number; at: number } | undefined;
  /** The wall clock less the monotonic one, and since when they have gone together. */
  #pace: { offset: number; since: number } | undefined;

  /**
   * `known`: the time believed last in an earlier run, Unix milliseconds; undefined: none, and the
   * first time told is believed.
   */
  constructor(private readonly known?: number) {}

  /** The time to go by at `wall` (Unix milliseconds) and `monotonic` (milliseconds). */
  at(wall: number, monotonic: number): number {
    this.#latest ??= { wall: this.known ?? wall, at: monotonic };
    const offset = wall - monotonic;
    if (this.#pace === undefined || Math.abs(offset - this.#pace.offset) > TOLERANCE_MS) {
      this.#pace = { offset, since: monotonic };
    }
    // Small steps and drift add up; what counts is the distance to a moment ago.
    this.#pace.offset = offset;
    const ceiling = this.#latest.wall + (monotonic - this.#latest.at);
    const held = monotonic - this.#pace.since >= HOLD_MS;
    if (held || (wall >= ceiling && wall <= ceiling + TOLERANCE_MS)) {
      this.#latest = { wall, at: monotonic };
      return wall;
    }
    return Math.min(wall, ceiling);
  }

  /** The latest time believed, Unix milliseconds, for the next run; undefined before the first. */
  get latest(): number | undefined {
    return this.#latest?.wall;
  }
}
