/**
 * A database that nobody else has open, for work that puts another file in its place.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { dirname } from "node:path";
import { StorageError } from "../capture/network.ts";
import { sqliteCode, storageFailure } from "./storage_failure.ts";
import { WriterLock } from "./writer_lock.ts";

/** A database that is ours alone, its log folded into it. */
export interface ExclusiveDatabase extends Disposable {
  /** The only connection; inside a transaction that keeps everybody out. */
  readonly db: DatabaseSync;
  /** Puts the file at `newPath` in its place; the old file gets the name `keepAs`, or none. */
  replaceWith(newPath: string, keepAs?: string): void;
}

/**
 * Opens `path` for us alone. Leaving WAL mode is what proves it: SQLite does that only for a
 * database's last connection, and leaves no -wal or -shm that would be taken for the next file's.
 *
 * @throws {StorageError} `in_use` when a meshcapture, `locked` when another program has it open.
 */
export function openExclusively(path: string): ExclusiveDatabase {
  const lock = WriterLock.acquire(path);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    db.exec("PRAGMA busy_timeout = 2000");
    db.exec("PRAGMA journal_mode = DELETE");
    db.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    db?.close();
    lock[Symbol.dispose]();
    const code = sqliteCode(error);
    if (code === 5 || code === 6) {
      throw new StorageError(
        `${path} is open in another program, such as a web page that reads it: stop that one first`,
        "locked",
        true,
        { cause: error },
      );
    }
    throw storageFailure(error, `${path} cannot be opened`);
  }
  const held = db;
  return {
    db,
    replaceWith(newPath, keepAs) {
      if (keepAs !== undefined) keep(path, keepAs);
      Deno.renameSync(newPath, path);
      syncFolder(dirname(path));
    },
    [Symbol.dispose]() {
      held.close();
      lock[Symbol.dispose]();
    },
  };
}

function keep(path: string, keepAs: string): void {
  try {
    // A second name: so at no moment is there no file under the database's name.
    Deno.linkSync(path, keepAs);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw error;
    // FAT and some network file systems know no second names.
    Deno.renameSync(path, keepAs);
  }
}

/** Makes a rename in `folder` durable, where the system lets a folder be synced. */
export function syncFolder(folder: string): void {
  try {
    const handle = Deno.openSync(folder);
    try {
      handle.syncSync();
    } finally {
      handle.close();
    }
  } catch {
    // Windows, and some network file systems, know no such thing.
  }
}

/** Makes the content of `path` durable. */
export function syncFile(path: string): void {
  const handle = Deno.openSync(path, { read: true, write: true });
  try {
    handle.syncSync();
  } finally {
    handle.close();
  }
}
