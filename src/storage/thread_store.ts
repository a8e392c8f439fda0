/**
 * The main side of a store: every call crosses to the storage thread, a worker that may touch the
 * directory of its database and nothing else.
 *
 * @module
 */
import { basename, dirname } from "node:path";
import {
  type CaptureGap,
  type CommitContext,
  type CommitSummary,
  type LongStep,
  type RecordBatch,
  type SourceState,
  StorageError,
  type Store,
  type StoreStats,
  type Stretch,
} from "../capture/network.ts";
import { confinedWorker } from "./confined_worker.ts";
import { PackedBatch } from "./packed_batch.ts";
import { storageFailure } from "./storage_failure.ts";
import { errorOf, type ThreadMessage } from "./thread_protocol.ts";

/** How to run a storage thread. */
export interface ThreadStoreOptions<R, I> {
  /** Path of the database; its directory is made when it is missing. */
  readonly path: string;
  /** The network's worker entry. */
  readonly workerUrl: URL;
  /** Options of the network's own, cloned to the thread; `path` is added. */
  readonly openOptions: Readonly<Record<string, unknown>>;
  /**
   * An empty batch of the network, with room for `capacity` records; `info` is what the thread said
   * when it had opened the database.
   */
  readonly newBatch: (capacity: number, info: I) => PackedBatch<R>;
  /** A background job failed; it is tried again by itself. */
  readonly onJobFailure?: (job: string, error: StorageError) => void;
  /** A background job has come to its end: one that runs once, or one whose last run failed. */
  readonly onJobDone?: (job: string) => void;
  /** Work begins that commits have to wait for; undefined: it has ended. */
  readonly onLongStep?: (step: LongStep | undefined) => void;
  /**
   * The thread died, or its database is not there any more: nothing can be stored, and every call rejects
   * from now on.
   */
  readonly onThreadFailure?: (error: StorageError) => void;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: StorageError) => void;
}

/** A {@linkcode Store} whose work is done in a thread of its own. Made by {@linkcode ThreadStore.open}. */
export class ThreadStore<R, I = unknown> implements Store<R>, AsyncDisposable {
  readonly #worker: Worker;
  readonly #options: ThreadStoreOptions<R, I>;
  readonly #pending = new Map<number, Pending>();
  /** Batches of this database that nobody uses at the moment. */
  readonly #spare: PackedBatch<R>[] = [];
  #nextId = 1;
  #ended: StorageError | undefined;
  #closing: Promise<void> | undefined;
  #info: I | undefined;

