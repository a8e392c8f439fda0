/** The databases that a command about files works on. @module */
import { basename, extname } from "node:path";
import type { NetworkDescriptor } from "../network_descriptor.ts";
import { networks } from "../networks.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { fileFault, isAbsent } from "./existing_file.ts";
import { type ConfigOptions, loadSettings } from "./load_settings.ts";
import { namedNetwork } from "./named_network.ts";
import type { Terminal } from "./terminal.ts";

/** Which databases are meant. */
export interface DatabaseOptions extends ConfigOptions {
  /** Name of the network; otherwise all whose database is there. */
  readonly network?: string;
  /** Path of the database in place of the configured one; needs `network`. */
  readonly database?: string;
}

/** A database with the network that it belongs to. */
export interface OwnDatabase {
  /** What it holds. */
  readonly descriptor: NetworkDescriptor;
  /** Where it is. */
  readonly path: string;
  /** Name for files that are made of it: its own, with its network where two networks have the same. */
  readonly stem: string;
}

/** The databases that are meant. */
export interface OwnDatabases {
  /** Those that are there. */
  readonly databases: readonly OwnDatabase[];
  /** True when another should be there, too; it was said which and why not. */
  readonly missing: boolean;
}

/**
 * What `options` mean; an exit code, and said why, where that is nothing. A database that cannot be
 * read should be there, and one that is not there if a source is captured for it. With `mustExist` false
 * a database whose network is named need not be there.
 */
export function ownDatabases(
  terminal: Terminal,
  options: DatabaseOptions,
  mustExist = true,
): OwnDatabases | ExitCode {
  const named = options.network === undefined ? undefined : namedNetwork(terminal, options.network);
  if (options.network !== undefined && named === undefined) return EXIT.usage;
  if (options.database !== undefined && named === undefined) {
    terminal.note("--database names one file: say whose it is with --network");
    return EXIT.usage;
  }
  const loaded = loadSettings(terminal, options);
  if (loaded === undefined) return EXIT.usage;
  const { config } = loaded;
  const pathOf = (descriptor: NetworkDescriptor) =>
    descriptor.name === named?.name && options.database !== undefined
      ? options.database
      : descriptor.databasePath(config[descriptor.name] as never);
  const all = withStems(
    networks.map((one) => one as NetworkDescriptor)
      .map((descriptor) => ({ descriptor, path: pathOf(descriptor) })),
  ).filter(({ descriptor }) => named === undefined || descriptor.name === named.name);
  if (named !== undefined && !mustExist) return { databases: all, missing: false };
  const databases = all.filter(({ path }) => fileFault(path) === undefined);
  const isWanted = ({ descriptor, path }: OwnDatabase) =>
    databases.length === 0 || named !== undefined || !isAbsent(path) ||
    config.sources.some(({ network }) => network === descriptor.name);
  const missing = all.filter((one) => !databases.includes(one) && isWanted(one));
  for (const { path } of missing) terminal.note(fileFault(path)!);
  return databases.length === 0 ? EXIT.failed : { databases, missing: missing.length > 0 };
}

function withStems(all: readonly Omit<OwnDatabase, "stem">[]): OwnDatabase[] {
  const nameOf = (path: string) => basename(path, extname(path));
  return all.map((one) => {
    const stem = nameOf(one.path);
    const shared = all.some((other) => other !== one && nameOf(other.path) === stem);
    return { ...one, stem: shared ? `${stem}-${one.descriptor.name}` : stem };
  });
}
