/** Whether what a soak has seen is as it should be. @module */
import { percentile, round, slope } from "./percentile.ts";
import type { SoakCheck } from "./results.ts";

/** What is seen of a service at one moment. */
export interface Sample {
  /** Seconds since the beginning. */
  readonly seconds: number;
  /** Resident memory. */
  readonly rssMib: number;
  /** JavaScript heap in use by the main thread, as the service says; it tells where memory went. */
  readonly heapMib: number;
  /** Open file descriptors. */
  readonly openFiles: number;
  /** Size of the larger write-ahead log. */
  readonly walMib: number;
  /** Messages that the broker has taken and no reader sees yet. */
  readonly behind: number;
}

/** What is known at the end. */
export interface SoakEnd {
  /** Messages that the broker has taken. */
  readonly published: number;
  /** Rows for them. */
  readonly stored: number;
}

/** Memory may differ by so much between the second quarter of a soak and the last. */
const RSS_MIB = 20;
/**
 * As of memory, in file descriptors: a scrape or a reconnection may have one open; and of the integrity
 * check, which comes after ten minutes, SQLite keeps some for the next time, as long as another
 * connection of the process has the file open (closing them would drop that one's locks).
 */
const OPEN_FILES = 8;
/**
 * Twice what the log is cut to, `journal_size_limit_bytes`, and as much again for what comes while the
 * integrity check reads the file: until its end the log cannot begin anew.
 */
const WAL_MIB = 256;

/**
 * Looks at a soak. Its first quarter is for warming up; the second is compared with the last. A
 * garbage collector's memory goes up and down by tens of megabytes, in minutes: a leak raises both the
 * median and the lowest value, so the one that has grown less counts.
 */
export function soakVerdict(samples: readonly Sample[], end: SoakEnd): SoakCheck[] {
  const quarter = (n: number) =>
    samples.slice(Math.floor(samples.length * n / 4), Math.floor(samples.length * (n + 1) / 4));
  const growth = (of: (sample: Sample) => number, share: number) =>
    percentile(quarter(3).map(of), share) - percentile(quarter(1).map(of), share);
  const rss = (sample: Sample) => sample.rssMib;
  const checks: [what: string, value: number, atMost: number][] = [
    ["messages lost", Math.max(0, end.published - end.stored), 0],
    ["messages stored twice", Math.max(0, end.stored - end.published), 0],
    ["growth of resident memory, MiB", Math.min(growth(rss, 0.5), growth(rss, 0)), RSS_MIB],
    ["growth of open files", growth((one) => one.openFiles, 0.5), OPEN_FILES],
    ["largest log, MiB", Math.max(...samples.map((one) => one.walMib)), WAL_MIB],
  ];
  return checks.map(([what, value, atMost]) => ({
    what,
    value: round(value, 1),
    atMost,
    // Not `value > atMost`: what could not be computed has not passed.
    passed: value <= atMost,
  }));
}

/** MiB an hour that memory grows by, after the first quarter; for whoever reads the series. */
export function rssSlope(samples: readonly Sample[]): number {
  const settled = samples.slice(Math.floor(samples.length / 4));
  return round(slope(settled.map((one) => [one.seconds / 3600, one.rssMib])), 1);
}
