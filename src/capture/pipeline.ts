/**
 * The pipeline of one network: queue → decode → commit → acknowledge.
 *
 * One batch is committed at a time; the next is received and decoded meanwhile. Nothing is
 * acknowledged before its transaction is on disk, and a batch that the database does not take is
 * kept and tried again.
 *
 * @module
 */
import {
  acknowledge,
  type Batch,
  decodeBatch,
  quarantineRefused,
  type WatchedRecord,
} from "./batch.ts";
import { type Clock, delay } from "./clock.ts";
import type { Log } from "./log.ts";
import {
  type BatchStore,
  type CommitSummary,
  type Network,
  type RecordBatch,
  recordsLeftOut,
  StorageError,
  type StorageReason,
} from "./network.ts";
import type { PipelineObserver } from "./observer.ts";
import type { CaptureQueue } from "./queue.ts";

/** When a batch is handed to the writer. */
export interface PipelineOptions {
  /** Messages a batch holds at most. */
  readonly batchMax: number;
  /** Age in milliseconds at which the oldest message must be committed; 0: as soon as the writer is free. */
  readonly commitIntervalMs: number;
  /** Milliseconds before a failed commit is tried again: first, and at most. */
  readonly retryMs?: { readonly min: number; readonly max: number };
}

/** What a {@linkcode Pipeline} works with. */
export interface PipelineParts<R, B extends RecordBatch<R> = RecordBatch<R>> {
  /** Decodes. */
  readonly network: Network<R>;
  /** Makes batches and commits them. */
  readonly store: BatchStore<R, B>;
  /** Where messages come from. */
  readonly queue: CaptureQueue;
  /** Times batches and pauses between tries. */
  readonly clock: Clock;
  /** Told of trouble and its end. */
  readonly log: Log;
  /** Counts what happens, for metrics. */
  readonly observer: PipelineObserver;
  /** Sees the records that are on the disk. */
  readonly watcher?: CommitWatcher<R>;
  /** Hears the names of the sources whose messages were just stored or dropped by rule. */
  readonly onSettled?: (sources: readonly string[]) => void;
}

/** Sees records once they are on the disk. */
export interface CommitWatcher<R> {
  /** Asked when a batch is begun: whether its records are to be kept for {@linkcode committed}. */
  readonly wanted: boolean;
  /** What is on the disk now; what went into quarantine is not among it. */
  committed(records: readonly WatchedRecord<R>[]): void;
}

/** Why commits fail at the moment. */
export interface StoreTrouble {
  /** Label of the trouble, from the closed set of {@linkcode StorageReason}. */
  readonly reason: StorageReason;
  /** The store's own words, for a person. */
  readonly detail: string;
}

/**
 * A broker with a small in-flight window sends nothing more until it is acknowledged. So a pause of
 * this many milliseconds while at least {@linkcode SMALL_WINDOW} acknowledgements are withheld is
 * taken for a full window, and the batch does not wait for its interval.
 */
const QUIET_MS = 3;

/** The smallest in-flight window among common brokers' defaults (mosquitto 20, EMQX 32, HiveMQ 10). */
const SMALL_WINDOW = 10;

/** Batches, decodes, commits and acknowledges what a {@linkcode CaptureQueue} holds. */
export class Pipeline<R, B extends RecordBatch<R> = RecordBatch<R>> implements AsyncDisposable {
  readonly #parts: PipelineParts<R, B>;
  readonly #options: PipelineOptions;
  readonly #giveUp = new AbortController();
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #wakeAtSize = 1;
  #draining = false;
  #writing = false;
  #writingSince = 0;
  #trouble: StoreTrouble | undefined;
  #lost = 0;
  #lastCommitAt: number | undefined;

  /** Nothing happens before `start()`. */
  constructor(parts: PipelineParts<R, B>, options: PipelineOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Why commits fail at the moment; undefined while they work. */
  get trouble(): StoreTrouble | undefined {
    return this.#trouble;
  }

  /** True while messages wait or are being written. */
  get busy(): boolean {
    return this.#writing || this.#parts.queue.size > 0;
  }

  /**
   * How long the oldest piece of work has waited, in milliseconds: a message in the queue, or a batch
   * that is being written. 0 when there is none.
   */
  get waitedMs(): number {
    const { queue, clock } = this.#parts;
    const now = clock.monotonic();
    const writing = this.#writing ? now - this.#writingSince : 0;
    return Math.max(writing, queue.oldestAt === undefined ? 0 : now - queue.oldestAt);
  }

  /** Unix milliseconds of the last commit that succeeded. */
  get lastCommitAt(): number | undefined {
    return this.#lastCommitAt;
  }

  /** Messages that had to be given up at the shutdown without being committed or acknowledged. */
  get lost(): number {
    return this.#lost;
  }

  /** Begins to work. */
  start(): void {
    this.#parts.queue.onOffer(() => {
      if (this.#parts.queue.size >= this.#wakeAtSize) this.#wake?.();
    });
    this.#running = this.#run();
  }

  /** Commits all that is queued and ends; `signal` gives up what is not committed by then. */
  async drain(signal?: AbortSignal): Promise<void> {
    this.#draining = true;
    const onAbort = () => this.#giveUp.abort();
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#wake?.();
    await this.#running;
    signal?.removeEventListener("abort", onAbort);
  }

