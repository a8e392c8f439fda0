/**
 * A consistent, verified copy of a database, while programs write it.
 *
 * @module
 */
import * as sqlite from "node:sqlite";
import { dirname } from "node:path";
import { checkCopy, type ComparedCopy } from "./compare_copy.ts";
import { copyRows, type RowProgress } from "./copy_rows.ts";
import { syncFile, syncFolder } from "./exclusive_database.ts";
import { removeDatabase } from "./remove_database.ts";
import { storageFailure } from "./storage_failure.ts";

/** How a copy is made: by SQLite's backup API, or row by row where the runtime has none. */
export type CopyMethod = "pages" | "rows";

/** What was copied. */
export interface BackupResult extends ComparedCopy {
  /** Size of the copy. */
  readonly bytes: number;
  /** How it was made. */
  readonly method: CopyMethod;
}

/** Changes to a usual backup. */
export interface BackupOptions {
  /** Told what is done, in pages or rows. */
  readonly onProgress?: RowProgress;
  /** Default: by pages where the runtime can. */
  readonly method?: CopyMethod;
  /** Changes the copy after it was checked, before it gets its name. */
  readonly finish?: (copy: sqlite.DatabaseSync) => void;
}

/** `node:sqlite`'s `backup()`, which Deno 2.4 lacks. */
type BackupFunction = (
  source: sqlite.DatabaseSync,
  path: string,
  options: {
    rate: number;
    progress: (state: { totalPages: number; remainingPages: number }) => void;
  },
) => Promise<number>;

/** What follows a copy's name while it is incomplete. */
export const PARTIAL_SUFFIX = ".partial";

/** Pages that are copied before others get their turn: 1 MiB of 4 KiB pages. */
const PAGES_A_STEP = 256;

/** How this runtime copies unless it is told. */
export function copyMethod(): CopyMethod {
  return backupFunction() === undefined ? "rows" : "pages";
}

/**
 * Copies the database `path` to `target`, as it was at the moment of the call. The copy appears under
 * its name only when it is complete, checked and on the disk; it is in rollback mode, so that it is
 * one file. Writers go on meanwhile, but SQLite's log grows until the copy is done.
 *
 * @throws {StorageError} when the original cannot be read or the copy is not like it.
 */
export async function backupDatabase(
  path: string,
  target: string,
  options: BackupOptions = {},
): Promise<BackupResult> {
  const partial = `${target}${PARTIAL_SUFFIX}`;
  let source: sqlite.DatabaseSync | undefined;
  try {
    removeDatabase(partial);
    source = new sqlite.DatabaseSync(path, { readOnly: true });
    source.exec("PRAGMA busy_timeout = 30000");
    // The snapshot: without it, each commit of a writer would make the backup begin again.
    source.exec("BEGIN");
    source.exec("SELECT 1 FROM sqlite_master LIMIT 1");
    const method = options.method ?? copyMethod();
    if (method === "rows") copyRows(source, partial, options.onProgress);
    else await copyPages(source, partial, options.onProgress);
    const compared = finishCopy(source, partial, options.finish);
    // Readable by whom the original is: it holds private positions and messages.
    Deno.chmodSync(partial, (Deno.statSync(path).mode ?? 0o600) & 0o777);
    syncFile(partial);
    Deno.renameSync(partial, target);
    syncFolder(dirname(target));
    return { ...compared, bytes: Deno.statSync(target).size, method };
  } catch (error) {
    removeDatabase(partial);
    throw storageFailure(error, `${path} cannot be copied to ${target}`);
  } finally {
    source?.close();
  }
}

function finishCopy(
  source: sqlite.DatabaseSync,
  path: string,
  finish: BackupOptions["finish"],
): ComparedCopy {
  const copy = new sqlite.DatabaseSync(path);
  try {
    copy.exec("PRAGMA journal_mode = DELETE");
    const compared = checkCopy(source, copy);
    finish?.(copy);
    return compared;
  } finally {
    copy.close();
  }
}

async function copyPages(
  source: sqlite.DatabaseSync,
  path: string,
  onProgress: RowProgress | undefined,
): Promise<void> {
  await backupFunction()!(source, path, {
    rate: PAGES_A_STEP,
    progress: ({ totalPages, remainingPages }) =>
      onProgress?.(totalPages - remainingPages, totalPages),
  });
}

function backupFunction(): BackupFunction | undefined {
  return (sqlite as unknown as { backup?: BackupFunction }).backup;
}
