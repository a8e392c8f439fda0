/** @module */

const DAY_MS = 86_400_000;

/**
 * Unix milliseconds beyond which a row's time can be none: the row was written while the clock was
 * ahead, and its age is that of the rows that came with it.
 *
 * What is deleted by it must be ahead of the machine's own clock, too. A replay goes by the times of its
 * recording, to which everything that the database has of later is ahead.
 */
export function timeAhead(nowMs: number, machineMs: number = Date.now()): number {
  return Math.max(nowMs, machineMs) + DAY_MS;
}
