/**
 * What the pipeline tells whoever keeps the figures; `observe` implements it for Prometheus.
 *
 * @module
 */
import type { NetworkName } from "./message.ts";
import type { CommitSummary, RecordLabels, StorageReason } from "./network.ts";

/** Receives every countable event on a message's way. Called on the hot path: it must be cheap. */
export interface PipelineObserver {
  received(source: string, qos: 0 | 1): void;
  dropped(network: NetworkName, source: string, reason: string, detail?: string): void;
  duplicate(source: string): void;
  decoded(network: NetworkName, labels: RecordLabels): void;
  committed(network: NetworkName, batchSize: number, summary: CommitSummary): void;
  stored(network: NetworkName, readable: boolean, count: number): void;
  storeError(network: NetworkName, reason: StorageReason): void;
  quarantined(network: NetworkName, count: number): void;
  queue(network: NetworkName, depth: number, bytes: number): void;
}

/** Takes no notice. */
export const noObserver: PipelineObserver = {
  received() {},
  dropped() {},
  duplicate() {},
  decoded() {},
  committed() {},
  stored() {},
  storeError() {},
  quarantined() {},
  queue() {},
};
