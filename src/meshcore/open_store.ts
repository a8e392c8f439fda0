/**
 * Opens a MeshCore database: recognises it, brings it up, and says which jobs remain.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { type Job, StorageError } from "../capture/network.ts";
import { captureMigrations } from "../storage/capture_migrations.ts";
import { readState, writeState } from "../storage/capture_state.ts";
import { ensureIndexes } from "../storage/index_jobs.ts";
import { migrate } from "../storage/migrate.ts";
import { type OpenDatabase, openDatabase, type StorageSettings } from "../storage/open_database.ts";
import { ensureViews, readTables, schemaHas } from "../storage/schema.ts";
import { storageFailure } from "../storage/storage_failure.ts";
import { transaction } from "../storage/transaction.ts";
import { backfillJobs, MEASURABLE, skipBackfills } from "./backfill_jobs.ts";
import { MeshcoreWriter } from "./batch_writer.ts";
import { indexMarksJob, markAll, markSchema } from "./migration_marks.ts";
import { multibyteJob } from "./multibyte_job.ts";
import { neighbourJob, startWatermark } from "./neighbour_job.ts";
import { oldObservationsJob, reserveOldIds, setOldObservationsAside } from "./old_observations.ts";
import { PathResolver } from "./path_resolver.ts";
import { pruneRequestsJob } from "./prune_requests_job.ts";
import { type RetentionDays, retentionJobs } from "./retention_jobs.ts";
import { meshcoreMigrations } from "./store_migrations.ts";
import { DEDUP_INDEX, indexStatements, viewStatements } from "./store_schema.ts";

/** Who made the file. */
export type Origin = "new" | "corescope";

/** What {@linkcode openMeshcoreDatabase} needs to know. */
export interface OpenParts {
  /** Path of the database file. */
  readonly path: string;
  /** Settings of SQLite; what is absent is the storage room's default. */
  readonly settings: StorageSettings;
  /** Unix milliseconds, recorded with migrations. */
  readonly nowMs: number;
  /** How long rows of each kind are kept. */
  readonly retention: RetentionDays;
  /** Seconds between two rows of an observer's metrics. */
  readonly sampleIntervalSec: number;
  /** Free pages that are given back every hour. */
  readonly vacuumPages: number;
  /** Ids of observers that are marked inactive now, in any case of letters. */
  readonly observerBlacklist: readonly string[];
  /** Whether `prune-requests` beside the database is looked after. */
  readonly answersPruneRequests: boolean;
  /** Regions are configured. */
  readonly hasRegions: boolean;
}

/** An open MeshCore database. */
export interface OpenedStore {
  /** The connection; whoever opened it must dispose of it. */
  readonly database: OpenDatabase;
  /** Whether the file was empty when it was opened first, or had been CoreScope's. */
  readonly origin: Origin;
  /** Writes batches. */
  readonly writer: MeshcoreWriter;
  /** Background jobs, in the order in which they are due. */
  readonly jobs: readonly Job[];
  /** Migrations that were applied now. */
  readonly applied: readonly string[];
}

/** Key of {@linkcode Origin} in `capture_state`. */
const ORIGIN = "origin";

/**
 * Opens and brings up in one transaction: tables, columns and views at once; indexes of tables with
 * rows, and what older versions left empty, are left to the jobs.
 *
 * @throws {StorageError} saying why the file is refused, and what to do.
 */
export function openMeshcoreDatabase(parts: OpenParts): OpenedStore {
  const database = openDatabase(parts.path, parts.settings);
  try {
    const { db } = database;
    const { origin, applied, indexes } = transaction(db, () => bringUp(db, parts));
    const paths = PathResolver.read(db);
    const writer = new MeshcoreWriter(db, paths, parts.sampleIntervalSec);
    const retention = retentionJobs(db, parts.retention, parts.vacuumPages, {
      packetsDeleted: () => writer.forget(),
      edgesDeleted: () => paths.graphIsStale = true,
    });
    const old = oldObservationsJob(db);
    // What is due again and again goes before what takes hours once.
    const jobs = [
      ...(indexes === undefined ? [] : [indexes]),
      indexMarksJob(db),
      neighbourJob(db, paths),
      ...(parts.answersPruneRequests ? [pruneRequestsJob(db, parts.path)] : []),
      multibyteJob(db, parts.path),
      ...retention,
      ...(old === undefined ? [] : [old]),
      ...backfillJobs(db, parts.hasRegions),
    ];
    return { database, origin, writer, jobs, applied };
  } catch (error) {
    database[Symbol.dispose]();
    throw storageFailure(error, `${parts.path} cannot be brought up`);
  }
}

