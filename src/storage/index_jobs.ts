/** @module */
import type { DatabaseSync } from "node:sqlite";
import type { Job } from "../capture/network.ts";
import { pragmaNumber } from "./maintenance.ts";
import { schemaHas } from "./schema.ts";

/** Milliseconds a row of building an index, before one was built: measured 0.5 to 3.5 µs. */
const FIRST_MS_PER_ROW = 0.002;

/** A smaller table says nothing of how long a row takes. */
const FEW_ROWS = 10_000;

/**
 * Makes indexes of empty tables at once and returns the job that builds the others, if there are any,
 * one a slice: SQLite cannot divide the building of one, so a commit may have to wait for it.
 */
export function ensureIndexes(db: DatabaseSync, statements: readonly string[]): Job | undefined {
  const missing = statements.map((sql) => ({ sql, ...namesOf(sql) }))
    .filter(({ index }) => !schemaHas(db, "index", index));
  const waiting = missing.filter(({ sql, table }) => {
    if (db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() !== undefined) return true;
    db.exec(sql);
    return false;
  });
  if (waiting.length === 0) return undefined;
  let msPerRow = FIRST_MS_PER_ROW;
  // Counting would read the whole table.
  const rowsOf = (table: string) =>
    Number(db.prepare(`SELECT max(rowid) AS n FROM ${table}`).get()?.["n"] ?? 0);
  return {
    name: "indexes",
    everyMs: 0,
    longStep() {
      const next = waiting[0];
      if (next === undefined) return undefined;
      const expectedMs = Math.ceil(rowsOf(next.table) * msPerRow);
      return { what: `building index ${next.index} of ${next.table}`, expectedMs };
    },
    step() {
      const next = waiting[0];
      if (next === undefined) return "done";
      const began = performance.now();
      sortedOnDisk(db, next.sql);
      const rows = rowsOf(next.table);
      if (rows >= FEW_ROWS) msPerRow = (performance.now() - began) / rows;
      waiting.shift();
      return waiting.length > 0 ? "more" : "done";
    },
  };
}

/**
 * Builds an index with its sorting done in files. In memory, where the connection does it otherwise,
 * it would take 60 MB for a million rows, and no less time.
 */
function sortedOnDisk(db: DatabaseSync, sql: string): void {
  const before = pragmaNumber(db, "temp_store");
  db.exec("PRAGMA temp_store = FILE");
  try {
    db.exec(sql);
  } finally {
    db.exec(`PRAGMA temp_store = ${before}`);
  }
}

function namesOf(sql: string): { index: string; table: string } {
  const match = /^CREATE (?:UNIQUE )?INDEX IF NOT EXISTS (\w+) ON (\w+)/.exec(sql);
  if (match === null) throw new Error(`no index statement: ${sql.slice(0, 40)}`);
  return { index: match[1]!, table: match[2]! };
}
