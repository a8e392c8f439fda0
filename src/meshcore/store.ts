/**
 * The MeshCore database, from the main side.
 *
 * @module
 */
import { defined } from "../capture/defined.ts";
import type { LongStep, StorageError } from "../capture/network.ts";
import type { StorageSettings } from "../storage/open_database.ts";
import { ThreadStore } from "../storage/thread_store.ts";
import { workerEntry } from "../storage/worker_entry.ts";
import type { OpenParts, Origin } from "./open_store.ts";
import type { MeshcoreRecord } from "./record.ts";
import { MeshcoreBatch } from "./store_batch.ts";

/** What an operator may say of the database, and what the store must be given. */
export interface MeshcoreStoreOptions {
  /** Path of the database; its directory is made when it is missing. */
  readonly path: string;
  /** Unix milliseconds, recorded with migrations. */
  readonly nowMs: number;
  /** Settings of SQLite. Default: the storage room's. */
  readonly settings?: StorageSettings;
  /** Days after which a silent node moves to `inactive_nodes`. Default 7; 0: never. */
  readonly nodeDays?: number;
  /** Days after which a silent observer becomes inactive. Default 14; negative: never. */
  readonly observerDays?: number;
  /** Days that metrics of observers and refused packets are kept. Default 30; 0: for ever. */
  readonly metricsDays?: number;
  /** Days that packets are kept. Default 0: for ever. */
  readonly packetDays?: number;
  /** Days that client receptions are kept. Default 0: for ever. */
  readonly clientRxDays?: number;
  /** Days that neighbour edges are kept. Default 5; 0: for ever. */
  readonly neighborEdgesMaxAgeDays?: number;
  /** Seconds between two rows of an observer's metrics. Default 300. */
  readonly metricsSampleIntervalSec?: number;
  /** Free pages that are given back every hour. Default 1024; 0: none. */
  readonly incrementalVacuumPages?: number;
  /** Ids of observers that are marked inactive at the start. Default: none. */
  readonly observerBlacklist?: readonly string[];
  /** The configured regions: with any, default scopes of nodes are filled in. Default: none. */
  readonly hashRegions?: readonly string[];
  /** Minutes between maintenance runs. Default 360; 0: never. */
  readonly maintenanceIntervalMinutes?: number;
  /**
   * Whether nodes are deleted that CoreScope's server asks to delete, by files beside the database.
   * Default false.
   */
  readonly answersPruneRequests?: boolean;
  /** A background job failed; it is tried again by itself. */
  readonly onJobFailure?: (job: string, error: StorageError) => void;
  /** A job of {@linkcode StoreInfo.jobs} has come to its end, or another one whose last run failed. */
  readonly onJobDone?: (job: string) => void;
  /** Work begins that commits have to wait for; undefined: it has ended. */
  readonly onLongStep?: (step: LongStep | undefined) => void;
  /** The storage thread died; every call rejects from now on. */
  readonly onThreadFailure?: (error: StorageError) => void;
}

/** What the thread is told. */
export interface ThreadOptions extends OpenParts {
  /** Milliseconds between maintenance runs; 0: never. */
  readonly maintenanceEveryMs: number;
}

/** What the thread says of the database when it is open. */
export interface StoreInfo {
  /** Who made the file. */
  readonly origin: Origin;
  /** Migrations that were applied now. */
  readonly applied: readonly string[];
  /** Jobs that have work left since the opening and run once: index builds, backfills. */
  readonly jobs: readonly string[];
}

/**
 * A MeshCore database in its storage thread. A commit counts `transmissions` (new ones),
 * `transmission_duplicates`, `observations` (new ones), `observation_updates`, `nodes` and `observers`
 * (rows written, once a batch), `node_upserts` and `observer_upserts` (adverts and messages that made
 * them), `observer_metrics`, `dropped_packets` (bad signatures), `refused_packets` (the rest),
 * `client_receptions`, and `client_receptions_refused` (forged adverts).
 */
export type MeshcoreStore = ThreadStore<MeshcoreRecord, StoreInfo>;

/**
 * Opens the database, making or bringing it up.
 *
 * @throws {StorageError} saying why the database is refused, and what to do.
 */
export function openMeshcoreStore(options: MeshcoreStoreOptions): Promise<MeshcoreStore> {
  const interval = options.metricsSampleIntervalSec ?? 0;
  const openOptions: Omit<ThreadOptions, "path"> = {
    settings: options.settings ?? {},
    nowMs: options.nowMs,
    retention: {
      nodeDays: options.nodeDays ?? 7,
      observerDays: options.observerDays ?? 14,
      metricsDays: options.metricsDays ?? 30,
      packetDays: options.packetDays ?? 0,
      clientRxDays: options.clientRxDays ?? 0,
      neighborEdgesDays: options.neighborEdgesMaxAgeDays ?? 5,
    },
    // As in CoreScope, what is no interval is the default.
    sampleIntervalSec: interval > 0 ? interval : 300,
    vacuumPages: options.incrementalVacuumPages ?? 1024,
    observerBlacklist: options.observerBlacklist ?? [],
    answersPruneRequests: options.answersPruneRequests ?? false,
    hasRegions: (options.hashRegions ?? []).length > 0,
    maintenanceEveryMs: (options.maintenanceIntervalMinutes ?? 360) * 60_000,
  };
  return ThreadStore.open<MeshcoreRecord, StoreInfo>({
    path: options.path,
    workerUrl: workerEntry(import.meta.url, "meshcore"),
    openOptions: { ...openOptions },
    newBatch: (capacity) => new MeshcoreBatch(capacity),
    ...defined({
      onJobFailure: options.onJobFailure,
      onJobDone: options.onJobDone,
      onLongStep: options.onLongStep,
      onThreadFailure: options.onThreadFailure,
    }),
  });
}
