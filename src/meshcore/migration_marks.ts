/**
 * `_migrations` and `_async_migrations`: where CoreScope looks for what was done to a database. It
 * must find there what we did, or it would do it again when an operator goes back.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { schemaHas } from "../storage/schema.ts";
import type { Job } from "../capture/network.ts";
import { sqliteTime } from "./store_times.ts";

/** CoreScope's migrations, in the order in which it records them in a new database. */
export const MARKS = [
  "advert_count_unique_v1",
  "noise_floor_real_v1",
  "node_telemetry_v1",
  "obs_timestamp_index_v1",
  "observer_metrics_v1",
  "observer_metrics_ts_idx",
  "observers_inactive_v1",
  "observer_metrics_packets_v1",
  "channel_hash_v1",
  "dropped_packets_v1",
  "observers_last_packet_at_v1",
  "observers_clock_naive_v1",
  "cleanup_legacy_null_hash_ts",
  "foreign_advert_v1",
  "from_pubkey_v1",
  "channel_hash_casing_v1",
  "scope_name_v1",
  "nodes_default_scope_v1",
  "observations_raw_hex_v1",
  "obs_observer_ts_idx_v1",
  "backfill_path_json_from_raw_hex_v1",
  "backfill_default_scope_v1",
  "tx_last_seen_backfill_v1",
] as const;
/** Name of a migration of CoreScope's. */
export type MigrationMark = typeof MARKS[number];

/** Done by tables and columns alone. */
const BY_SCHEMA: ReadonlySet<MigrationMark> = new Set([
  "noise_floor_real_v1",
  "node_telemetry_v1",
  "observer_metrics_v1",
  "observers_inactive_v1",
  "observer_metrics_packets_v1",
  "dropped_packets_v1",
  "observers_clock_naive_v1",
  "foreign_advert_v1",
  "from_pubkey_v1",
  "scope_name_v1",
  "nodes_default_scope_v1",
  "observations_raw_hex_v1",
]);

/** Done when an index is there. */
const BY_INDEX: readonly (readonly [MigrationMark, string])[] = [
  ["obs_timestamp_index_v1", "idx_observations_timestamp"],
  ["observer_metrics_ts_idx", "idx_observer_metrics_timestamp"],
  ["obs_observer_ts_idx_v1", "idx_observations_observer_idx_timestamp"],
];

/** Recorded in `_async_migrations`, and which of them there alone. */
const ASYNC: ReadonlyMap<MigrationMark, "both" | "alone"> = new Map([
  ["obs_observer_ts_idx_v1", "both"],
  ["tx_last_seen_backfill_v1", "alone"],
]);

/** True when the migration is recorded as done. */
export function isMarked(db: DatabaseSync, name: MigrationMark): boolean {
  const sql = ASYNC.get(name) === "alone"
    ? "SELECT 1 FROM _async_migrations WHERE name = ? AND status = 'done'"
    : "SELECT 1 FROM _migrations WHERE name = ?";
  return db.prepare(sql).get(name) !== undefined;
}

/** Records a migration as done. `nowMs`: Unix milliseconds. */
export function mark(db: DatabaseSync, name: MigrationMark, nowMs: number): void {
  const async = ASYNC.get(name);
  if (async !== "alone") {
    db.prepare("INSERT OR IGNORE INTO _migrations (name) VALUES (?)").run(name);
  }
  if (async === undefined) return;
  const now = sqliteTime(nowMs);
  db.prepare(
    `INSERT INTO _async_migrations (name, status, started_at, ended_at) VALUES (?, 'done', ?, ?)
     ON CONFLICT (name) DO UPDATE SET status = 'done', ended_at = excluded.ended_at, error = NULL
       WHERE status <> 'done'`,
  ).run(name, now, now);
}

/** Records everything: in a new database there is nothing to be done. */
export function markAll(db: DatabaseSync, nowMs: number, hasRegions: boolean): void {
  for (const name of MARKS) {
    if (name === "backfill_default_scope_v1" && !hasRegions) continue;
    mark(db, name, nowMs);
  }
}

/** Records what tables and columns have done. */
export function markSchema(db: DatabaseSync, nowMs: number): void {
  for (const name of MARKS) if (BY_SCHEMA.has(name)) mark(db, name, nowMs);
}

/** The job that records which indexes are there; it must come after the one that builds them. */
export function indexMarksJob(db: DatabaseSync): Job {
  return {
    name: "index marks",
    everyMs: 0,
    step(_budgetMs, nowMs) {
      for (const [name, index] of BY_INDEX) {
        if (schemaHas(db, "index", index)) mark(db, name, nowMs);
      }
      return "done";
    },
  };
}
