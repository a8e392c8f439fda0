/**
 * Runs plain numbered SQL. A file that adds a column holds nothing else, and 'duplicate column name'
 * counts as done: so the same files bring a new file and any older generation to the same shape,
 * and any SQLite client can replay them by hand.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { StorageError } from "../capture/network.ts";
import { messageOf } from "./storage_failure.ts";

/** The migrations of one set, such as `capture` or a network's own, in order. */
export interface MigrationSet {
  /** Names the set in the table of applied migrations. */
  readonly name: string;
  /** File name, beginning with its number, and text. */
  readonly files: readonly (readonly [name: string, sql: string])[];
}

const RECORDS = `CREATE TABLE IF NOT EXISTS capture_migrations (
  name TEXT PRIMARY KEY,
  applied_at REAL NOT NULL
) WITHOUT ROWID`;

/**
 * Applies what `db` does not have yet. To be called inside a transaction.
 *
 * @param nowSeconds recorded with each migration, seconds since the epoch.
 * @returns names of those applied now.
 * @throws {StorageError} `newer_schema` when the file has seen a later version of this program.
 */
export function migrate(
  db: DatabaseSync,
  sets: readonly MigrationSet[],
  nowSeconds: number,
): string[] {
  db.exec(RECORDS);
  const done = new Set(
    db.prepare("SELECT name FROM capture_migrations").all().map((row) => String(row["name"])),
  );
  refuseNewer(done, sets);
  const record = db.prepare("INSERT INTO capture_migrations (name, applied_at) VALUES (?, ?)");
  const applied: string[] = [];
  for (const set of sets) {
    for (const [file, sql] of set.files) {
      const name = `${set.name}/${file}`;
      if (done.has(name)) continue;
      apply(db, name, sql);
      record.run(name, nowSeconds);
      applied.push(name);
    }
  }
  return applied;
}

function apply(db: DatabaseSync, name: string, sql: string): void {
  try {
    db.exec(sql);
  } catch (error) {
    if (messageOf(error).includes("duplicate column name")) return;
    if (error instanceof Error) error.message = `migration ${name}: ${error.message}`;
    throw error;
  }
}

function refuseNewer(done: ReadonlySet<string>, sets: readonly MigrationSet[]): void {
  for (const set of sets) {
    const known = Math.max(0, ...set.files.map(([file]) => numberOf(file)));
    for (const name of done) {
      if (!name.startsWith(`${set.name}/`)) continue;
      if (numberOf(name.slice(set.name.length + 1)) > known) {
        throw new StorageError(
          `the database was written by a later meshcapture (it has ${name}): use that version or a later one`,
          "newer_schema",
          false,
        );
      }
    }
  }
}

function numberOf(file: string): number {
  return Number.parseInt(file, 10) || 0;
}
