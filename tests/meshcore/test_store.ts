/** A MeshCore database in the test's own thread, as the storage thread has it. @module */
import type { CommitSummary } from "../../src/capture/network.ts";
import {
  type OpenedStore,
  openMeshcoreDatabase,
  type OpenParts,
} from "../../src/meshcore/open_store.ts";
import type { MeshcoreRecord } from "../../src/meshcore/record.ts";
import { StorageBackend } from "../../src/storage/storage_backend.ts";
import { emptyContext, NOW } from "./records.ts";

// deno-lint-ignore no-explicit-any
type Row = any;

/** What a test's database is opened with. */
export const testParts: Omit<OpenParts, "path"> = {
  settings: { synchronous: "NORMAL" },
  nowMs: NOW,
  retention: {
    nodeDays: 7,
    observerDays: 14,
    metricsDays: 30,
    packetDays: 0,
    clientRxDays: 0,
    neighborEdgesDays: 5,
  },
  sampleIntervalSec: 300,
  vacuumPages: 1024,
  observerBlacklist: [],
  answersPruneRequests: false,
  hasRegions: false,
};

/** Nothing is ever too old. */
export const KEEP_FOR_EVER: OpenParts["retention"] = {
  nodeDays: 0,
  observerDays: -1,
  metricsDays: 0,
  packetDays: 0,
  clientRxDays: 0,
  neighborEdgesDays: 0,
};

/** See the module. */
export class TestStore implements Disposable {
  readonly opened: OpenedStore;
  readonly backend: StorageBackend<readonly MeshcoreRecord[]>;
  readonly failures: [job: string, error: unknown][] = [];

  constructor(path: string, parts: Partial<Omit<OpenParts, "path">> = {}) {
    this.opened = openMeshcoreDatabase({ ...testParts, ...parts, path });
    const { database, writer, jobs } = this.opened;
    this.backend = new StorageBackend(
      { database, writer, jobs, maintenanceEveryMs: 0 },
      (job, error) => this.failures.push([job, error]),
    );
  }

  /** Commits `records` as one batch. */
  commit(...records: readonly MeshcoreRecord[]): CommitSummary {
    return this.backend.commit(records, emptyContext);
  }

  /** Rows of a query. */
  rows(sql: string, ...parameters: (string | number | null)[]): Row[] {
    return this.opened.database.db.prepare(sql).all(...parameters).map((row) => ({ ...row }));
  }

  /** The first row of a query. */
  row(sql: string, ...parameters: (string | number | null)[]): Row {
    return this.rows(sql, ...parameters)[0];
  }

  /** The first column of the first row. */
  value(sql: string, ...parameters: (string | number | null)[]): Row {
    return Object.values(this.row(sql, ...parameters) ?? {})[0];
  }

  [Symbol.dispose](): void {
    this.backend.close(0);
  }
}
