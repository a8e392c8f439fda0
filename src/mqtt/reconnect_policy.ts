/**
 * How long to wait before the next attempt to connect: exponential backoff with full jitter, so
 * that many clients of one broker do not come back in step after it was away.
 *
 * @module
 */

/** Bounds of the waiting time. */
export interface ReconnectOptions {
  /** Upper bound of the first wait, milliseconds. Default 500. */
  readonly minMs?: number;
  /** Upper bound of every wait, milliseconds. Default 30,000. */
  readonly maxMs?: number;
  /** Failed attempts in a row after which the source gives up. Default: never. */
  readonly maxAttempts?: number;
}

/** What the next wait depends on. */
export interface ReconnectSituation {
  /** Failures since the last connection that lasted, from 1. */
  readonly failures: number;
  /**
   * True when trying soon cannot help (wrong password, a rival with our client id): the wait is
   * then between half of `maxMs` and `maxMs` from the start.
   */
  readonly slow: boolean;
  /** A random number, 0 ≤ random < 1. */
  readonly random: number;
}

/** Upper bound of the first wait when none is given, milliseconds. */
export const DEFAULT_MIN_MS = 500;
/** Upper bound of every wait when none is given, milliseconds. */
export const DEFAULT_MAX_MS = 30_000;

/** Milliseconds to wait before the next attempt, 0 ≤ wait ≤ `maxMs`. */
export function nextDelay(options: ReconnectOptions, situation: ReconnectSituation): number {
  const { minMs = DEFAULT_MIN_MS, maxMs = DEFAULT_MAX_MS } = options;
  const { failures, slow, random } = situation;
  if (slow) return maxMs / 2 + random * (maxMs / 2);
  // 2 ** 40 is far beyond any bound; more would only invite Infinity.
  const ceiling = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 40));
  return random * ceiling;
}
