/** @module */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { storageFailure } from "./storage_failure.ts";

/** A connection that only reads, beside the writer. */
export class Reader implements Disposable {
  readonly #db: DatabaseSync;
  readonly #path: string;

  /**
   * Opens for reading only.
   *
   * @param path an existing database.
   * @param busyTimeoutMs how long a query waits for a lock, in milliseconds.
   * @throws {StorageError} when it cannot be opened.
   */
  constructor(path: string, busyTimeoutMs = 5_000) {
    this.#path = path;
    try {
      this.#db = new DatabaseSync(path, { readOnly: true });
      this.#db.exec(`PRAGMA busy_timeout = ${Math.trunc(busyTimeoutMs)}; PRAGMA query_only = ON`);
    } catch (error) {
      throw storageFailure(error, `cannot read ${path}`);
    }
  }

  /**
   * The rows of a query, with columns by name. Integers beyond 2^53 throw.
   *
   * @throws {StorageError} when SQLite fails.
   */
  query<T = Record<string, unknown>>(sql: string, ...parameters: SQLInputValue[]): T[] {
    try {
      return this.#db.prepare(sql).all(...parameters) as T[];
    } catch (error) {
      throw storageFailure(error, `cannot read ${this.#path}`);
    }
  }

  /** The rows of a query one by one, for what does not fit into memory. */
  *iterate<T = Record<string, unknown>>(
    sql: string,
    ...parameters: SQLInputValue[]
  ): Generator<T> {
    try {
      for (const row of this.#db.prepare(sql).iterate(...parameters)) yield row as T;
    } catch (error) {
      throw storageFailure(error, `cannot read ${this.#path}`);
    }
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.#db.close();
  }
}
