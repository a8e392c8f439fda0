/**
 * Log lines for what may happen ten thousand times a second: one line per reason and interval, with
 * a count of those that were not written.
 *
 * @module
 */
import type { Clock, Timer } from "../capture/clock.ts";
import type { Log, LogFields } from "../capture/log.ts";

/** Options of {@linkcode RateLimitedLog}. */
export interface RateLimitOptions {
  /** Counts the intervals. */
  readonly clock: Clock;
  /** Milliseconds between two lines of one reason. @default 60000 */
  readonly intervalMs?: number;
}

/** Options of one line. */
export interface LineOptions {
  /** Milliseconds between two lines of this reason. Default: that of the log. */
  readonly intervalMs?: number;
  /** Names of fields that are numbers to be added up over the lines that are not written. Default: none. */
  readonly summed?: readonly string[];
}

type Level = "info" | "warn" | "error";

interface Window {
  suppressed: number;
  level: Level;
  message: string;
  fields: LogFields;
  readonly intervalMs: number;
  timer: Timer;
}

/** Reasons come from closed sets; should one not, it shares the line of the others. */
const MAX_REASONS = 500;

/**
 * Writes the first line of a reason at once. Those that follow within the interval are counted, and
 * when it ends, the latest of them is written with `suppressed`, the number of lines it stands for
 * beyond itself. Disposing writes what is counted.
 */
export class RateLimitedLog implements Disposable {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #windows = new Map<string, Window>();
  #disposed = false;

  /** Writes to `log`. */
  constructor(log: Log, options: RateLimitOptions) {
    this.#log = log;
    this.#clock = options.clock;
    this.#intervalMs = options.intervalMs ?? 60_000;
  }

  /** A line at level info; see {@linkcode RateLimitedLog.warn}. */
  info(reason: string, message: string, fields: LogFields = {}, options?: LineOptions): void {
    this.#line("info", reason, message, fields, options);
  }

  /** A line at level warn. Lines are counted by `reason`, which is of a closed set. */
  warn(reason: string, message: string, fields: LogFields = {}, options?: LineOptions): void {
    this.#line("warn", reason, message, fields, options);
  }

  /** A line at level error; see {@linkcode RateLimitedLog.warn}. */
  error(reason: string, message: string, fields: LogFields = {}, options?: LineOptions): void {
    this.#line("error", reason, message, fields, options);
  }

  #line(
    level: Level,
    reason: string,
    message: string,
    fields: LogFields,
    options: LineOptions = {},
  ): void {
    let key = reason;
    let window = this.#windows.get(key);
    if (window === undefined && this.#windows.size >= MAX_REASONS) {
      key = "other";
      window = this.#windows.get(key);
    }
    if (window !== undefined) {
      window.fields = window.suppressed === 0
        ? fields
        : { ...fields, ...sums(window.fields, fields, options.summed ?? []) };
      window.suppressed++;
      window.level = level;
      window.message = message;
      return;
    }
    this.#log[level](message, fields);
    if (this.#disposed) return;
    const intervalMs = options.intervalMs ?? this.#intervalMs;
    const timer = this.#arm(key, intervalMs);
    this.#windows.set(key, { suppressed: 0, level, message, fields, intervalMs, timer });
  }

  #arm(key: string, intervalMs: number): Timer {
    return this.#clock.setTimer(() => this.#ended(key), intervalMs);
  }

  #ended(key: string): void {
    const window = this.#windows.get(key);
    if (window === undefined) return;
    if (window.suppressed === 0) {
      this.#windows.delete(key);
      return;
    }
    this.#flush(window);
    window.timer = this.#arm(key, window.intervalMs);
  }

  #flush(window: Window): void {
    if (window.suppressed === 0) return;
    const suppressed = window.suppressed - 1;
    window.suppressed = 0;
    this.#log[window.level](
      window.message,
      suppressed > 0 ? { ...window.fields, suppressed } : window.fields,
    );
  }

  /** Writes what is counted; what comes later is written unlimited. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const window of this.#windows.values()) {
      this.#clock.clearTimer(window.timer);
      this.#flush(window);
    }
    this.#windows.clear();
  }
}

function sums(before: LogFields, now: LogFields, names: readonly string[]): LogFields {
  return Object.fromEntries(names.map((name) => [name, Number(before[name]) + Number(now[name])]));
}
