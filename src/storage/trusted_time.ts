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

/** Milliseconds that a machine may have been off between two runs whose hours count together. */
const OFF_MS = 35 * 86_400_000;

/** How far a wall clock that is ahead has come towards being believed. */
export interface ClockClaim {
  /** What it said last, Unix milliseconds. */
  readonly wall: number;
  /** Milliseconds for which it has run evenly. */
  readonly evenMs: number;
}

/**
 * Believes a wall clock as far as it goes on evenly from the time that was believed last. A clock
 * that is behind is followed at once: it deletes less. One that is ahead is followed when it has run
 * evenly for six hours; until then time goes on from what was believed before. So a machine that was
 * off for a month keeps old rows some hours longer, and a clock that comes back within six hours
 * cost nothing. On a machine that never runs for so long, the hours of its runs count together, as long as
 * the clock goes on from run to run.
 */
export class TrustedTime {
  /** The latest time that may be, and the monotonic time that belongs to it. */
  #latest: { wall: number; at: number } | undefined;
  /** The wall clock less the monotonic one, and since when they have gone together. */
  #pace: { offset: number; since: number } | undefined;
  #claim: ClockClaim | undefined;
  /** The claim of the run before, until a clock takes it up. */
  #inherited: ClockClaim | undefined;

  /**
   * `known`: the time believed last in an earlier run, Unix milliseconds; undefined: none, and the
   * first time told is believed. `claim`: what {@linkcode claim} was at the end of it.
   */
  constructor(private readonly known?: number, claim?: ClockClaim) {
    this.#claim = this.#inherited = claim;
  }

  /** The time to go by at `wall` (Unix milliseconds) and `monotonic` (milliseconds). */
  at(wall: number, monotonic: number): number {
    this.#latest ??= { wall: this.known ?? wall, at: monotonic };
    const offset = wall - monotonic;
    if (this.#pace === undefined || Math.abs(offset - this.#pace.offset) > TOLERANCE_MS) {
      this.#pace = { offset, since: monotonic - this.#takeUp(wall) };
    }
    // Small steps and drift add up; what counts is the distance to a moment ago.
    this.#pace.offset = offset;
    const ceiling = this.#latest.wall + (monotonic - this.#latest.at);
    const held = monotonic - this.#pace.since >= HOLD_MS;
    if (held || (wall >= ceiling && wall <= ceiling + TOLERANCE_MS)) {
      this.#latest = { wall, at: monotonic };
      this.#claim = undefined;
      return wall;
    }
    if (wall > ceiling) this.#claim = { wall, evenMs: monotonic - this.#pace.since };
    return Math.min(wall, ceiling);
  }

  /** Milliseconds that the run before is good for, once; one that is behind may yet be set. */
  #takeUp(wall: number): number {
    const claim = this.#inherited;
    if (claim === undefined || wall < claim.wall - TOLERANCE_MS) return 0;
    this.#inherited = undefined;
    return wall <= claim.wall + OFF_MS ? claim.evenMs : 0;
  }

  /** What a clock that is ahead has to show for itself, for the next run; undefined: nothing. */
  get claim(): ClockClaim | undefined {
    return this.#claim;
  }

  /** The latest time believed, Unix milliseconds, for the next run; undefined before the first. */
  get latest(): number | undefined {
    return this.#latest?.wall;
  }
}
