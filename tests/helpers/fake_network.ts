/** A radio network without radio and without disk, for tests of what is wired around one. @module */
import type {
  CaptureGap,
  CommitContext,
  CommitSummary,
  SourceState,
  StoreStats,
  Stretch,
} from "../../src/capture/network.ts";
import type { LongStep, RecordBatch, StorageError } from "../../src/capture/network.ts";
import { RecordList } from "../../src/capture/record_list.ts";
import { meshtastic } from "../../src/meshtastic/descriptor.ts";
import type { NetworkDescriptor, NetworkStore } from "../../src/network_descriptor.ts";
import { storedList } from "./stored_list.ts";

/** Keeps what it is given, and fails when it is told to. */
export class FakeStore implements NetworkStore<unknown> {
  readonly commits: { records: unknown[]; context: CommitContext }[] = [];
  readonly gaps: CaptureGap[] = [];
  /** What was pending after each of the calls. */
  readonly pending: (readonly Stretch[])[] = [];
  readonly sessions: number[] = [];
  readonly ticks: number[] = [];
  readonly jobRuns: number[] = [];
  readonly loads: { source: string; clientId: string; fixed: boolean | undefined }[] = [];
  closed = 0;
  state: SourceState = {
    clientId: "mc-1",
    session: 0,
    entries: new Uint8Array(0),
    retained: new Map(),
  };
  readonly notes = new Map<string, string>();
  /** What every call does instead of succeeding. */
  failure: Error | undefined;
  /** True: a commit is never answered. */
  silent = false;

  newBatch(): RecordBatch<unknown> {
    return new RecordList();
  }

  async commit(
    batch: readonly unknown[] | RecordBatch<unknown>,
    context: CommitContext,
  ): Promise<CommitSummary> {
    if (this.silent) await new Promise(() => {});
    this.#check();
    const records = batch instanceof RecordList ? storedList(batch, context) : batch;
    this.commits.push({ records: [...records as unknown[]], context });
    return { counts: {}, durationMs: 0 };
  }

  async loadSource(source: string, clientId: string, fixed?: boolean): Promise<SourceState> {
    this.#check();
    this.loads.push({ source, clientId, fixed });
    return this.state;
  }

  async beginSession(_source: string, session: number): Promise<void> {
    this.#check();
    this.sessions.push(session);
  }

  async recordGaps(
    gaps: readonly CaptureGap[],
    pending: readonly Stretch[] = [],
  ): Promise<void> {
    this.#check();
    this.gaps.push(...gaps);
    this.pending.push(pending);
  }

  async stats(): Promise<StoreStats> {
    this.#check();
    return { databaseBytes: 4096, walBytes: 32, freeBytes: 0, pendingJobs: [] };
  }

  async tick(nowMs: number): Promise<void> {
    this.#check();
    this.ticks.push(nowMs);
  }

  async runJobs(nowMs: number): Promise<void> {
    this.#check();
    this.jobRuns.push(nowMs);
  }

  async integrityCheck(): Promise<string[]> {
    return [];
  }

  async readNote(key: string): Promise<string | undefined> {
    return this.notes.get(key);
  }

  async writeNote(key: string, value: string): Promise<void> {
    this.#check();
    this.notes.set(key, value);
  }

  async close(): Promise<void> {
    this.closed++;
  }

  #check(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}

/** A network whose records are the messages' payloads as text, and whose store is a fake. */
export class FakeNetwork {
  /** Every store that was opened, in order. */
  readonly stores: FakeStore[] = [];
  /** What the next openings do instead of succeeding. */
  readonly openFailures: Error[] = [];
  /** Of the last opening. */
  killThread: (error: StorageError) => void = () => {};
  /** Of the last opening. */
  tellLongStep: (step: LongStep | undefined) => void = () => {};
  /** Of the last opening. */
  failJob: (job: string, error: StorageError) => void = () => {};
  /** Of the last opening. */
  endJob: (job: string) => void = () => {};
  readonly descriptor: NetworkDescriptor = {
    ...(meshtastic as NetworkDescriptor),
    createDecoder: () => ({
      name: "meshtastic",
      decode: (batch) =>
        Promise.resolve(batch.map(({ payload }) => ({
          kind: "record" as const,
          record: new TextDecoder().decode(payload),
          labels: { type: "TEXT_MESSAGE_APP", decrypt: "none", readable: true },
        }))),
    }),
    openStore: async (_config, options) => {
      const failure = this.openFailures.shift();
      if (failure !== undefined) throw failure;
      const store = new FakeStore();
      this.stores.push(store);
      this.tellLongStep = (step) => options.onLongStep?.(step);
      this.failJob = (job, error) => options.onJobFailure?.(job, error);
      this.endJob = (job) => options.onJobDone?.(job);
      this.killThread = (error) => {
        store.failure = error;
        options.onThreadFailure?.(error);
      };
      return store;
    },
  };

  /** The store that was opened last. */
  get store(): FakeStore {
    return this.stores.at(-1)!;
  }
}
