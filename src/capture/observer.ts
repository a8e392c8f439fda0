/**
 * What the way of a message tells those who watch it. `capture` and the sources call these
 * interfaces and know nothing of logs or metrics; `observe` implements them.
 *
 * Every method is called on hot paths: it must be cheap and must never throw.
 *
 * @module
 */
import type {
  CommitSummary,
  GapReason,
  RecordLabels,
  StorageError,
  StorageReason,
} from "./network.ts";
import type { NetworkName } from "./message.ts";

/** Watches a network's pipeline and its store. */
export interface PipelineObserver {
  /** A broker delivered a message, at the QoS of this delivery. */
  received(source: string, qos: 0 | 1): void;
  /** A message is not stored, by rule. `reason` is of a closed set; `detail` is for people. */
  dropped(network: NetworkName, source: string, reason: string, detail?: string): void;
  /** A redelivery that the ledger knows already. */
  duplicate(source: string): void;
  /** A message became a record. */
  decoded(network: NetworkName, labels: RecordLabels): void;
  /** A transaction of `batchSize` records is on the disk. */
  committed(network: NetworkName, batchSize: number, summary: CommitSummary): void;
  /** `n` records of a commit, those that were read (`readable`) or those that were not. */
  stored(network: NetworkName, readable: boolean, n: number): void;
  /** A write or an opening failed. */
  storeError(network: NetworkName, reason: StorageReason): void;
  /** `n` messages could not be stored as rows, such as the database refuses; they are kept apart. */
  quarantined(network: NetworkName, n: number): void;
  /** A background job of the store failed; it is tried again by itself. `job` is of a closed set. */
  jobFailed(network: NetworkName, job: string, error: StorageError): void;
  /** What waits in the network's queue now: messages, and bytes of payload and topic. */
  queue(network: NetworkName, depth: number, bytes: number): void;
  /** Something failed that nobody expected. */
  pipelineError(network: NetworkName, error: unknown): void;
}

/** Watches a source's connection. */
export interface SourceObserver {
  /** The connection to the broker is there, with its subscriptions, or has gone. */
  sourceUp(source: string, up: boolean): void;
  /** A connection is tried again. */
  sourceReconnect(source: string): void;
  /** A stretch of time was not covered. */
  captureGap(source: string, reason: GapReason): void;
}

const nothing = (): void => {};

/** Watches nothing. */
export const noObserver: PipelineObserver & SourceObserver = {
  received: nothing,
  dropped: nothing,
  duplicate: nothing,
  decoded: nothing,
  committed: nothing,
  stored: nothing,
  storeError: nothing,
  quarantined: nothing,
  jobFailed: nothing,
  queue: nothing,
  pipelineError: nothing,
  sourceUp: nothing,
  sourceReconnect: nothing,
  captureGap: nothing,
};
