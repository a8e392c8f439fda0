/**
 * Feeds a recording through a network's decoder into a store, as the service would have done: the
 * recorded time stands for the time of receipt, and background jobs follow it.
 *
 * @module
 */
import { decodeBatch, quarantineRefused } from "../capture/batch.ts";
import { silentLog } from "../capture/log.ts";
import type { Message } from "../capture/message.ts";
import {
  type BatchStore,
  type CommitContext,
  type Network,
  type RecordBatch,
  recordsLeftOut,
  StorageError,
  type Store,
} from "../capture/network.ts";
import { noObserver, type PipelineObserver } from "../capture/observer.ts";
import { messagesOf, type ReadTally, type RecordedProblem, type Recording } from "./entry.ts";

/** A store that a replay can drive. */
export interface ReplayStore<R, B extends RecordBatch<R> = RecordBatch<R>>
  extends BatchStore<R, B>, Pick<Store<R>, "close"> {
  /** Runs every background job to its end, as of `nowMs`. */
  runJobs(nowMs: number): Promise<void>;
}

/** What is replayed, and into what. */
export interface ReplayParts<R, B extends RecordBatch<R> = RecordBatch<R>> {
  /** What is replayed. */
  readonly recording: Recording;
  /** Counts what was read. */
  readonly tally: ReadTally;
  /** Decodes. */
  readonly network: Network<R>;
  /** Opens the database; `nowMs` is the time of the first message. */
  readonly openStore: (nowMs: number) => Promise<ReplayStore<R, B>>;
  /** Messages a transaction holds at most. */
  readonly batchMax: number;
  /** Recorded milliseconds between two rounds of background jobs. Default 60,000. */
  readonly jobsEveryMs?: number;
  /** Hears of each entry that is no message. */
  readonly onProblem?: (problem: RecordedProblem) => void;
  /** Hears now and then how many messages were read. */
  readonly onProgress?: (messages: number) => void;
  /** Ends the replay; it rejects with the reason. */
  readonly signal?: AbortSignal;
}

/** What a replay did. */
export interface ReplayResult {
  /** Messages that became rows. */
  readonly stored: number;
  /** Messages whose record the database refused. */
  readonly quarantined: number;
  /** Dropped messages by reason. */
  readonly dropped: ReadonlyMap<string, number>;
}

/**
 * Replays everything.
 *
 * @throws {StorageError} when the database is refused or a commit fails; the recording's errors;
 * the signal's reason.
 */
export async function replayInto<R, B extends RecordBatch<R>>(
  parts: ReplayParts<R, B>,
): Promise<ReplayResult> {
  const { recording, tally, batchMax, onProblem, onProgress, signal } = parts;
  const jobsEveryMs = parts.jobsEveryMs ?? 60_000;
  const dropped = new Map<string, number>();
  let store: ReplayStore<R, B> | undefined;
  let stored = 0;
  let quarantined = 0;
  let batch: Message[] = [];
  let jobsDueAt = -Infinity;
  let lastMs = 0;

  const flush = async () => {
    if (batch.length === 0) return;
    store ??= await parts.openStore(batch[0]!.receivedAt);
    const done = await commitMessages(store, parts, batch, dropped);
    stored += done.stored;
    quarantined += done.quarantined;
    batch = [];
    onProgress?.(tally.messages);
  };

  const reading = {
    ...(onProblem === undefined ? {} : { onProblem }),
    ...(signal === undefined ? {} : { signal }),
  };
  try {
    for await (const message of messagesOf(recording, tally, reading)) {
      lastMs = Math.max(lastMs, message.receivedAt);
      if (jobsDueAt === -Infinity) jobsDueAt = message.receivedAt + jobsEveryMs;
      if (message.receivedAt >= jobsDueAt) {
        await flush();
        await store?.runJobs(jobsDueAt);
        // A long silence in the recording is one round of jobs, not thousands.
        const rounds = Math.floor((message.receivedAt - jobsDueAt) / jobsEveryMs) + 1;
        jobsDueAt += rounds * jobsEveryMs;
      }
      batch.push(message);
      if (batch.length >= batchMax) await flush();
    }
    await flush();
    store ??= await parts.openStore(lastMs);
    await store.runJobs(lastMs);
  } finally {
    await store?.close(10_000);
  }
  return { stored, quarantined, dropped };
}

/** As the pipeline does it, but nobody is acknowledged and no ledger is kept. */
async function commitMessages<R, B extends RecordBatch<R>>(
  store: ReplayStore<R, B>,
  { network, batchMax }: Pick<ReplayParts<R, B>, "network" | "batchMax">,
  messages: readonly Message[],
  dropped: Map<string, number>,
): Promise<{ stored: number; quarantined: number }> {
  const deliveries = messages.map((message) => ({
    message,
    session: 0,
    digest: 0n,
    duplicate: false,
  }));
  const observer: PipelineObserver = {
    ...noObserver,
    dropped: (_network, _source, reason) => dropped.set(reason, (dropped.get(reason) ?? 0) + 1),
  };
  using records = store.newBatch(batchMax);
  const batch = await decodeBatch(deliveries, records, { network, observer, log: silentLog });
  const { quarantine } = batch;
  const context: CommitContext = { ledger: [], retained: [], heardUntil: [], quarantine };
  while (records.size > 0 || quarantine.length > 0) {
    try {
      await store.commit(records, context);
      break;
    } catch (error) {
      if (!(error instanceof StorageError) || quarantineRefused(batch, error) === 0) throw error;
    }
  }
  const stored = records.size - recordsLeftOut(quarantine).size;
  return { stored, quarantined: quarantine.length };
}
