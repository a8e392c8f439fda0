/**
 * Time as a component sees it. Everything that waits or stamps takes a {@linkcode Clock}, so that a
 * test turns the hands itself and never sleeps.
 *
 * @module
 */

/** A running timer, to be handed back to {@linkcode Clock.clearTimer}. */
export type Timer = number;

/** Source of the current time and of timers. */
export interface Clock {
  /** Wall clock in Unix milliseconds. It may jump; measure durations with {@linkcode monotonic}. */
  now(): number;
  /** Milliseconds since an arbitrary start; never runs backwards. */
  monotonic(): number;
  /** Calls `callback` once, after `delayMs` milliseconds. */
  setTimer(callback: () => void, delayMs: number): Timer;
  /** Cancels a timer; a timer that has fired already is ignored. */
  clearTimer(timer: Timer): void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer: (callback, delayMs) => setTimeout(callback, delayMs) as unknown as number,
  clearTimer: (timer) => clearTimeout(timer),
};

/**
 * Resolves after `delayMs` milliseconds of `clock`.
 *
 * @throws the signal's reason when `signal` is aborted before.
 */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clock.clearTimer(timer);
      reject(signal!.reason);
    };
    const timer = clock.setTimer(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
