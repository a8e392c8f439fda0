/** `meshcapture backup`: consistent, verified copies of the databases while they are written. @module */
import { basename, dirname, join } from "node:path";
import { backupDatabase, copyMethod } from "../storage/backup_database.ts";
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
  const isOurs = (name: string) =>
    name.startsWith(`${stem}-`) && /^\d{8}T\d{6}Z\.db$/.test(name.slice(stem.length + 1));
  const others = [...Deno.readDirSync(folder)].map((entry) => entry.name)
    .filter((name) => isOurs(name) && name !== made).sort();
  const old = others.slice(0, Math.max(0, others.length + 1 - keep));
  for (const name of old) Deno.removeSync(join(folder, name));
  return old;
}
