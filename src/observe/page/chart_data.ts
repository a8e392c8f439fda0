/** What the charts draw, as numbers. Pure, so that it is tested without a browser. @module */
import type { SampleColumns } from "../../storage/sample_history.ts";

/**
 * Beginnings of the stretches of the last `hours`, Unix seconds, rising. They are multiples of `step`,
 * as the service's are: seven days are not a multiple of theirs.
 *
 * @param now the service's time in Unix milliseconds.
 * @param step length of a stretch in seconds.
 */
export function stretches(now: number, hours: number, step: number): number[] {
  const end = now / 1000;
  const times: number[] = [];
  for (let at = Math.floor((end - hours * 3600) / step) * step; at <= end; at += step) {
    times.push(at);
  }
  return times;
}

/**
 * Messages a minute of each stretch, over the minutes of it that are known: the last stretch is under
 * way, and one in which the service did not run all the time is no quieter for it.
 */
export function perMinute({ received, minutes }: SampleColumns): number[] {
  return received.map((n, i) => n / minutes[i]!);
}
