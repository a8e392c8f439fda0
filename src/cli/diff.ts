/** `meshcapture diff`: compares two databases by content. @module */
import type { NetworkDescriptor } from "../network_descriptor.ts";
import { networks } from "../networks.ts";
import { diffDatabases } from "../recording/diff.ts";
import { formatDiff } from "../recording/format_diff.ts";
import { Reader } from "../storage/reader.ts";
import { fileFault, isSameFile } from "./existing_file.ts";
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

/** Prints what differs; exit code 3 when anything does, and 1 when there was nothing to compare. */
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
  if (isSameFile(a, b)) {
    terminal.note(`A and B are one file, ${a}: it is compared with itself`);
  }
  try {
    const { diffTables } = await descriptor.tools();
    const result = await diffDatabases(
      a,
      b,
      diffTables({ withTimestamps: options.withTimestamps ?? false }),
      { ignore },
    );
    if (!result.compared) {
      terminal.note(nothingCompared(descriptor, a, b));
      return EXIT.failed;
    }
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

/** Two files without tables are not equal databases; most likely they are another network's. */
function nothingCompared({ name, section }: NetworkDescriptor, a: string, b: string): string {
  const none = `nothing was compared: neither ${a} nor ${b} has a table of ${section.title}`;
  const other = networks.find((one) =>
    one.name !== name && [a, b].some((path) => hasTable(path, one.ownTable))
  );
  if (other === undefined) return none;
  return `${none}; those of ${other.section.title} are there: --network ${other.name}`;
}

function hasTable(path: string, table: string): boolean {
  using reader = new Reader(path);
  return reader.query("SELECT 1 FROM sqlite_schema WHERE name = ?", table).length > 0;
}
