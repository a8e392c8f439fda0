/** `meshcapture compact`: a database that gives space back, in place of one that only grows. @module */
import { compactDatabase } from "../storage/compact_database.ts";
import { behindLinks } from "./existing_file.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { explain } from "./explain.ts";
import { fileStamp } from "./file_stamp.ts";
import { type DatabaseOptions, ownDatabases } from "./own_databases.ts";
import { Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@linkcode compact}. */
export interface CompactCommandOptions extends DatabaseOptions {
  /** Rebuild also what gives space back already. */
  readonly force?: boolean;
  /** Keep the original under another name. */
  readonly keepOriginal?: boolean;
  /** Print JSON. */
  readonly json?: boolean;
}

/** Rebuilds offline every configured database that is there. */
export function compact(terminal: Terminal, options: CompactCommandOptions): ExitCode {
  const own = ownDatabases(terminal, options);
  if (typeof own === "number") return own;
  let code: ExitCode = own.missing ? EXIT.failed : EXIT.ok;
  for (const { descriptor, path: named } of own.databases) {
    // A link is left as it is: the service goes by where it leads.
    const path = behindLinks(named);
    const keepAs = options.keepOriginal
      ? `${path}.before-compact-${fileStamp(terminal.clock.now())}`
      : undefined;
    try {
      using progress = new Progress(terminal, `rows of ${path}`);
      const result = compactDatabase(path, {
        force: options.force ?? false,
        ...(keepAs === undefined ? {} : { keepOriginalAs: keepAs }),
        onStage: (stage) => terminal.note(`${path}: ${stage} …`),
        onProgress: (done, total) => progress.at(done, total),
      });
      const kept = result.rebuilt && keepAs !== undefined ? `; the original is ${keepAs}` : "";
      terminal.print(
        options.json
          ? JSON.stringify({ network: descriptor.name, path, ...result })
          : result.rebuilt
          ? `${path}: rebuilt, ${result.rows} rows compared, ${result.bytesBefore} → ${result.bytesAfter} bytes${kept}`
          : `${path}: gives space back already, nothing to do (--force rebuilds it all the same)`,
      );
    } catch (error) {
      terminal.note(explain(error));
      code = EXIT.failed;
    }
  }
  return code;
}
