/** Names of tables and columns in databases that others made. @module */
import type { DatabaseSync } from "node:sqlite";

/** `name` as an SQL identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Columns of a table or view in their order; empty when there is no such table. */
export function tableColumns(db: DatabaseSync, table: string): string[] {
  return db.prepare("SELECT name FROM pragma_table_info(?) ORDER BY cid").all(table)
    .map((row) => String(row["name"]));
}
