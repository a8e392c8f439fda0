/**
 * Puts a backup in a database's place.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { dirname } from "node:path";
import { StorageError } from "../capture/network.ts";
import { backupDatabase, type BackupResult } from "./backup_database.ts";
import { type ExclusiveDatabase, openExclusively, syncFolder } from "./exclusive_database.ts";
import { SIDE_FILES } from "./remove_database.ts";
import { schemaHas } from "./schema.ts";
import { transaction } from "./transaction.ts";
import { WriterLock } from "./writer_lock.ts";

/** How a backup is restored. */
export interface RestoreOptions {
  /** Now, Unix milliseconds: until then nothing is in the database that the backup lacks. */
  readonly nowMs: number;
  /** Path that the present database keeps. Nothing may be there. */
  readonly keepAs: string;
  /** A table that only this network's databases have. */
  readonly table: string;
  /** Told what is done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What was restored. */
export interface RestoreResult extends BackupResult {
  /** Where what was there before is now: the database at `keepAs`, or what was left of one. */
  readonly kept: readonly string[];
}

/**
 * Makes the backup at `from` the database at `path`. The backup itself is copied, so it stays. The
 * time from its making until now is recorded as a gap of every source: what was captured then is
 * acknowledged, and no broker delivers it again.
 *
 * @throws {StorageError} when the backup is damaged or of another network, or somebody has the
 *   database open; nothing has changed then.
 */
export async function restoreDatabase(
  from: string,
  path: string,
  options: RestoreOptions,
): Promise<RestoreResult> {
  const ready = `${path}.restoring`;
  const result = await backupDatabase(from, ready, {
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    finish: (copy) => {
      if (!schemaHas(copy, "table", options.table)) {
        throw new StorageError(
          `${from} has no table ${options.table}: it is no database of this network`,
          "not_a_database",
          false,
        );
      }
      recordRestoredGaps(copy, options.nowMs / 1000);
    },
  });
  try {
    return { ...result, kept: putInPlace(ready, path, options.keepAs) };
  } catch (error) {
    Deno.removeSync(ready);
    throw error;
  }
}

/** Reason of the gaps that a restore leaves. */
const RESTORED = "restored";

function recordRestoredGaps(db: DatabaseSync, nowSeconds: number): void {
  // An upstream's own file, or one of before it was ours, has never heard a source.
  if (!schemaHas(db, "table", "capture_sources") || !schemaHas(db, "table", "capture_gaps")) return;
  transaction(db, () => {
    db.prepare(
      `INSERT INTO capture_gaps (source, from_time, to_time, reason)
       SELECT name, heard_until, ?, ? FROM capture_sources WHERE heard_until < ?`,
    ).run(nowSeconds, RESTORED, nowSeconds);
    db.prepare("UPDATE capture_sources SET heard_until = ? WHERE heard_until < ?")
      .run(nowSeconds, nowSeconds);
  });
}

function putInPlace(ready: string, path: string, keepAs: string): readonly string[] {
  using current = isThere(path) ? openOrUndefined(path) : undefined;
  if (current !== undefined) {
    current.replaceWith(ready, keepAs);
    return [keepAs];
  }
  // What is there is no database any more, which is why it is being replaced, or it is gone and its log
  // is not: SQLite would play that into the backup.
  using _lock = WriterLock.acquire(path);
  const kept: string[] = [];
  for (const suffix of ["", ...SIDE_FILES]) {
    if (!isThere(path + suffix)) continue;
    Deno.renameSync(path + suffix, keepAs + suffix);
    kept.push(keepAs + suffix);
  }
  Deno.renameSync(ready, path);
  syncFolder(dirname(path));
  return kept;
}

function openOrUndefined(path: string): ExclusiveDatabase | undefined {
  try {
    return openExclusively(path);
  } catch (error) {
    if (error instanceof StorageError && ["corrupt", "not_a_database"].includes(error.reason)) {
      return undefined;
    }
    throw error;
  }
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
