/**
 * One network at work: its store, its queue and its pipeline, and what health says of them.
 *
 * @module
 */
import { dirname } from "node:path";
import { type Clock, delay } from "../capture/clock.ts";
import type { Log } from "../capture/log.ts";
import { StorageError, type StoreStats } from "../capture/network.ts";
import type { PipelineObserver } from "../capture/observer.ts";
import { type CommitWatcher, Pipeline } from "../capture/pipeline.ts";
import { CaptureQueue } from "../capture/queue.ts";
import { receiptClock } from "../capture/receipt_clock.ts";
import type { CoreConfig } from "../config/schema.ts";
import type { DecoderContext, NetworkDescriptor } from "../network_descriptor.ts";
import type { HealthComponent } from "../observe/health.ts";
import { diskFreeBytes } from "../observe/disk_space.ts";
import { RateLimitedLog } from "../observe/rate_limited_log.ts";
import type { StorageSettings } from "../storage/open_database.ts";
import { CarryingStore } from "../storage/sample_carrier.ts";
import { isAbsent } from "./existing_file.ts";
import { noRoomOr } from "./no_room.ts";
import { StoreNote } from "./store_note.ts";

/** What a {@linkcode NetworkRuntime} works with. */
export interface NetworkRuntimeParts {
  /** The network as the registry has it. */
  readonly descriptor: NetworkDescriptor;
  /** The network's section of the configuration. */
  readonly section: unknown;
  /** The sources, bounds of the queue, batches and the settings of SQLite. */
  readonly config: Pick<CoreConfig, "queue" | "storage" | "sources">;
  /** Reads a file that the section names. */
  readonly readFile: (path: string) => string;
  /** False for a shadow's database: see `OpenStoreOptions`. Default false. */
  readonly isLive?: boolean;
  /** Path of the database, where a shadow's suffix is part of it. */
  readonly path: string;
  /** Times batches, retries and receipts. */
  readonly clock: Clock;
  /** Log of the network's name. */
  readonly log: Log;
  /** Told of all that happens to messages. */
  readonly observer: PipelineObserver;
  /** Where trouble of the database is reported. */
  readonly storeHealth: HealthComponent;
  /** Where a queue that stands still is reported. */
  readonly queueHealth: HealthComponent;
  /** Sees the records that are on the disk. */
  readonly watcher?: CommitWatcher<unknown>;
  /** Bytes that may still be written to the file system of a folder; undefined: not known. Default: asks. */
  readonly diskFreeBytes?: (folder: string) => Promise<number | undefined>;
  /** Hears the names of the sources whose messages were just stored or dropped by rule. */
  readonly onSettled?: (sources: readonly string[]) => void;
}

/** Milliseconds beyond the commit interval after which a message that waits is a stalled queue. */
const STALLED_MS = 10_000;

/** Minutes without a commit after which those for the charts are written alone. */
const QUIET_SAMPLES = 10;

/** Milliseconds between two tries to open a database that may become available. */
const OPEN_RETRY_MS = 2_000;

/** Milliseconds between two tries to open a database that only a person can mend. */
const REFUSED_RETRY_MS = 15_000;

/** Milliseconds between two lines of the log that say for the same reason that it cannot be opened. */
const OPEN_LOG_MS = 3_600_000;

/** The settings of SQLite that the configuration holds. */
export function storageSettings(storage: CoreConfig["storage"]): StorageSettings {
  return {
    synchronous: storage.synchronous,
    busyTimeoutMs: storage.busy_timeout_ms,
    commitBusyTimeoutMs: Math.min(storage.busy_timeout_ms, 2_000),
    walAutocheckpointPages: storage.wal_autocheckpoint_pages,
    journalSizeLimitBytes: storage.journal_size_limit_bytes,
    cacheKib: storage.cache_kib,
  };
}

/** The sources of a network, with the settings that are its own. */
export function sourcesOf(
  network: string,
  sources: CoreConfig["sources"],
): DecoderContext["sources"] {
  return sources.filter((one) => one.network === network).map((one) => ({ ...one }));
}

/** Store, queue and pipeline of one network. */
export class NetworkRuntime {
  /** What was received and is not decoded yet. */
  readonly queue: CaptureQueue;
  /** The database; opened anew after its thread died. */
  readonly store: CarryingStore<unknown>;
  /** Takes from the queue, decodes and commits. */
  readonly pipeline: Pipeline<unknown>;
  /** Path of the database. */
  readonly path: string;
  /** Stamps receipts, each with a time of its own. */
  readonly receipts: Clock;
  readonly #parts: NetworkRuntimeParts;
  #open = false;
  /** Why the database could not be opened anew after its thread died; messages would show it, too. */
  #tickTrouble: StorageError | undefined;

