/** `capture_state`: what a file is, and how far its background jobs have come. @module */
import type { DatabaseSync } from "node:sqlite";

/** A value of the table; undefined when there is none. */
export function readState(db: DatabaseSync, key: string): string | number | undefined {
  const value = db.prepare("SELECT value FROM capture_state WHERE key = ?").get(key)?.["value"];
  return typeof value === "string" || typeof value === "number" ? value : undefined;
}

/** Sets a value. */
export function writeState(db: DatabaseSync, key: string, value: string | number): void {
  db.prepare(
    `INSERT INTO capture_state (key, value) VALUES (?, ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  ).run(key, value);
}
