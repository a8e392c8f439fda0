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
  /** Calls `callback` once, after `delayMs` milliseconds, be it months. */
  setTimer(callback: () => void, delayMs: number): Timer;
  /** Cancels a timer; a timer that has fired already is ignored. */
  clearTimer(timer: Timer): void;
}

/** The longest delay of setTimeout(), in milliseconds (24.8 days): with a longer one it fires at once. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** `timers` that wait for any time, made of such that wait for {@linkcode MAX_TIMEOUT_MS} at most. */
export function longTimers(
  timers: Pick<Clock, "setTimer" | "clearTimer">,
): Pick<Clock, "setTimer" | "clearTimer"> {
  /** Of each timer that is longer, by the number that was given away, the one that runs now. */
  const running = new Map<Timer, Timer>();
  return {
    setTimer(callback, delayMs) {
      if (!(delayMs > MAX_TIMEOUT_MS)) return timers.setTimer(callback, delayMs);
      let left = delayMs;
      const next = (): Timer => {
        const stretch = Math.min(left, MAX_TIMEOUT_MS);
        left -= stretch;
        return timers.setTimer(() => {
          if (left > 0) {
            running.set(given, next());
            return;
          }
          running.delete(given);
          callback();
        }, stretch);
      };
      const given = next();
      running.set(given, given);
      return given;
    },
    clearTimer(timer) {
      timers.clearTimer(running.get(timer) ?? timer);
      running.delete(timer);
    },
  };
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  ...longTimers({
    setTimer: (callback, delayMs) => setTimeout(callback, delayMs) as unknown as number,
    clearTimer: (timer) => clearTimeout(timer),
  }),
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
