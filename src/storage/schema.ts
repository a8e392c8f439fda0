/**
 * Questions about a database's tables, and SQL files cut into statements.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";

/** Names of the tables of a database with their columns. */
export function readTables(db: DatabaseSync): Map<string, ReadonlySet<string>> {
  const rows = db.prepare(
    `SELECT m.name AS tab, c.name AS col FROM sqlite_master AS m, pragma_table_info(m.name) AS c
     WHERE m.type = 'table'`,
  ).all();
  const tables = new Map<string, Set<string>>();
  for (const row of rows) {
    const table = String(row["tab"]);
    const columns = tables.get(table) ?? new Set();
    columns.add(String(row["col"]));
    tables.set(table, columns);
  }
  return tables;
}

/** True when there is a table, index or view of that name. */
export function schemaHas(
  db: DatabaseSync,
  type: "table" | "index" | "view",
  name: string,
): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE type = ? AND name = ?")
    .get(type, name) !== undefined;
}

/** True when an index over all rows of `table` begins with `column`, whatever its name. */
export function hasIndexBy(db: DatabaseSync, table: string, column: string): boolean {
  return db.prepare(
    `SELECT 1 FROM pragma_index_list(?) AS list, pragma_index_info(list.name) AS part
     WHERE list.partial = 0 AND part.seqno = 0 AND part.name = ? LIMIT 1`,
  ).get(table, column) !== undefined;
}

/** The statements of an SQL file of ours: comment lines dropped, cut at semicolons that end a line. */
export function splitStatements(sql: string): string[] {
  return sql.split("\n").filter((line) => !line.trimStart().startsWith("--")).join("\n")
    .split(/;\s*(?:\n|$)/).map((statement) => statement.trim()).filter((s) => s !== "");
}

/**
 * Makes `views` as given: a view of that name that reads otherwise (an upstream makes its own at each
 * start) is replaced.
 */
export function ensureViews(db: DatabaseSync, views: readonly string[]): void {
  const current = db.prepare("SELECT sql FROM sqlite_master WHERE type = 'view' AND name = ?");
  for (const statement of views) {
    const name = /^CREATE VIEW (\w+)/.exec(statement)?.[1];
    if (name === undefined) throw new Error(`no view statement: ${statement.slice(0, 40)}`);
    if (current.get(name)?.["sql"] === statement) continue;
    db.exec(`DROP VIEW IF EXISTS ${name}`);
    db.exec(statement);
  }
}