  private constructor(worker: Worker, options: ThreadStoreOptions<R, I>) {
    this.#worker = worker;
    this.#options = options;
    worker.onmessage = (event: MessageEvent<ThreadMessage>) => this.#receive(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(event.message);
    };
    worker.onmessageerror = () => this.#fail("a message could not be read");
  }

  /**
   * Starts the thread and opens the database in it.
   *
   * @throws {StorageError} saying why the database is refused, and what to do.
   */
  static async open<R, I>(options: ThreadStoreOptions<R, I>): Promise<ThreadStore<R, I>> {
    const path = resolvePath(options.path);
    const name = `store ${basename(path)}`;
    const worker = confinedWorker(options.workerUrl, name, dirname(path));
    const store = new ThreadStore<R, I>(worker, options);
    try {
      store.#info = await store.#call("open", [{ ...options.openOptions, path }]) as I;
      return store;
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  /** What the thread said of the database when it had opened it. */
  get info(): I {
    return this.#info!;
  }

  /** As {@linkcode Store.newBatch}. */
  newBatch(capacity: number): RecordBatch<R> {
    const spare = this.#spare.findIndex((one) => one.capacity === capacity);
    const batch = this.#spare.splice(spare, spare < 0 ? 0 : 1)[0] ??
      this.#options.newBatch(capacity, this.info);
    return batch.lend(this.#spare);
  }

  /** As {@linkcode Store.commit}. The batch must be one of {@linkcode newBatch}'s, or records. */
  commit(batch: readonly R[] | RecordBatch<R>, context: CommitContext): Promise<CommitSummary> {
    const packed = Array.isArray(batch) ? this.#packed(batch) : batch;
    if (!(packed instanceof PackedBatch)) {
      return Promise.reject(new TypeError("the batch is none that a storage thread takes"));
    }
    return this.#call("commit", [packed.encode(), context]) as Promise<CommitSummary>;
  }

  /** As {@linkcode Store.loadSource}. */
  loadSource(source: string, clientId: string, fixed = false): Promise<SourceState> {
    return this.#call("loadSource", [source, clientId, fixed]) as Promise<SourceState>;
  }

  /** As {@linkcode Store.beginSession}. */
  beginSession(source: string, session: number): Promise<void> {
    return this.#call("beginSession", [source, session]) as Promise<void>;
  }

  /** As {@linkcode Store.recordGaps}. */
  recordGaps(gaps: readonly CaptureGap[], pending?: readonly Stretch[]): Promise<void> {
    return this.#call("recordGaps", [gaps, pending]) as Promise<void>;
  }

  /** As {@linkcode Store.stats}. */
  stats(): Promise<StoreStats> {
    return this.#call("stats", []) as Promise<StoreStats>;
  }

  /**
   * Tells the thread the time (Unix milliseconds): it begins the jobs that are due and does them in
   * slices between commits. Resolves at once. With `monotonicMs`
   * (monotonic milliseconds) the time is a wall clock's, and jobs go by as much of it as can be trusted.
   */
  tick(nowMs: number, monotonicMs?: number): Promise<void> {
    return this.#call("tick", [nowMs, monotonicMs]) as Promise<void>;
  }

  /** Runs every background job to its end, as of `nowMs`. Commits wait. For replays and tests. */
  runJobs(nowMs: number): Promise<void> {
    return this.#call("runJobs", [nowMs]) as Promise<void>;
  }

  /** What `PRAGMA integrity_check` finds, empty when all is well. Commits wait meanwhile. */
  integrityCheck(): Promise<string[]> {
    return this.#call("integrityCheck", []) as Promise<string[]>;
  }

  /** As `NetworkStore.readNote`. */
  readNote(key: string): Promise<string | undefined> {
    return this.#call("readNote", [key]) as Promise<string | undefined>;
  }

  /** As `NetworkStore.writeNote`. */
  writeNote(key: string, value: string): Promise<void> {
    return this.#call("writeNote", [key, value]) as Promise<void>;
  }

  /** As {@linkcode Store.close}; a second call waits for the first. */
  close(budgetMs: number): Promise<void> {
    this.#closing ??= this.#close(budgetMs);
    return this.#closing;
  }

  /** Closes without tidying. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(0);
  }

  #packed(records: readonly R[]): PackedBatch<R> {
    const batch = this.#options.newBatch(records.length, this.info);
    for (const record of records) batch.add(record);
    return batch;
  }

  async #close(budgetMs: number): Promise<void> {
    try {
      if (this.#ended === undefined) await this.#call("close", [budgetMs]);
    } finally {
      this.#end(new StorageError("the store is closed", "closed", false));
    }
  }

  #call(method: string, args: unknown[]): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      try {
        this.#worker.postMessage({ id, method, args });
      } catch (error) {
        this.#pending.delete(id);
        reject(storageFailure(error, `${method} could not be sent to the storage thread`));
      }
    });
  }

  #receive(message: ThreadMessage): void {
    if (message.kind === "job_failed") {
      this.#options.onJobFailure?.(message.job, errorOf(message.error));
      return;
    }
    if (message.kind === "long_step") return this.#options.onLongStep?.(message.step);
    if (message.kind === "job_done") return this.#options.onJobDone?.(message.job);
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === "answer") return pending?.resolve(message.value);
    const error = errorOf(message.error);
    pending?.reject(error);
    // The thread has let go of a file that is not the database any more.
    if (error.reason === "replaced") this.#failWith(error);
  }

  #fail(what: string): void {
    this.#failWith(new StorageError(`the storage thread died: ${what}`, "unexpected", false));
  }

  #failWith(error: StorageError): void {
    if (this.#ended !== undefined) return;
    this.#end(error);
    this.#options.onThreadFailure?.(error);
  }

  #end(error: StorageError): void {
    this.#ended ??= error;
    this.#worker.terminate();
    for (const pending of this.#pending.values()) pending.reject(this.#ended);
    this.#pending.clear();
  }
}

/**
 * The real path of a database: the thread's permissions are given for a directory, and a link in the
 * way would lead out of it.
 */
function resolvePath(path: string): string {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    try {
      return Deno.realPathSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return `${Deno.realPathSync(dirname(path))}/${basename(path)}`;
    }
  } catch (error) {
    if (error instanceof StorageError) throw error;
    throw new StorageError(
      `the directory of ${path} cannot be used: ${error instanceof Error ? error.message : error}`,
      error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable
        ? "permission"
        : "io",
      false,
      { cause: error },
    );
  }
}
