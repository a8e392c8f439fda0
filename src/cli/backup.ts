/** `meshcapture backup`: consistent, verified copies of the databases while they are written. @module */
import { basename, dirname, join } from "node:path";
import { backupDatabase, copyMethod, PARTIAL_SUFFIX } from "../storage/backup_database.ts";
import { removeDatabase, SIDE_FILES } from "../storage/remove_database.ts";
import { isAbsent } from "./existing_file.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { explain } from "./explain.ts";
import { fileStamp } from "./file_stamp.ts";
import { type DatabaseOptions, type OwnDatabase, ownDatabases } from "./own_databases.ts";
import { Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@linkcode backup}. */
export interface BackupCommandOptions extends DatabaseOptions {
  /** Folder of the copies; otherwise `backups` beside each database. */
  readonly to?: string;
  /** Copies of a database that are kept, this one included. */
  readonly keep: number;
  /** Print JSON. */
  readonly json?: boolean;
}

/**
 * Milliseconds after which nobody works on an incomplete copy that has not changed. Checking a large one
 * on a slow disk takes hours in which nothing is written; a backup each night finds what the last one left.
 */
const ABANDONED_MS = 12 * 3_600_000;

/** Copies every configured database that is there, and removes the oldest copies. */
export async function backup(
  terminal: Terminal,
  options: BackupCommandOptions,
): Promise<ExitCode> {
  const own = ownDatabases(terminal, options);
  if (typeof own === "number") return own;
  if (copyMethod() === "rows") {
    terminal.note(
      "this runtime has no backup API (Deno 2.4): rows are copied instead, which takes longer",
    );
  }
  let code: ExitCode = own.missing ? EXIT.failed : EXIT.ok;
  for (const database of own.databases) {
    // One database's trouble is no reason to leave the other without a copy.
    if (!await backUp(terminal, database, options)) code = EXIT.failed;
  }
  return code;
}

async function backUp(
  terminal: Terminal,
  { descriptor, path, stem }: OwnDatabase,
  options: BackupCommandOptions,
): Promise<boolean> {
  const folder = options.to ?? join(dirname(path), "backups");
  const target = join(folder, `${stem}-${fileStamp(terminal.clock.now())}.db`);
  const startedAt = terminal.clock.monotonic();
  try {
    Deno.mkdirSync(folder, { recursive: true });
    if (!isAbsent(target)) throw new Error(`${target} is there already, and is not overwritten`);
    // Before the copy is made: they may hold the space that it needs.
    removeAbandoned(terminal, folder, stem);
    using progress = new Progress(terminal, copyMethod());
    const result = await backupDatabase(path, target, {
      onProgress: (done, total) => progress.at(done, total),
    });
    const removed = removeOldest(folder, stem, options.keep, basename(target));
    const seconds = (terminal.clock.monotonic() - startedAt) / 1000;
    terminal.print(
      options.json
        ? JSON.stringify({ network: descriptor.name, path, target, ...result, seconds, removed })
        : `${path} → ${target}: ${result.rows} rows in ${result.tables} tables, ${result.bytes} bytes, verified, ${
          seconds.toFixed(1)
        } s${removed.length === 0 ? "" : `; removed ${removed.join(", ")}`}`,
    );
    return true;
  } catch (error) {
    terminal.note(explain(error));
    return false;
  }
}

/**
 * Keeps `made` and the newest of the others, `keep` in all; says which are gone. Only names that we gave
 * count. A clock that was behind gives a new copy an old name.
 */
function removeOldest(folder: string, stem: string, keep: number, made: string): string[] {
  const others = [...Deno.readDirSync(folder)].map((entry) => entry.name)
    .filter((name) => isCopy(name, stem) && name !== made).sort();
  const old = others.slice(0, Math.max(0, others.length + 1 - keep));
  for (const name of old) Deno.removeSync(join(folder, name));
  return old;
}

/** Removes what backups that were killed have left, and says so. What cannot go keeps no copy from being made. */
function removeAbandoned(terminal: Terminal, folder: string, stem: string): void {
  const changedAt = new Map<string, number>();
  for (const { name } of Deno.readDirSync(folder)) {
    const partial = partialOf(name, stem);
    if (partial === undefined) continue;
    const at = changeTime(join(folder, name)) ?? Infinity;
    changedAt.set(partial, Math.max(changedAt.get(partial) ?? -Infinity, at));
  }
  const now = terminal.clock.now();
  for (const [partial, at] of changedAt) {
    if (now - at < ABANDONED_MS) continue;
    const path = join(folder, partial);
    try {
      removeDatabase(path);
      terminal.note(`${path}: removed; a backup was interrupted while it made it`);
    } catch (error) {
      terminal.note(`${path}: an incomplete copy cannot be removed: ${explain(error)}`);
    }
  }
}

/** Name of the incomplete copy that the file `name` belongs to, side files included; undefined: none. */
function partialOf(name: string, stem: string): string | undefined {
  const suffix = SIDE_FILES.find((one) => name.endsWith(one)) ?? "";
  const partial = name.slice(0, name.length - suffix.length);
  return partial.endsWith(PARTIAL_SUFFIX) && isCopy(partial.slice(0, -PARTIAL_SUFFIX.length), stem)
    ? partial
    : undefined;
}

function isCopy(name: string, stem: string): boolean {
  return name.startsWith(`${stem}-`) && /^\d{8}T\d{6}Z\.db$/.test(name.slice(stem.length + 1));
}

/** Unix milliseconds; undefined where it is gone by now, or the system does not say. */
function changeTime(path: string): number | undefined {
  try {
    return Deno.statSync(path).mtime?.getTime();
  } catch {
    return undefined;
  }
}
