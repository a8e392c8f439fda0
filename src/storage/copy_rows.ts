/**
 * Copies a database row by row into a new file. That is what `VACUUM` does, which Deno refuses under
 * permission flags; and what a backup needs where the runtime has no backup API.
 *
 * @module
 */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { StorageError } from "../capture/network.ts";
import { quoteName } from "./sql_names.ts";
import { countRows, rowsOf, type TableShape, tableShapes } from "./table_shape.ts";
import { transaction } from "./transaction.ts";

/** Told how many rows are done, of how many. */
export type RowProgress = (done: number, total: number) => void;

/** Rows between two reports. */
const REPORT_ROWS = 5_000;

/** Tables that SQLite makes by itself once there is something to keep in them. */
const SEQUENCE = "sqlite_sequence";
const STATISTICS = /^sqlite_stat\d$/;

/**
 * Writes all of `source` into the new file `path`: tables with their row ids, indexes, views,
 * triggers, statistics and what the header says; with `auto_vacuum = INCREMENTAL`. Nothing is synced
 * to the disk before the end: a crash leaves a file to throw away.
 *
 * @param source best inside a read transaction, so that what it holds stands still.
 * @returns rows copied.
 * @throws what SQLite throws; the file is incomplete then.
 */
export function copyRows(source: DatabaseSync, path: string, onProgress?: RowProgress): number {
  const shapes = tableShapes(source);
  const total = onProgress === undefined ? 0 : countRows(source, shapes);
  const target = new DatabaseSync(path);
  try {
    copyHeader(source, target);
    target.exec("PRAGMA journal_mode = OFF");
    target.exec("PRAGMA synchronous = OFF");
    target.exec("PRAGMA foreign_keys = OFF");
    let done = 0;
    transaction(target, () => {
      for (const shape of shapes) if (shape.sql !== undefined) target.exec(shape.sql);
      for (const shape of inOrder(shapes)) {
        copyTable(source, target, shape, () => {
          if (++done % REPORT_ROWS === 0) onProgress?.(done, total);
        });
      }
      // After the rows: an index is made faster, and packed closer, when all its keys are there.
      for (const sql of laterObjects(source)) target.exec(sql);
    });
    done += copyStatistics(source, target, shapes);
    onProgress?.(done, total);
    return done;
  } finally {
    target.close();
  }
}

/** What AUTOINCREMENT has counted comes last: filling a table counts, too. */
function inOrder(shapes: readonly TableShape[]): TableShape[] {
  const own = shapes.filter(({ name }) => !STATISTICS.test(name));
  return [
    ...own.filter(({ name }) => name !== SEQUENCE),
    ...own.filter(({ name }) => name === SEQUENCE),
  ];
}

function copyHeader(source: DatabaseSync, target: DatabaseSync): void {
  const value = (name: string) => source.prepare(`PRAGMA ${name}`).get()?.[name];
  target.exec(`PRAGMA page_size = ${Number(value("page_size"))}`);
  target.exec(`PRAGMA encoding = '${String(value("encoding"))}'`);
  // Only before the first table: afterwards it takes a VACUUM.
  target.exec("PRAGMA auto_vacuum = INCREMENTAL");
  for (const name of ["user_version", "application_id"]) {
    target.exec(`PRAGMA ${name} = ${Number(value(name))}`);
  }
}

function copyTable(
  source: DatabaseSync,
  target: DatabaseSync,
  shape: TableShape,
  onRow: () => void,
): void {
  // What filling the other tables has counted gives way to what the original says.
  if (shape.name === SEQUENCE) target.exec(`DELETE FROM ${SEQUENCE}`);
  const insert = target.prepare(insertInto(shape, shape.columns.map(() => "?")));
  for (const { values, key, isOdd } of rowsOf(source, shape)) {
    if (isOdd) copyAsBytes(source, target, shape, values, key);
    else insert.run(...values);
    onRow();
  }
}

function insertInto({ name, columns }: TableShape, values: readonly string[]): string {
  return `INSERT INTO ${quoteName(name)} (${columns.join(", ")}) VALUES (${values.join(", ")})`;
}

/**
 * Copies a row whose text is perhaps no UTF-8, such as a name that a radio garbled and another
 * program stored unread, without making a JavaScript string of it.
 */
function copyAsBytes(
  source: DatabaseSync,
  target: DatabaseSync,
  shape: TableShape,
  values: readonly SQLInputValue[],
  key: readonly SQLInputValue[],
): void {
  const isText = values.map((value) => typeof value === "string");
  const select = source.prepare(
    `SELECT ${
      shape.columns.map((c, i) => `${isText[i] ? `CAST(${c} AS BLOB)` : c} AS c${i}`).join(", ")
    } FROM ${quoteName(shape.name)} WHERE ${shape.key.map((k) => `${k} IS ?`).join(" AND ")}`,
  );
  select.setReadBigInts(true);
  const row = select.get(...key);
  if (row === undefined) {
    throw new StorageError(
      `a row of ${shape.name} has a key that is no UTF-8, or with a NUL, and cannot be copied: delete it first`,
      "unexpected",
      false,
    );
  }
  target.prepare(insertInto(shape, isText.map((text) => text ? "CAST(? AS TEXT)" : "?")))
    .run(...Object.values(row));
}

function laterObjects(source: DatabaseSync): string[] {
  return source.prepare(
    `SELECT sql FROM sqlite_master WHERE type IN ('index', 'view', 'trigger') AND sql IS NOT NULL
     ORDER BY CASE type WHEN 'index' THEN 0 WHEN 'view' THEN 1 ELSE 2 END, rowid`,
  ).all().map((row) => String(row["sql"]));
}

function copyStatistics(
  source: DatabaseSync,
  target: DatabaseSync,
  shapes: readonly TableShape[],
): number {
  const found = shapes.filter(({ name }) => STATISTICS.test(name));
  if (found.length === 0) return 0;
  let done = 0;
  // Makes the tables; they cannot be made by hand.
  target.exec("ANALYZE sqlite_master");
  transaction(target, () => {
    for (const shape of found) copyTable(source, target, shape, () => done++);
  });
  return done;
}
