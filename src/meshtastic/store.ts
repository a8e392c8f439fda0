/**
 * The Meshtastic database, from the main side.
 *
 * @module
 */
import { ThreadStore } from "../storage/thread_store.ts";
import { workerEntry } from "../storage/worker_entry.ts";
import { defined } from "../capture/defined.ts";
import type { LongStep, StorageError } from "../capture/network.ts";
import type { StorageSettings } from "../storage/open_database.ts";
import type { EnumNames } from "./enum_names.ts";
import type { OpenParts, Origin } from "./open_store.ts";
import type { MeshtasticRecord } from "./record.ts";
import { MeshtasticBatch } from "./store_batch.ts";
import type { IndexSet } from "./store_schema.ts";

/** What an operator may say of the database, and what the store must be given. */
export interface MeshtasticStoreOptions {
  /** Path of the database; its directory is made when it is missing. */
  readonly path: string;
  /** Names of the protobuf enums, to bring a meshpipe database to Malla's meaning. */
  readonly enumNames: EnumNames;
  /** Unix milliseconds, recorded with migrations. */
  readonly nowMs: number;
  /** Settings of SQLite; default: those of the storage room. */
  readonly settings?: StorageSettings;
  /** Default `full`. An index that is there already is never dropped. */
  readonly indexes?: IndexSet;
  /**
   * Whether meshpipe's tables beside `packet_history` are written. Default `auto`: they are in a
   * database that was meshpipe's.
   */
  readonly derivedTables?: boolean | "auto";
  /** Packets older than this are deleted. Default 0: everything is kept. */
  readonly retentionHours?: number;
  /** Minutes between maintenance runs. Default 360; 0: never. */
  readonly maintenanceIntervalMinutes?: number;
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
  /** As in {@linkcode MeshtasticStoreOptions}. */
  readonly derivedTables: boolean | "auto";
  /** Milliseconds between maintenance runs; 0: never. */
  readonly maintenanceEveryMs: number;
}

/** What the thread says of the database when it is open. */
export interface StoreInfo {
  /** Which program made the database. */
  readonly origin: Origin;
  /** Whether meshpipe's tables are written. */
  readonly derivedTables: boolean;
  /** Migrations that were applied now. */
  readonly applied: readonly string[];
  /** Jobs that have work left since the opening and run once: index builds, rewrites. */
  readonly jobs: readonly string[];
}

/** A Meshtastic database in its storage thread. */
export type MeshtasticStore = ThreadStore<MeshtasticRecord, StoreInfo>;

/**
 * Opens the database, making or bringing it up.
 *
 * @throws {StorageError} saying why the database is refused, and what to do.
 */
export function openMeshtasticStore(options: MeshtasticStoreOptions): Promise<MeshtasticStore> {
  const openOptions: Omit<ThreadOptions, "path"> = {
    settings: options.settings ?? {},
    indexes: options.indexes ?? "full",
    retentionHours: options.retentionHours ?? 0,
    enumNames: options.enumNames,
    nowSeconds: options.nowMs / 1000,
    derivedTables: options.derivedTables ?? "auto",
    maintenanceEveryMs: (options.maintenanceIntervalMinutes ?? 360) * 60_000,
  };
  return ThreadStore.open<MeshtasticRecord, StoreInfo>({
    path: options.path,
    workerUrl: workerEntry(import.meta.url, "meshtastic"),
    openOptions: { ...openOptions },
    newBatch: (capacity, info) => new MeshtasticBatch(capacity, info.derivedTables),
    ...defined({
      onJobFailure: options.onJobFailure,
      onJobDone: options.onJobDone,
      onLongStep: options.onLongStep,
      onThreadFailure: options.onThreadFailure,
    }),
  });
}
