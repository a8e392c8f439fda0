/** @module */
import type { DatabaseSync } from "node:sqlite";

/**
 * Runs `work` inside one write transaction. The write lock is taken at once, so that a lock of
 * another program is met before any work is done.
 *
 * @throws what `work` or SQLite throws; nothing is written then.
 */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

/** Ends a transaction without effect; also where SQLite has done so by itself (disk full). */
export function rollBack(db: DatabaseSync): void {
  try {
    db.exec("ROLLBACK");
  } catch {
    // "no transaction is active": SQLite rolls back by itself after some failures.
  }
}