function bringUp(db: DatabaseSync, parts: OpenParts) {
  const tables = readTables(db);
  const found = recognise(tables, parts.path);
  setOldObservationsAside(db, tables);
  const applied = migrate(db, [captureMigrations, meshcoreMigrations], parts.nowMs / 1000);
  const origin = (readState(db, ORIGIN) as Origin | undefined) ?? found;
  writeState(db, ORIGIN, origin);
  reserveOldIds(db);
  ensureDedupIndex(db);
  const indexes = ensureIndexes(db, indexStatements());
  ensureViews(db, viewStatements());
  if (found === "new") {
    markAll(db, parts.nowMs, parts.hasRegions);
    skipBackfills(db);
  } else {
    correctSmallTables(db);
    markSchema(db, parts.nowMs);
  }
  retireBlacklisted(db, parts.observerBlacklist);
  startWatermark(db, parts.nowMs, parts.retention.neighborEdgesDays);
  return { origin, applied, indexes };
}

function recognise(tables: ReadonlyMap<string, ReadonlySet<string>>, path: string): Origin {
  const names = [...tables.keys()].filter((name) => !name.startsWith("sqlite_"));
  if (names.length === 0) return "new";
  const nodes = tables.get("nodes");
  const sent = tables.get("transmissions");
  const fits = (nodes === undefined || nodes.has("public_key")) &&
    (sent === undefined || (sent.has("hash") && sent.has("raw_hex"))) &&
    (nodes !== undefined || sent !== undefined);
  if (fits) return "corescope";
  throw new StorageError(
    `${path} is a database of another program (it has ${names.slice(0, 5).join(", ")}${
      names.length > 5 ? ", …" : ""
    }, but no nodes and transmissions of CoreScope's): name another file`,
    "foreign_schema",
    false,
  );
}

/**
 * Every version of CoreScope's present table has the index; a file that was tampered with may not.
 * There it is made at once, not by the job that builds the others.
 */
function ensureDedupIndex(db: DatabaseSync): void {
  if (schemaHas(db, "index", DEDUP_INDEX)) return;
  // A table without rows gets it in its turn.
  if (db.prepare("SELECT 1 FROM observations LIMIT 1").get() === undefined) return;
  db.exec(
    `DELETE FROM observations WHERE observer_idx IS NOT NULL AND id NOT IN (
       SELECT min(id) FROM observations
       GROUP BY transmission_id, observer_idx, COALESCE(path_json, ''))`,
  );
  db.exec(indexStatements().find((sql) => sql.includes(DEDUP_INDEX))!);
}

/** What CoreScope corrects at its start in tables that are small. */
function correctSmallTables(db: DatabaseSync): void {
  db.exec(
    `UPDATE observers SET noise_floor = CAST(noise_floor AS REAL)
     WHERE typeof(noise_floor) = 'integer'`,
  );
  db.exec(`UPDATE observers SET noise_floor = NULL WHERE noise_floor NOT ${MEASURABLE}`);
  for (const table of ["nodes", "inactive_nodes"]) {
    db.exec(
      `UPDATE OR IGNORE ${table} SET public_key = lower(public_key)
       WHERE public_key <> lower(public_key)`,
    );
  }
}

/** Observers on the operator's blacklist are shown no more; their observations stay. */
function retireBlacklisted(db: DatabaseSync, blacklist: readonly string[]): void {
  const retire = db.prepare(
    `UPDATE observers SET inactive = 1 WHERE lower(id) = lower(?) AND coalesce(inactive, 0) = 0`,
  );
  for (const id of blacklist.map((one) => one.trim())) if (id !== "") retire.run(id);
}
