/** `meshcapture restore`: a backup in a database's place. @module */
import { copyMethod } from "../storage/backup_database.ts";
import { restoreDatabase } from "../storage/restore_database.ts";
import { behindLinks, fileFault, isSameFile } from "./existing_file.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { explain } from "./explain.ts";
import { fileStamp } from "./file_stamp.ts";
import { type DatabaseOptions, ownDatabases } from "./own_databases.ts";
import { Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@linkcode restore}. */
export interface RestoreCommandOptions extends DatabaseOptions {
  /** Network whose database it is. */
  readonly network: string;
  /** Print JSON. */
  readonly json?: boolean;
}

/** Restores offline: refused while any program has the database open. */
export async function restore(
  terminal: Terminal,
  from: string,
  options: RestoreCommandOptions,
): Promise<ExitCode> {
  const own = ownDatabases(terminal, options, false);
  if (typeof own === "number") return own;
  const { descriptor, path: named } = own.databases[0]!;
  // A link is left as it is: the service goes by where it leads.
  const path = behindLinks(named);
  const fault = fileFault(from) ??
    (isSameFile(from, path) ? `${from} is the database itself` : undefined);
  if (fault !== undefined) {
    terminal.note(fault);
    return EXIT.failed;
  }
  const now = terminal.clock.now();
  const keepAs = `${path}.before-restore-${fileStamp(now)}`;
  try {
    using progress = new Progress(terminal, copyMethod());
    const result = await restoreDatabase(from, path, {
      nowMs: now,
      keepAs,
      table: descriptor.ownTable,
      onProgress: (done, total) => progress.at(done, total),
    });
    terminal.print(
      options.json
        ? JSON.stringify({ network: descriptor.name, from, path, ...result })
        : `${path}: restored from ${from}, ${result.rows} rows in ${result.tables} tables, verified${
          result.kept.length === 0 ? "" : `; what was there before is ${result.kept.join(", ")}`
        }`,
    );
    return EXIT.ok;
  } catch (error) {
    terminal.note(explain(error));
    return EXIT.failed;
  }
}
