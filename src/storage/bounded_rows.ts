/** @module */
import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Rows that there may be beyond the bound until the oldest go. */
const SLACK = 500;

/** Rows that go at once at most, of a table that had no bound before: a commit waits for them. */
const MOST_AT_ONCE = 2 * SLACK;

/** Bounds a table that only grows by its number of rows: the newest stay, by their ids. */
export class BoundedRows {
  readonly #prune: StatementSync;
  readonly #kept: number;
  #written = 0;

  /** `table` has an integer primary key `id`; `kept` of its rows stay in any case. */
  constructor(db: DatabaseSync, table: string, kept: number) {
    this.#kept = kept;
    this.#prune = db.prepare(
      `DELETE FROM ${table} WHERE id IN (
         SELECT id FROM ${table}
         WHERE id <= (SELECT id FROM ${table} ORDER BY id DESC LIMIT 1 OFFSET ?)
         ORDER BY id LIMIT ${MOST_AT_ONCE})`,
    );
  }

  /** A row was written. To be called in its transaction; now and then the oldest rows go. */
  wrote(): void {
    if (this.#written++ % SLACK === 0) this.#prune.run(this.#kept);
  }
}
