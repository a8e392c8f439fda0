/**
 * Opens a Meshtastic database: recognises whose it is, brings it up, and says which jobs remain.
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
import { ensureViews, readTables } from "../storage/schema.ts";
import { storageFailure } from "../storage/storage_failure.ts";
import { transaction } from "../storage/transaction.ts";
import type { EnumNames } from "./enum_names.ts";
import { adoptMeshpipeNodes } from "./meshpipe_nodes.ts";
import { rewriteJob } from "./meshpipe_packets.ts";
import { mendReferences } from "./meshpipe_references.ts";
import { retentionJob } from "./retention_job.ts";
import { meshtasticMigrations } from "./store_migrations.ts";
import { type IndexSet, indexStatements, viewStatements } from "./store_schema.ts";

/** Who made the file. */
export type Origin = "new" | "malla" | "meshpipe";

/** Key of {@linkcode Origin} in `capture_state`. */
export const ORIGIN = "origin";

/** What {@linkcode openMeshtasticDatabase} needs to know. */
export interface OpenParts {
  /** Path of the database. */
  readonly path: string;
  /** Settings of SQLite. */
  readonly settings: StorageSettings;
  /** Which of Malla's indexes there shall be. */
  readonly indexes: IndexSet;
  /** 0: everything is kept. */
  readonly retentionHours: number;
  /** Names of the protobufs' enums, to bring a meshpipe database to Malla's meaning. */
  readonly enumNames: EnumNames;
  /** Seconds since the epoch, recorded with migrations. */
  readonly nowSeconds: number;
}

/** An open Meshtastic database. */
export interface OpenedStore {
  /** The open database, with its lock. */
  readonly database: OpenDatabase;
  /** Which program made it. */
  readonly origin: Origin;
  /** Its background jobs, in the order of need. */
  readonly jobs: readonly Job[];
  /** Migrations that were applied now. */
  readonly applied: readonly string[];
}

/** Milliseconds between runs of the retention job. */
const RETENTION_EVERY_MS = 15 * 60_000;

/**
 * Opens and brings up in one transaction: tables, columns, nodes and views at once; indexes of tables
 * with rows, packets and retention are left to the jobs.
 *
 * @throws {StorageError} saying why the file is refused, and what to do.
 */
export function openMeshtasticDatabase(parts: OpenParts): OpenedStore {
  const database = openDatabase(parts.path, parts.settings);
  try {
    const { db } = database;
    return transaction(db, () => {
      const tables = readTables(db);
      const found = recognise(tables, parts.path);
      mendReferences(db);
      adoptOldMeshpipe(db, tables);
      const applied = migrate(db, [captureMigrations, meshtasticMigrations], parts.nowSeconds);
      const origin = hasMeshpipeTexts(db)
        ? "meshpipe"
        : (readState(db, ORIGIN) as Origin | undefined) ?? found;
      writeState(db, ORIGIN, origin);
      if (origin === "meshpipe") {
        copyOldTimes(db);
        adoptMeshpipeNodes(db, parts.enumNames);
      }
      const indexes = ensureIndexes(db, indexStatements(parts.indexes));
      ensureViews(db, viewStatements());
      const rewrite = origin === "meshpipe" ? rewriteJob(db, parts.enumNames) : undefined;
      const jobs = [indexes, rewrite].filter((job) => job !== undefined);
      if (parts.retentionHours > 0) {
        jobs.push(retentionJob(db, parts.retentionHours, RETENTION_EVERY_MS));
      }
      return { database, origin, jobs, applied };
    });
  } catch (error) {
    database[Symbol.dispose]();
    throw storageFailure(error, `${parts.path} cannot be brought up`);
  }
}

function recognise(tables: ReadonlyMap<string, ReadonlySet<string>>, path: string): Origin {
  const names = [...tables.keys()].filter((name) => !name.startsWith("sqlite_"));
  if (names.length === 0) return "new";
  const packets = tables.get("packet_history");
  if (packets === undefined || !packets.has("topic") || !packets.has("from_node_id")) {
    throw new StorageError(
      `${path} is a database of another program (it has ${names.slice(0, 5).join(", ")}${
        names.length > 5 ? ", …" : ""
      }, but no packet_history of Malla's or meshpipe's): name another file`,
      "foreign_schema",
      false,
    );
  }
  const meshpipe = tables.has("link_history") || tables.has("text_messages") ||
    (tables.get("node_info")?.has("hw_model_name") ?? false);
  return meshpipe ? "meshpipe" : "malla";
}

/** True when meshpipe wrote last, whoever made the file: its texts have small letters. */
function hasMeshpipeTexts(db: DatabaseSync): boolean {
  return db.prepare(
    `SELECT 1 FROM (SELECT portnum_name FROM packet_history ORDER BY id DESC LIMIT 10)
     WHERE portnum_name GLOB '*[a-z]*'`,
  ).get() !== undefined;
}

/** meshpipe's first versions called the column `updated_at`. */
function adoptOldMeshpipe(
  db: DatabaseSync,
  tables: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const nodes = tables.get("node_info");
  if (nodes?.has("updated_at") && !nodes.has("last_updated")) {
    db.exec("ALTER TABLE node_info RENAME COLUMN updated_at TO last_updated");
  }
}

/** A file that has seen both versions has both columns. */
function copyOldTimes(db: DatabaseSync): void {
  if (!readTables(db).get("node_info")!.has("updated_at")) return;
  db.exec("UPDATE node_info SET last_updated = updated_at WHERE last_updated IS NULL");
}
