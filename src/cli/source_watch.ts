/** Lets the watchdog look at the sources, and does what it finds to be done. @module */
import type { Clock } from "../capture/clock.ts";
import type { Log } from "../capture/log.ts";
import { Watchdog, WATCHDOG_INTERVAL_MS } from "../mqtt/watchdog.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { SourceRuntime } from "./source_runtime.ts";

/** What a {@linkcode SourceWatch} works with. */
export interface SourceWatchParts {
  /** Time. */
  readonly clock: Clock;
  /** Log of the watchdog. */
  readonly log: Log;
  /** Counts what is found. */
  readonly metrics: Metrics;
  /** The sources, as they are added. */
  readonly sources: readonly SourceRuntime[];
}

/** See the module. */
export class SourceWatch {
  readonly #parts: SourceWatchParts;
  readonly #watchdog = new Watchdog();
  #due: number | undefined;
  #lookedAt: number | undefined;

  /** Looks at nothing before its time. */
  constructor(parts: SourceWatchParts) {
    this.#parts = parts;
  }

  /** When it looked last, Unix milliseconds; undefined: not yet. */
  get lookedAt(): number | undefined {
    return this.#lookedAt;
  }

  /** What troubles a source; undefined: nothing that was found. */
  troubleOf(source: string): string | undefined {
    return this.#watchdog.troubleOf(source);
  }

  /** Looks where its time has come; to be called every second or so. */
  review(): void {
    const { clock, log, metrics, sources } = this.#parts;
    const now = clock.monotonic();
    this.#due ??= now + WATCHDOG_INTERVAL_MS;
    if (now < this.#due) return;
    this.#due = now + WATCHDOG_INTERVAL_MS;
    this.#lookedAt = clock.now();
    for (const finding of this.#watchdog.look(sources.map((one) => one.watched()), now)) {
      const { source, kind, level, message, fields, reconnect } = finding;
      log[level](message, fields);
      metrics.counter("watchdog_findings_total", { source, kind }).add();
      if (reconnect) sources.find((one) => one.name === source)?.forceReconnect();
    }
    for (const source of sources) {
      const trouble = this.troubleOf(source.name);
      source.note(trouble && `watchdog: ${trouble}`);
    }
  }
}
