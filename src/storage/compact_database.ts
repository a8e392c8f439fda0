/**
 * Rebuilds a database whose file can only grow into one that gives space back.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { checkCopy, compareRows } from "./compare_copy.ts";
import { copyRows, type RowProgress } from "./copy_rows.ts";
import { openExclusively, syncFile } from "./exclusive_database.ts";
import { pragmaNumber } from "./maintenance.ts";
import { removeDatabase } from "./remove_database.ts";
import { storageFailure } from "./storage_failure.ts";

/** What became of a database. */
export interface CompactResult {
  /** False when it gives space back already, and nothing was done. */
  readonly rebuilt: boolean;
  /** Size before, in bytes. */
  readonly bytesBefore: number;
  /** Size now, in bytes. */
  readonly bytesAfter: number;
  /** Rows of all tables. */
  readonly rows: number;
}

/** Changes to a usual rebuild. */
export interface CompactOptions {
  /** Rebuild a database that gives space back already, too. */
  readonly force?: boolean;
  /** Path that the original keeps; otherwise it goes once its successor is in its place. */
  readonly keepOriginalAs?: string;
  /** Told what is being done. */
  readonly onStage?: (stage: "copying" | "comparing") => void;
  /** Told how many rows are done. */
  readonly onProgress?: RowProgress;
}

/** `PRAGMA auto_vacuum`: 0 none, 1 full, 2 incremental. */
const INCREMENTAL = 2;

/**
 * Rebuilds `path` with `auto_vacuum = INCREMENTAL`. The original stays in its place until its
 * successor is complete, compared value by value and on the disk; needs as much free space as the
 * data takes.
 *
 * @throws {StorageError} when somebody has the database open, or the copy fails; nothing has changed
 *   then.
 */
export function compactDatabase(path: string, options: CompactOptions = {}): CompactResult {
  using original = openExclusively(path);
  const bytesBefore = Deno.statSync(path).size;
  if (pragmaNumber(original.db, "auto_vacuum") === INCREMENTAL && options.force !== true) {
    return { rebuilt: false, bytesBefore, bytesAfter: bytesBefore, rows: 0 };
  }
  const partial = `${path}.compacting`;
  try {
    removeDatabase(partial);
    options.onStage?.("copying");
    copyRows(original.db, partial, options.onProgress);
    options.onStage?.("comparing");
    const rows = compare(original.db, partial, options.onProgress);
    Deno.chmodSync(partial, (Deno.statSync(path).mode ?? 0o600) & 0o777);
    syncFile(partial);
    original.replaceWith(partial, options.keepOriginalAs);
    return { rebuilt: true, bytesBefore, bytesAfter: Deno.statSync(path).size, rows };
  } catch (error) {
    removeDatabase(partial);
    throw storageFailure(error, `${path} cannot be rebuilt, and is as it was`);
  }
}

function compare(
  original: DatabaseSync,
  path: string,
  onProgress: RowProgress | undefined,
): number {
  const copy = new DatabaseSync(path);
  try {
    const { rows } = checkCopy(original, copy);
    compareRows(original, copy, onProgress);
    return rows;
  } finally {
    copy.close();
  }
}
