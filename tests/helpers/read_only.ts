/** @module */
import { DatabaseSync } from "node:sqlite";

/** A database for reading, closed when it is disposed of; on Deno 2.4 it cannot be by itself. */
export function readOnly(path: string): DatabaseSync & Disposable {
  const db = new DatabaseSync(path, { readOnly: true });
  return Object.assign(db, { [Symbol.dispose]: () => db.close() });
}
