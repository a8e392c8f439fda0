/**
 * Proves that a copy of a database holds what the original does, before anybody relies on it.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { StorageError } from "../capture/network.ts";
import type { RowProgress } from "./copy_rows.ts";
import { integrityCheck } from "./maintenance.ts";
import { quoteName } from "./sql_names.ts";
import { countRows, rowsOf, type TableShape, tableShapes } from "./table_shape.ts";

/** What was compared. */
export interface ComparedCopy {
  /** Tables, SQLite's own included. */
  readonly tables: number;
  /** Rows of all of them. */
  readonly rows: number;
}

/** Rows between two reports. */
const REPORT_ROWS = 5_000;

/**
 * Checks the integrity of `copy`, that it has the same tables, indexes, views and triggers as
 * `source`, and as many rows in each table.
 *
 * @throws {StorageError} `corrupt`, naming the first thing that differs.
 */
export function checkCopy(source: DatabaseSync, copy: DatabaseSync): ComparedCopy {
  const faults = integrityCheck(copy);
  if (faults.length > 0) throw unlike(`integrity_check says: ${faults.slice(0, 3).join("; ")}`);
  const objects = (db: DatabaseSync) =>
    db.prepare("SELECT type || ' ' || name AS o, sql FROM sqlite_master ORDER BY type, name").all()
      .map((row) => `${row["o"]}: ${row["sql"]}`);
  const [mine, theirs] = [objects(source), new Set(objects(copy))];
  const missing = mine.find((one) => !theirs.has(one));
  if (missing !== undefined) throw unlike(`it lacks ${missing}`);
  const shapes = tableShapes(source);
  let rows = 0;
  for (const shape of shapes) {
    const [original, copied] = [countRows(source, [shape]), countRows(copy, [shape])];
    if (original !== copied) {
      throw unlike(`table ${shape.name} has ${copied} rows instead of ${original}`);
    }
    rows += original;
  }
  return { tables: shapes.length, rows };
}

/**
 * Compares every value of every row, with its type.
 *
 * @throws {StorageError} `corrupt`, naming the table of the first difference.
 */
export function compareRows(
  source: DatabaseSync,
  copy: DatabaseSync,
  onProgress?: RowProgress,
): void {
  const shapes = tableShapes(source);
  const total = onProgress === undefined ? 0 : countRows(source, shapes);
  let done = 0;
  for (const shape of shapes) {
    const copied = rowsOf(copy, shape);
    try {
      for (const { values } of rowsOf(source, shape)) {
        const other = copied.next();
        const same = !other.done && values.every((v, i) => isSame(v, other.value.values[i]));
        if (!same) throw unlike(`table ${shape.name} differs at its row ${done + 1}`);
        if (++done % REPORT_ROWS === 0) onProgress?.(done, total);
      }
    } finally {
      copied.return(undefined);
    }
    compareTextBytes(source, copy, shape);
  }
  onProgress?.(done, total);
}

/** Text that is no UTF-8 reads alike when it is not: its length in bytes tells. */
function compareTextBytes(source: DatabaseSync, copy: DatabaseSync, shape: TableShape): void {
  const lengths = shape.columns.map((c) => `total(length(CAST(${c} AS BLOB)))`).join(" || ' ' || ");
  const bytes = (db: DatabaseSync) =>
    db.prepare(`SELECT ${lengths} AS n FROM ${quoteName(shape.name)}`).get()?.["n"];
  if (bytes(source) !== bytes(copy)) throw unlike(`text in table ${shape.name} has other bytes`);
}

function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return a.length === b.length && a.every((byte, i) => byte === b[i]);
  }
  return Object.is(a, b);
}

function unlike(what: string): StorageError {
  return new StorageError(`the copy is not like the original: ${what}`, "corrupt", false);
}
