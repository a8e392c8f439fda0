/** `meshcapture diff`: compares two databases by content. @module */
import { diffDatabases } from "../recording/diff.ts";
import { formatDiff } from "../recording/format_diff.ts";
import { fileFault } from "./existing_file.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { explain } from "./explain.ts";
import { namedNetwork } from "./named_network.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@linkcode diff}. */
export interface DiffOptions {
  /** Name of the network whose databases they are. */
  readonly network: string;
  /** Print JSON. */
  readonly json?: boolean;
  /** Compare times of receipt and of first and last sight, too. */
  readonly withTimestamps?: boolean;
  /** Columns that are not compared, with commas between. */
  readonly ignore?: string;
}

/** Prints what differs; exit code 3 when anything does. */
export async function diff(
  terminal: Terminal,
  a: string,
  b: string,
  options: DiffOptions,
): Promise<ExitCode> {
  const descriptor = namedNetwork(terminal, options.network);
  if (descriptor === undefined) return EXIT.usage;
  const ignore = (options.ignore ?? "").split(",").map((one) => one.trim()).filter(Boolean);
  for (const path of [a, b]) {
    const fault = fileFault(path);
    if (fault === undefined) continue;
    terminal.note(fault);
    return EXIT.failed;
  }
  try {
    const { diffTables } = await descriptor.tools();
    const result = await diffDatabases(
      a,
      b,
      diffTables({ withTimestamps: options.withTimestamps ?? false }),
      { ignore },
    );
    for (const column of ignore) {
      if (result.tables.some((table) => table.ignored.includes(column))) continue;
      terminal.note(`--ignore ${column}: no table has this column on both sides`);
    }
    terminal.print(options.json ? JSON.stringify(result, null, 2) : formatDiff(result));
    return result.equal ? EXIT.ok : EXIT.differs;
  } catch (error) {
    terminal.note(explain(error));
    return EXIT.failed;
  }
}
