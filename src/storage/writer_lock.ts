/**
 * One writer a database, or a recording. The lock is an exclusive transaction on a small SQLite file
 * beside it: it needs no more than the permissions of the directory, works between threads and
 * processes alike (file locks of Deno do not: `tryLock` is missing in 2.4), and dies with its holder.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { StorageError } from "../capture/network.ts";
import { sqliteCode } from "./storage_failure.ts";

/** A held lock. */
export class WriterLock implements Disposable {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Path of the lock file of a database. */
  static pathFor(databasePath: string): string {
    return `${databasePath}.lock`;
  }

  /**
   * Takes the lock or fails at once.
   *
   * @throws {StorageError} `in_use` when another meshcapture holds it.
   * @throws what SQLite throws when the file cannot be made.
   */
  static acquire(databasePath: string): WriterLock {
    const db = new DatabaseSync(WriterLock.pathFor(databasePath));
    try {
      db.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      // On a file that we may only read, SQLite takes the line above for a read transaction, which
      // locks nobody out. A table tells the difference; it never reaches the file.
      db.exec("CREATE TABLE held (x)");
    } catch (error) {
      db.close();
      if (sqliteCode(error) === 5) {
        throw new StorageError(
          `${databasePath} is in use by another meshcapture: stop that one first, or give this one another database`,
          "in_use",
          false,
          { cause: error },
        );
      }
      throw error;
    }
    return new WriterLock(db);
  }

  /**
   * True while somebody holds the lock of a database. It only reads, so that it cannot keep anybody
   * from taking the lock for longer than a moment.
   */
  static isHeld(databasePath: string): boolean {
    let db: DatabaseSync | undefined;
    try {
      db = new DatabaseSync(WriterLock.pathFor(databasePath), { readOnly: true });
      db.exec("PRAGMA busy_timeout = 0");
      // Not prepare(): on Deno 2.4 it fails without saying why.
      db.exec("SELECT count(*) FROM sqlite_schema");
      return false;
    } catch (error) {
      return sqliteCode(error) === 5;
    } finally {
      db?.close();
    }
  }

  /** Releases the lock. The file stays: removing it would let two holders lock two files. */
  [Symbol.dispose](): void {
    this.#db.close();
  }
}
