/** @module */
import { DatabaseSync, type StatementSync } from "node:sqlite";

/**
 * How many rows a table has gained, as a reader beside the writer sees it. Goes by the highest id,
 * which costs the same on any size of file.
 */
export class RowCounter implements Disposable {
  readonly #db: DatabaseSync;
  readonly #highest: StatementSync;
  /** Highest id at the beginning. */
  readonly base: number;

  /**
   * Opens `path`, which must exist.
   *
   * @param base highest id at the beginning; read now where it is not given
   */
  constructor(path: string, private readonly table: string, base?: number) {
    this.#db = new DatabaseSync(path, { readOnly: true });
    this.#db.exec("PRAGMA busy_timeout = 5000");
    this.#highest = this.#db.prepare(`SELECT max(id) AS n FROM ${table}`);
    this.base = base ?? 0;
    if (base === undefined) this.base = this.gained();
  }

  /** Rows gained, as far as ids go without gaps. */
  gained(): number {
    return Number(this.#highest.get()?.["n"] ?? 0) - this.base;
  }

  /** Rows gained, counted one by one. */
  count(): number {
    const sql = `SELECT count(*) AS n FROM ${this.table} WHERE id > ?`;
    return Number(this.#db.prepare(sql).get(this.base)?.["n"]);
  }

  /** The first column of the first row of a query. */
  value(sql: string): unknown {
    return Object.values(this.#db.prepare(sql).get() ?? {})[0];
  }

  /** Closes the reader. */
  [Symbol.dispose](): void {
    this.#db.close();
  }
}
