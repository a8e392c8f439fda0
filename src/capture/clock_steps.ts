/**
 * Notices that the wall clock was set: by a time server, a person, or a machine that woke up.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/** Milliseconds by which the wall clock must be off to have been set; drift is slower. */
const STEP_MS = 10_000;

/** A step of the wall clock. */
export interface ClockStep {
  /** What it would show had it gone on, Unix milliseconds. */
  readonly from: number;
  /** What it shows, Unix milliseconds. */
  readonly to: number;
  /** Milliseconds since the first look. */
  readonly afterMs: number;
}

/** Compares a wall clock with the monotonic one, from look to look. */
export class ClockSteps {
  readonly #clock: Clock;
  readonly #first: number;
  #wall: number;
  #steady: number;

  /** Looks for the first time. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#first = this.#steady = clock.monotonic();
  }

  /** The step since the last look; undefined: none. */
  look(): ClockStep | undefined {
    const to = this.#clock.now();
    const steady = this.#clock.monotonic();
    const from = this.#wall + (steady - this.#steady);
    this.#wall = to;
    this.#steady = steady;
    return Math.abs(to - from) < STEP_MS ? undefined : { from, to, afterMs: steady - this.#first };
  }
}