  /** Ends at once: what is not committed is neither stored nor acknowledged. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#giveUp.abort();
    await this.drain();
  }

  async #run(): Promise<void> {
    let committing = Promise.resolve();
    while (await this.#untilDue()) {
      const { queue, store } = this.#parts;
      const { batchMax } = this.#options;
      const records = store.newBatch(batchMax);
      const prepared = await decodeBatch(queue.take(batchMax), records, this.#parts);
      this.#reportQueue();
      await committing;
      this.#writing = true;
      this.#writingSince = this.#parts.clock.monotonic();
      committing = this.#commit(prepared).finally(() => {
        this.#writing = false;
        this.#wake?.();
      });
    }
    await committing;
  }

  #reportQueue(): void {
    const { queue, observer, network } = this.#parts;
    observer.queue(network.name, queue.size, queue.bytes);
  }

  /** Resolves with true when a batch is due, with false when everything is done. */
  async #untilDue(): Promise<boolean> {
    const { queue, clock } = this.#parts;
    for (;;) {
      if (this.#giveUp.signal.aborted) {
        this.#lost += queue.take(Number.MAX_SAFE_INTEGER).length;
        return false;
      }
      const waitMs = this.#waitMs();
      if (waitMs <= 0) return true;
      if (this.#draining && queue.size === 0 && !this.#writing) return false;
      await new Promise<void>((resolve) => {
        // A message wakes the loop when it is the first or fills the batch; in between the timer
        // does. The timer is armed anew at every turn, so one that fires while the writer is busy
        // is not lost: the writer wakes the loop when it is free.
        this.#wakeAtSize = queue.size === 0 ? 1 : this.#options.batchMax;
        const timer = Number.isFinite(waitMs)
          ? clock.setTimer(() => this.#wake?.(), waitMs)
          : undefined;
        this.#wake = () => {
          this.#wake = undefined;
          if (timer !== undefined) clock.clearTimer(timer);
          resolve();
        };
      });
    }
  }

  /** Milliseconds until a batch is due; 0 or less: now; Infinity: not before something happens. */
  #waitMs(): number {
    const { queue, clock } = this.#parts;
    const oldestAt = queue.oldestAt;
    if (oldestAt === undefined) return Infinity;
    if (queue.size >= this.#options.batchMax) return 0;
    if (this.#writing) return Infinity;
    if (this.#draining) return 0;
    const now = clock.monotonic();
    const byAge = oldestAt + this.#options.commitIntervalMs - now;
    if (queue.withheld < SMALL_WINDOW) return Math.max(0, byAge);
    const byQuiet = queue.lastOfferAt + QUIET_MS - now;
    return Math.max(0, Math.min(byAge, byQuiet));
  }

  async #commit(prepared: Batch<R, B>): Promise<void> {
    const { network, store, observer, log, clock, queue } = this.#parts;
    const retry = this.#options.retryMs ?? { min: 100, max: 10_000 };
    const { quarantine, context } = prepared;
    for (let attempt = 0;;) {
      if (prepared.records.size === 0 && quarantine.length === 0) break;
      let summary: CommitSummary;
      try {
        const commit = store.commit(prepared.records, { ...context, quarantine });
        const answer = await unlessAborted(commit, this.#giveUp.signal);
        if (answer === undefined) {
          // It may succeed yet; then the ledger knows what the broker delivers again.
          this.#lost += prepared.deliveries.length;
          return;
        }
        summary = answer;
      } catch (error) {
        const failure = asStorageError(error);
        if (failure.reason === "refused" && quarantineRefused(prepared, failure) > 0) continue;
        observer.storeError(network.name, failure.reason);
        if (attempt === 0) {
          log.error("commit failed; the batch is kept and tried again, reading stops", {
            reason: failure.reason,
            error: failure.message,
            messages: prepared.deliveries.length,
          });
        }
        this.#trouble = { reason: failure.reason, detail: failure.message };
        queue.hold(true);
        const waitMs = Math.min(retry.max, retry.min * 2 ** Math.min(attempt++, 20));
        try {
          await delay(clock, waitMs, this.#giveUp.signal);
        } catch {
          this.#lost += prepared.deliveries.length;
          return;
        }
        continue;
      }
      // Outside of the `try`: a watcher that throws must not have the batch written twice.
      this.#committed(prepared, quarantine.length, summary);
      break;
    }
    if (this.#trouble !== undefined) {
      log.info("commits work again", { after: this.#trouble.reason });
      this.#trouble = undefined;
      queue.hold(false);
    }
    acknowledge(prepared.deliveries);
    // Not one that was given up: the storage thread may be reading it yet.
    prepared.records[Symbol.dispose]();
    this.#parts.onSettled?.(context.heardUntil.map(([source]) => source));
  }

  #committed(prepared: Batch<R, B>, quarantined: number, summary: CommitSummary): void {
    const { network, observer, clock } = this.#parts;
    this.#lastCommitAt = clock.now();
    try {
      this.#tellWatchers(prepared, quarantined, summary);
    } catch (error) {
      observer.pipelineError(network.name, error);
    }
  }

  #tellWatchers(prepared: Batch<R, B>, quarantined: number, summary: CommitSummary): void {
    const { network, observer, watcher } = this.#parts;
    const leftOut = recordsLeftOut(prepared.quarantine);
    const stored = prepared.records.size - leftOut.size;
    const readable = prepared.readable.reduce(
      (sum, one, index) => sum + (one && !leftOut.has(index) ? 1 : 0),
      0,
    );
    observer.committed(network.name, stored, summary);
    if (readable > 0) observer.stored(network.name, true, readable);
    if (stored > readable) observer.stored(network.name, false, stored - readable);
    const watched = prepared.watched?.filter((_, index) => !leftOut.has(index));
    if (watched !== undefined && watched.length > 0) watcher?.committed(watched);
    if (quarantined > 0) observer.quarantined(network.name, quarantined);
  }
}

/** What `work` resolves with, or undefined when `signal` is aborted before. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(undefined);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function asStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StorageError(message, "unexpected", true, { cause: error });
}
