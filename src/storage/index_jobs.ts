/** @module */
import type { DatabaseSync } from "node:sqlite";
import type { Job } from "../capture/network.ts";
import { schemaHas } from "./schema.ts";

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
  return {
    name: "indexes",
    everyMs: 0,
    step() {
      const next = waiting[0];
      if (next === undefined) return "done";
      db.exec(next.sql);
      waiting.shift();
      return waiting.length > 0 ? "more" : "done";
    },
  };
}

function namesOf(sql: string): { index: string; table: string } {
  const match = /^CREATE (?:UNIQUE )?INDEX IF NOT EXISTS (\w+) ON (\w+)/.exec(sql);
  if (match === null) throw new Error(`no index statement: ${sql.slice(0, 40)}`);
  return { index: match[1]!, table: match[2]! };
}
