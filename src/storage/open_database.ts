/**
 * Opens a database for its one writer: takes the writer lock, refuses what is not ours with words
 * that say what to do, and sets the pragmas.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { dirname } from "node:path";
import { StorageError } from "../capture/network.ts";
import { describeOwnership } from "./ownership.ts";
import { messageOf, sqliteCode, storageFailure } from "./storage_failure.ts";
import { rollBack } from "./transaction.ts";
import { WriterLock } from "./writer_lock.ts";

/** What an operator may set of SQLite. */
export interface StorageSettings {
  /** `FULL` syncs at each commit; `NORMAL` may lose the last commits in a power cut. Default `FULL`. */
  readonly synchronous?: "FULL" | "NORMAL";
  /** How long opening and migrating wait for other programs' locks, in milliseconds. Default 30,000. */
  readonly busyTimeoutMs?: number;
  /**
   * How long a commit waits for other programs' locks, in milliseconds, before the caller hears of
   * it and tries again. Default 2,000.
   */
  readonly commitBusyTimeoutMs?: number;
  /** Pages of the log after which it is copied into the database. Default 16,000. */
  readonly walAutocheckpointPages?: number;
  /** Size that the log is cut to after a checkpoint, in bytes. Default 64 MiB. */
  readonly journalSizeLimitBytes?: number;
  /** Page cache in KiB. Default 8,192. */
  readonly cacheKib?: number;
}

/** {@linkcode StorageSettings} with every default filled in. */
export const defaultSettings: Required<StorageSettings> = {
  synchronous: "FULL",
  busyTimeoutMs: 30_000,
  commitBusyTimeoutMs: 2_000,
  walAutocheckpointPages: 16_000,
  journalSizeLimitBytes: 64 * 1024 * 1024,
  cacheKib: 8_192,
};

/**
 * Size of a page of a new database. A commit of few messages touches a page of nearly every index for
 * each, and writes whole pages: with half of SQLite's own 4,096 a third less is written (docs/performance.md).
 */
const PAGE_BYTES = 2048;

/** A database that is open for writing. */
export interface OpenDatabase extends Disposable {
  /** The connection that writes. */
  readonly db: DatabaseSync;
  /** Path of the database. */
  readonly path: string;
  /** Settings in force. */
  readonly settings: Required<StorageSettings>;
  /** True when there was no table in the file, or no file. */
  readonly isNew: boolean;
}

/**
 * Opens `path` for writing. Its directory must exist.
 *
 * @throws {StorageError} with the reason, and with what to do in the message.
 */
export function openDatabase(path: string, options: StorageSettings = {}): OpenDatabase {
  const settings = { ...defaultSettings, ...options };
  const directory = dirname(path);
  let lock: WriterLock | undefined;
  let db: DatabaseSync | undefined;
  try {
    refuseNonFiles(path);
    lock = WriterLock.acquire(path);
    db = new DatabaseSync(path);
    const isNew = prepare(db, settings);
    const held = { lock, db };
    return {
      db,
      path,
      settings,
      isNew,
      [Symbol.dispose]() {
        held.db.close();
        held.lock[Symbol.dispose]();
      },
    };
  } catch (error) {
    db?.close();
    lock?.[Symbol.dispose]();
    throw explain(error, path, directory);
  }
}

function refuseNonFiles(path: string): void {
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (!info.isFile) {
    throw new StorageError(
      `${path} is ${info.isDirectory ? "a directory" : "no ordinary file"}: name a database file`,
      "not_a_database",
      false,
    );
  }
}

function prepare(db: DatabaseSync, settings: Required<StorageSettings>): boolean {
  db.exec(`PRAGMA busy_timeout = ${Math.trunc(settings.busyTimeoutMs)}`);
  // The first read: this is where a file that is no database, or a broken one, shows.
  db.exec("SELECT 1 FROM sqlite_master LIMIT 1");
  const isNew = db.prepare("SELECT count(*) AS n FROM sqlite_master").get()?.["n"] === 0;
  if (isNew) db.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL`);
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(`PRAGMA synchronous = ${settings.synchronous === "NORMAL" ? "NORMAL" : "FULL"}`);
  db.exec("PRAGMA foreign_keys = ON");
  db.exec("PRAGMA temp_store = MEMORY");
  db.exec(`PRAGMA wal_autocheckpoint = ${Math.trunc(settings.walAutocheckpointPages)}`);
  db.exec(`PRAGMA journal_size_limit = ${Math.trunc(settings.journalSizeLimitBytes)}`);
  db.exec(`PRAGMA cache_size = ${-Math.trunc(settings.cacheKib)}`);
  // SQLite opens a file that it may not write for reading alone, and says so at the first write.
  try {
    db.exec("BEGIN IMMEDIATE");
    db.exec("CREATE TABLE capture_may_write (x)");
  } finally {
    rollBack(db);
  }
  return isNew;
}

function explain(error: unknown, path: string, directory: string): StorageError {
  if (error instanceof StorageError) return error;
  const what = (text: string, reason: StorageError["reason"], retryable = false) =>
    new StorageError(text, reason, retryable, { cause: error });
  const said = messageOf(error);
  switch (sqliteCode(error)) {
    case 26:
      return what(
        `${path} is not an SQLite database: move it away, or name another file`,
        "not_a_database",
      );
    case 11:
      return what(
        `${path} is corrupt (${said}): stop all programs that use it and restore a copy, or save what can be read with "sqlite3 FILE .recover"`,
        "corrupt",
      );
    case 5:
    case 6:
      return what(
        `${path} is locked by another program (${said}): wait for it to finish, or stop it`,
        "locked",
        true,
      );
    case 8:
      return what(
        `${path} cannot be written (${said}): give it to our user, or make it writable. ${
          describeOwnership(path, directory)
        }`,
        "read_only",
      );
    case 3:
    case 14:
    case 23:
      return what(
        `${path} cannot be opened (${said}): the file, its -wal and -shm and the directory must belong to our user. ${
          describeOwnership(path, directory)
        }`,
        "permission",
      );
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return what(
      `${path} cannot be reached (${said}): ${describeOwnership(path, directory)}`,
      "permission",
    );
  }
  return storageFailure(error, `${path} cannot be opened`);
}