  /** Opens nothing before `start()`. */
  constructor(parts: NetworkRuntimeParts) {
    const { descriptor, section, config, clock, log, observer } = parts;
    this.#parts = parts;
    this.path = parts.path;
    this.receipts = receiptClock(clock);
    this.queue = new CaptureQueue({
      maxMessages: config.queue.max_messages,
      maxBytes: config.queue.max_bytes,
    }, clock);
    const freeBytes = parts.diskFreeBytes ?? diskFreeBytes;
    const note = new StoreNote(parts.storeHealth);
    this.store = new CarryingStore((onThreadFailure) =>
      descriptor.openStore(section, {
        path: parts.path,
        settings: storageSettings(config.storage),
        maintenanceIntervalMinutes: config.storage.maintenance_interval_minutes,
        nowMs: clock.now(),
        log,
        isLive: parts.isLive ?? false,
        onJobFailure: (job, error) => {
          observer.jobFailed(descriptor.name, job, error);
          note.jobFailed(job, error);
        },
        onJobDone: (job) => note.jobDone(job),
        onLongStep: (step) => note.longStep(step),
        onThreadFailure: (error) => {
          note.clear();
          log.error(
            error.reason === "replaced"
              ? "the database is not the file that was opened; it is opened anew"
              : "the storage thread died; it is started anew",
            { error },
          );
          onThreadFailure(error);
        },
      }).catch(async (error) => {
        throw await noRoomOr(error, () => freeBytes(dirname(parts.path)));
      })
    );
    this.pipeline = new Pipeline({
      network: descriptor.createDecoder(section, {
        sources: sourcesOf(descriptor.name, config.sources),
        readFile: parts.readFile,
        log,
      }),
      store: this.store,
      queue: this.queue,
      clock,
      log,
      observer,
      ...(parts.watcher === undefined ? {} : { watcher: parts.watcher }),
      ...(parts.onSettled === undefined ? {} : { onSettled: parts.onSettled }),
    }, {
      batchMax: config.storage.batch_max,
      commitIntervalMs: config.storage.commit_interval_ms,
    });
  }

  /**
   * Opens the database and begins to work. A database that is locked, or a disk that is full, is
   * tried again until `signal` ends it; so is one that is refused for what it is, but more slowly,
   * if `goesOn` says that the service has something to do without it.
   *
   * @throws {StorageError} when the database is refused and the service ends of it.
   */
  async start(
    signal: AbortSignal,
    goesOn: () => boolean = () => false,
  ): Promise<void> {
    const { clock, log, storeHealth } = this.#parts;
    const folder = dirname(this.path);
    // It is as it should be at a first start, and else a disk that was not mounted.
    if (isAbsent(folder)) {
      log.info("the folder of the database is not there; it is made", { folder });
    }
    using limited = new RateLimitedLog(log, { clock, intervalMs: OPEN_LOG_MS });
    for (;;) {
      try {
        await this.store.ready();
        break;
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        if (!error.retryable && !goesOn()) throw error;
        storeHealth.trouble(error.reason, error.message);
        const fields = { reason: error.reason, error: error.message };
        const why = `${error.reason} ${error.message}`;
        if (error.retryable) {
          limited.warn(why, "the database cannot be opened yet; trying again", fields);
        } else {
          limited.error(
            why,
            "the database is refused; the other network goes on without it",
            fields,
          );
        }
        await delay(clock, error.retryable ? OPEN_RETRY_MS : REFUSED_RETRY_MS, signal);
      }
    }
    storeHealth.ok();
    this.#open = true;
    this.pipeline.start();
  }

  /** Begins the jobs that are due, and reports to health and metrics; to be called every second or so. */
  review(): void {
    const { descriptor, config, storeHealth, queueHealth, observer } = this.#parts;
    // Until the database is open, it is `start` that knows how it is.
    if (!this.#open) return;
    this.#tick();
    if (this.store.samples.waiting.length >= QUIET_SAMPLES) {
      this.writeSamples().catch((error) =>
        this.#parts.log.debug("minutes for the charts could not be written yet", { error })
      );
    }
    const trouble = this.pipeline.trouble ??
      (this.#tickTrouble &&
        { reason: this.#tickTrouble.reason, detail: this.#tickTrouble.message });
    if (trouble === undefined) storeHealth.ok();
    else storeHealth.trouble(trouble.reason, trouble.detail);

    observer.queue(descriptor.name, this.queue.size, this.queue.bytes);
    const { waitedMs } = this.pipeline;
    if (waitedMs < STALLED_MS + config.storage.commit_interval_ms) queueHealth.ok();
    else {
      const seconds = Math.floor(waitedMs / 1000);
      queueHealth.trouble(
        "stalled",
        `${this.queue.size} messages wait, and the oldest work is not done for ${seconds} s`,
      );
    }
  }

  /** A store whose thread has died is opened anew by this, though no message comes. */
  #tick(): void {
    const { clock } = this.#parts;
    this.store.tick(clock.now(), clock.monotonic()).then(
      () => this.#tickTrouble = undefined,
      (error) => this.#tickTrouble = error instanceof StorageError ? error : undefined,
    );
  }

  /** Writes the minutes for the charts that wait; nothing while the database is not open. */
  async writeSamples(): Promise<void> {
    if (this.#open) await this.store.writeSamples();
  }

  /** Sizes of the database, for metrics; undefined while it is not open. */
  async stats(): Promise<StoreStats | undefined> {
    return this.#open ? await this.store.stats() : undefined;
  }
}
