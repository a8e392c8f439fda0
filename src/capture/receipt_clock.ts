/**
 * Times of receipt that are never equal.
 *
 * Readers take the newest row of a node by its timestamp (Malla's map does), so two rows of one
 * millisecond would both be the newest.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/** Step between two receipts of one millisecond, in milliseconds. */
const STEP_MS = 0.001;

/**
 * `clock` with a `now()` that gives each millisecond's second, third, … caller one, two, …
 * microseconds more. It follows the wall clock wherever that jumps.
 */
export function receiptClock(clock: Clock): Clock {
  let millisecond = NaN;
  let given = 0;
  return {
    monotonic: () => clock.monotonic(),
    setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs),
    clearTimer: (timer) => clock.clearTimer(timer),
    now() {
      const now = Math.floor(clock.now());
      given = now === millisecond ? given + 1 : 0;
      millisecond = now;
      return now + Math.min(given, 999) * STEP_MS;
    },
  };
}
