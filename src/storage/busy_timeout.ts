/** @module */
import type { DatabaseSync } from "node:sqlite";

/** Runs `work` with another patience towards locks of other programs, in milliseconds. */
export function withBusyTimeout<T>(
  db: DatabaseSync,
  timeoutMs: number,
  normalMs: number,
  work: () => T,
): T {
  db.exec(`PRAGMA busy_timeout = ${Math.trunc(timeoutMs)}`);
  try {
    return work();
  } finally {
    db.exec(`PRAGMA busy_timeout = ${Math.trunc(normalMs)}`);
  }
}
