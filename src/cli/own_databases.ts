/** The databases that a command about files works on. @module */
import type { NetworkDescriptor } from "../network_descriptor.ts";
import { networks } from "../networks.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { fileFault } from "./existing_file.ts";
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
}

/**
 * What `options` mean; an exit code, and said why, where that is nothing. With `mustExist` false a
 * database whose network is named need not be there.
 */
export function ownDatabases(
  terminal: Terminal,
  options: DatabaseOptions,
  mustExist = true,
): OwnDatabase[] | ExitCode {
  const named = options.network === undefined ? undefined : namedNetwork(terminal, options.network);
  if (options.network !== undefined && named === undefined) return EXIT.usage;
  if (options.database !== undefined && named === undefined) {
    terminal.note("--database names one file: say whose it is with --network");
    return EXIT.usage;
  }
  const loaded = loadSettings(terminal, options);
  if (loaded === undefined) return EXIT.usage;
  const all = (named === undefined ? networks : [named]).map((descriptor) => ({
    descriptor: descriptor as NetworkDescriptor,
    path: options.database ?? descriptor.databasePath(loaded.config[descriptor.name] as never),
  }));
  if (named !== undefined && !mustExist) return all;
  const there = all.filter(({ path }) => fileFault(path) === undefined);
  if (there.length === 0 || (named !== undefined && there.length < all.length)) {
    for (const { path } of all) terminal.note(fileFault(path) ?? path);
    return EXIT.failed;
  }
  return there;
}
