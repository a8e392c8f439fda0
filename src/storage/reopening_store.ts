/**
 * A store that outlives its storage thread: when the thread dies, or could not be started, the next
 * call opens the database anew. Callers keep what they have and try again.
 *
 * @module
 */
import {
  type CaptureGap,
  type CommitContext,
  type CommitSummary,
  type RecordBatch,
  type SourceState,
  StorageError,
  type Store,
  type StoreStats,
  type Stretch,
} from "../capture/network.ts";

/** A store with what is done to it beside commits. */
export interface ReopenableStore<R> extends Store<R> {
  /**
   * Tells the time (Unix milliseconds); jobs that are due begin. With a monotonic time (milliseconds)
   * beside it, the time is a wall clock's, and jobs go by as much of it as can be trusted.
   */
  tick(nowMs: number, monotonicMs?: number): Promise<void>;
  /** Runs every background job to its end, as of `nowMs`. */
  runJobs(nowMs: number): Promise<void>;
  /** What `PRAGMA integrity_check` finds; empty when all is well. */
  integrityCheck(): Promise<string[]>;
  /** What {@linkcode writeNote} left in the database under this key. */
  readNote(key: string): Promise<string | undefined>;
  /** Keeps a few words in the database, for the next start. */
  writeNote(key: string, value: string): Promise<void>;
}

/** Opens the database; `onThreadFailure` is to be called when its thread dies. */
export type OpenStore<R> = (
  onThreadFailure: (error: StorageError) => void,
) => Promise<ReopenableStore<R>>;

/** Delegates to a store and replaces it when its thread has died. */
export class ReopeningStore<R> implements ReopenableStore<R> {
  readonly #open: OpenStore<R>;
  #current: Promise<ReopenableStore<R>> | undefined;
  /** The store that was opened last, also when its thread has died. */
  #opened: ReopenableStore<R> | undefined;
  #closed = false;
  /** What the broker knows us by: a file that is new must not forget it. */
  readonly #sources = new Map<string, { readonly clientId: string; session: number }>();

  /** Opens nothing before the first call. */
  constructor(open: OpenStore<R>) {
    this.#open = open;
  }

  /** Opens the database if it is not open. @throws {StorageError} as the opening does. */
  async ready(): Promise<void> {
    await this.#store();
  }

  /**
   * As {@linkcode Store.newBatch}; a store that is opened anew takes the batches of the one before.
   *
   * @throws {StorageError} before a store was open for the first time.
   */
  newBatch(capacity: number): RecordBatch<R> {
    if (this.#opened !== undefined) return this.#opened.newBatch(capacity);
    throw new StorageError("the database was never open", "closed", false);
  }

  async commit(
    batch: readonly R[] | RecordBatch<R>,
    context: CommitContext,
  ): Promise<CommitSummary> {
    return await (await this.#store()).commit(batch, context);
  }

  async loadSource(
    source: string,
    clientId: string,
    fixed?: boolean,
  ): Promise<SourceState> {
    const state = await (await this.#store()).loadSource(source, clientId, fixed);
    this.#sources.set(source, { clientId: state.clientId, session: state.session });
    return state;
  }

  async beginSession(source: string, session: number): Promise<void> {
    await (await this.#store()).beginSession(source, session);
    const known = this.#sources.get(source);
    if (known !== undefined) known.session = session;
  }

  /** As {@linkcode Store.recordGaps}. */
  async recordGaps(gaps: readonly CaptureGap[], pending?: readonly Stretch[]): Promise<void> {
    await (await this.#store()).recordGaps(gaps, pending);
  }

  /** As {@linkcode Store.stats}. */
  async stats(): Promise<StoreStats> {
    return await (await this.#store()).stats();
  }

  /** As {@linkcode ReopenableStore.tick}. */
  async tick(nowMs: number, monotonicMs?: number): Promise<void> {
    await (await this.#store()).tick(nowMs, monotonicMs);
  }

  /** As {@linkcode ReopenableStore.runJobs}. */
  async runJobs(nowMs: number): Promise<void> {
    await (await this.#store()).runJobs(nowMs);
  }

  /** As {@linkcode ReopenableStore.integrityCheck}. */
  async integrityCheck(): Promise<string[]> {
    return await (await this.#store()).integrityCheck();
  }

  /** As {@linkcode ReopenableStore.readNote}. */
  async readNote(key: string): Promise<string | undefined> {
    return await (await this.#store()).readNote(key);
  }

  /** As {@linkcode ReopenableStore.writeNote}. */
  async writeNote(key: string, value: string): Promise<void> {
    await (await this.#store()).writeNote(key, value);
  }

  /** Closes the store if one is open; it is not opened again. */
  async close(budgetMs: number): Promise<void> {
    this.#closed = true;
    const current = this.#current;
    if (current === undefined) return;
    const store = await current.catch(() => undefined);
    await store?.close(budgetMs);
  }

  /** Lets a database that was opened anew know the sources, for it may be another file. */
  async #introduce(store: ReopenableStore<R>): Promise<ReopenableStore<R>> {
    try {
      for (const [source, { clientId, session }] of this.#sources) {
        const known = await store.loadSource(source, clientId, true);
        if (known.session !== session) await store.beginSession(source, session);
      }
      return store;
    } catch (error) {
      await store.close(0).catch(() => {});
      throw error;
    }
  }

  #store(): Promise<ReopenableStore<R>> {
    if (this.#current !== undefined) return this.#current;
    if (this.#closed) {
      return Promise.reject(new StorageError("the store is closed", "closed", false));
    }
    const opening: Promise<ReopenableStore<R>> = this.#open(() => {
      if (this.#current === opening) this.#current = undefined;
    }).then((store) => this.#introduce(store));
    this.#current = opening;
    opening.then((store) => this.#opened = store, () => {
      if (this.#current === opening) this.#current = undefined;
    });
    return opening;
  }
}
