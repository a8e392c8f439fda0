/**
 * What must be known of a database's tables to copy or compare them row by row, whoever made them.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { StorageError } from "../capture/network.ts";
import { quoteName } from "./sql_names.ts";

/** A table that holds rows of its own. */
export interface TableShape {
  /** Its name. */
  readonly name: string;
  /** The statement that made it; undefined for SQLite's own tables. */
  readonly sql: string | undefined;
  /** Columns that can be written, quoted: the row id first where it is no column of its own. */
  readonly columns: readonly string[];
  /** What tells its rows apart and puts them in order: the row id or the primary key, quoted. */
  readonly key: readonly string[];
}

/** Names by which SQLite knows a row id, unless a column has taken them. */
const ROW_ID_NAMES = ["rowid", "_rowid_", "oid"] as const;

/**
 * Every table of the database with its writable columns, in the order in which they were made.
 *
 * @throws {StorageError} `unexpected` for a virtual table: its rows lie in tables of its module's.
 */
export function tableShapes(db: DatabaseSync): TableShape[] {
  const tables = db.prepare(
    "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY rowid",
  ).all();
  return tables.map((table) => {
    const name = String(table["name"]);
    const sql = String(table["sql"] ?? "");
    if (/^CREATE VIRTUAL TABLE/i.test(sql)) {
      throw new StorageError(
        `${name} is a virtual table, which cannot be copied row by row: drop it, or use "sqlite3 FILE .backup"`,
        "unexpected",
        false,
      );
    }
    return shapeOf(db, name, name.startsWith("sqlite_") ? undefined : sql);
  });
}

function shapeOf(db: DatabaseSync, name: string, sql: string | undefined): TableShape {
  const rows = db.prepare("SELECT name, pk, hidden, type FROM pragma_table_xinfo(?) ORDER BY cid")
    .all(name);
  // Hidden 2 and 3 are generated columns: SQLite computes them, and refuses to be told.
  const stored = rows.filter((row) => row["hidden"] === 0);
  const keys = stored.filter((row) => Number(row["pk"]) > 0)
    .sort((a, b) => Number(a["pk"]) - Number(b["pk"]));
  const columns = stored.map((row) => quoteName(String(row["name"])));
  const taken = new Set(rows.map((row) => String(row["name"]).toLowerCase()));
  const rowId = hasRowId(db, name) ? ROW_ID_NAMES.find((one) => !taken.has(one)) : undefined;
  if (rowId === undefined) {
    const key = (keys.length > 0 ? keys : stored).map((row) => quoteName(String(row["name"])));
    return { name, sql, columns, key };
  }
  // INTEGER PRIMARY KEY is the row id under another name.
  const isAlias = keys.length === 1 && /^integer$/i.test(String(keys[0]!["type"]));
  return { name, sql, columns: isAlias ? columns : [rowId, ...columns], key: [rowId] };
}

function hasRowId(db: DatabaseSync, name: string): boolean {
  const row = db.prepare("SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?")
    .get(name);
  return row?.["wr"] === 0;
}

/** A row with what tells it apart. */
export interface KeyedRow {
  /** Values of the shape's columns, integers as bigint. */
  readonly values: SQLInputValue[];
  /** Values of the shape's key. */
  readonly key: SQLInputValue[];
  /** True when text in it may be another than what `values` say: no UTF-8, or with a NUL inside. */
  readonly isOdd: boolean;
}

/** What a decoder puts where bytes are no UTF-8. */
const REPLACEMENT = "\uFFFD";

/** The rows of a table in the order of their keys. */
export function* rowsOf(db: DatabaseSync, { name, columns, key }: TableShape): Generator<KeyedRow> {
  // Two columns of one name would be one property of the row.
  const selected = [...columns, ...key].map((column, i) => `${column} AS c${i}`);
  // node:sqlite ends a text at a NUL, which SQLite does not.
  const nul = columns.map((c) => `(typeof(${c}) = 'text' AND instr(CAST(${c} AS BLOB), x'00'))`);
  selected.push(`${nul.join(" OR ")} AS has_nul`);
  const statement = db.prepare(
    `SELECT ${selected.join(", ")} FROM ${quoteName(name)} ORDER BY ${key.join(", ")}`,
  );
  // As number, an integer beyond 2^53 would be another one; and what is bound as number is REAL.
  statement.setReadBigInts(true);
  for (const row of statement.iterate()) {
    const all = Object.values(row) as SQLInputValue[];
    const hasNul = all.pop() !== 0n;
    const values = all.slice(0, columns.length);
    yield {
      values,
      key: all.slice(columns.length),
      isOdd: hasNul || values.some((v) => typeof v === "string" && v.includes(REPLACEMENT)),
    };
  }
}

/** Rows of all `shapes` together. */
export function countRows(db: DatabaseSync, shapes: readonly TableShape[]): number {
  return shapes.reduce((sum, { name }) => {
    const row = db.prepare(`SELECT count(*) AS n FROM ${quoteName(name)}`).get();
    return sum + Number(row?.["n"] ?? 0);
  }, 0);
}
