/** Sizes and integrity of the databases, for metrics, HTTP and the page. @module */
import { dirname } from "node:path";
import type { Clock } from "../capture/clock.ts";
import type { Log } from "../capture/log.ts";
import type { NetworkName } from "../capture/message.ts";
import type { StoreStats } from "../capture/network.ts";
import { BackgroundFigures } from "../observe/background_figures.ts";
import { diskFreeBytes } from "../observe/disk_space.ts";
import type { IntegrityReport } from "../observe/integrity.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { MetricsObserver } from "../observe/metrics_observer.ts";
import { IntegrityWatch } from "./integrity_watch.ts";
import type { NetworkRuntime } from "./network_runtime.ts";

/** What a {@linkcode DatabaseWatch} works with. */
export interface DatabaseWatchParts {
  /** Time. */
  readonly clock: Clock;
  /** Gives the log of a network. */
  readonly log: (network: string) => Log;
  /** Keeps gauges. */
  readonly metrics: Metrics;
  /** Hours between two integrity checks; 0: never. */
  readonly integrityHours: number;
}

/** Age in milliseconds at which databases' sizes and disks' free room are asked for again. */
const SIZES_MS = 5_000;

const UNKNOWN: IntegrityReport = { status: "unknown", findings: [] };

/** See the module. */
export class DatabaseWatch {
  readonly #parts: DatabaseWatchParts;
  readonly #sizes = new Map<string, BackgroundFigures>();
  readonly #disks: BackgroundFigures[] = [];
  readonly #stats = new Map<string, StoreStats>();
  readonly #integrity = new Map<string, IntegrityWatch | undefined>();

  /** Watches nothing yet. */
  constructor(parts: DatabaseWatchParts) {
    this.#parts = parts;
  }

  /** Takes a network's database in, open or not yet; its sizes go to `observer`. */
  add(network: NetworkName, runtime: NetworkRuntime, observer: MetricsObserver): void {
    const { clock, metrics } = this.#parts;
    this.#integrity.set(network, undefined);
    // The storage thread answers between two commits: a scrape in a burst would wait for it.
    const sizes = new BackgroundFigures(clock, SIZES_MS, async () => {
      const stats = await runtime.stats();
      if (stats === undefined) return false;
      this.#stats.set(network, stats);
      observer.storeStats(network, stats);
      return true;
    });
    this.#sizes.set(network, sizes);
    metrics.addCollector(() => sizes.collect());
    const disk = new BackgroundFigures(clock, SIZES_MS, async () => {
      const free = await diskFreeBytes(dirname(runtime.path));
      if (free !== undefined) metrics.gauge("database_disk_free_bytes", { network }).record(free);
      // Where the system does not tell, asking at every scrape would not help.
      return true;
    });
    this.#disks.push(disk);
    metrics.addCollector(() => disk.collect());
  }

  /**
   * A database is open: it is asked for its sizes, and its integrity is checked now and then, until
   * `signal` ends that.
   */
  opened(network: string, { path, store }: NetworkRuntime, signal: AbortSignal): void {
    const { clock, log, metrics, integrityHours } = this.#parts;
    const watch = new IntegrityWatch({
      path,
      everyMs: integrityHours * 3_600_000,
      store,
      clock,
      log: log(network),
      onResult: (intact, checkedAtMs) => {
        metrics.gauge("database_intact", { network }).record(intact ? 1 : 0);
        metrics.gauge("database_checked_time_seconds", { network }).record(checkedAtMs / 1000);
      },
    });
    this.#integrity.set(network, watch);
    watch.run(signal);
    void this.#sizes.get(network)?.collect();
  }

  /** What a database answered last; undefined before it ever did. Waits for nobody. */
  stats(network: string): StoreStats | undefined {
    return this.#stats.get(network);
  }

  /** What the last integrity checks said, by network. */
  reports(): Record<string, IntegrityReport> {
    return Object.fromEntries(
      [...this.#integrity].map(([network, watch]) => [network, watch?.report() ?? UNKNOWN]),
    );
  }

  /** Asks for sizes and free room where it is time; to be called every second or so. */
  review(): void {
    for (const figures of [...this.#sizes.values(), ...this.#disks]) figures.review();
  }
}
