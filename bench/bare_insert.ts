/** The bare limit: the same rows, inserted by a loop that does nothing else. @module */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

/** Rows a transaction, as the service's `batch_max`. */
const BATCH = 2000;

/**
 * Rows a second at which the rows of `packet_history` in `from` go into the new database `to` with
 * the same indexes, one transaction for 2,000 rows, synchronous FULL, in this thread.
 */
export function bareInsertRate(from: string, to: string): number {
  using source = disposable(new DatabaseSync(from, { readOnly: true }));
  using target = disposable(new DatabaseSync(to));
  target.db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;" +
      "PRAGMA wal_autocheckpoint = 16000; PRAGMA cache_size = -8192",
  );
  const schema = source.db.prepare(
    "SELECT sql FROM sqlite_master WHERE tbl_name = 'packet_history' AND type IN ('table', 'index')" +
      " AND sql IS NOT NULL ORDER BY type = 'index'",
  ).all();
  for (const { sql } of schema) target.db.exec(String(sql));
  const rows = source.db.prepare("SELECT * FROM packet_history ORDER BY id").all()
    .map((row) => Object.values(row) as SQLInputValue[]);
  const width = rows[0]?.length ?? 0;
  if (width === 0) return 0;
  const insert = target.db.prepare(
    `INSERT INTO packet_history VALUES (${Array(width).fill("?").join(", ")})`,
  );
  const start = performance.now();
  for (let at = 0; at < rows.length; at += BATCH) {
    target.db.exec("BEGIN IMMEDIATE");
    for (const row of rows.slice(at, at + BATCH)) insert.run(...row);
    target.db.exec("COMMIT");
  }
  return rows.length / (performance.now() - start) * 1000;
}

/** `DatabaseSync` is no Disposable in every Deno that this runs on. */
function disposable(db: DatabaseSync): Disposable & { readonly db: DatabaseSync } {
  return { db, [Symbol.dispose]: () => db.close() };
}
