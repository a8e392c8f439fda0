/** `meshcapture migrate`: brings a database up to date, or back to a peer's meaning. @module */
import { StorageError } from "../capture/network.ts";
import { fileFault } from "./existing_file.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { type ConfigOptions, loadSettings } from "./load_settings.ts";
import { storageSettings } from "./network_runtime.ts";
import { Progress } from "./progress.ts";
import { namedNetwork } from "./named_network.ts";
import { noteLog } from "./note_log.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@linkcode migrate}. */
export interface MigrateOptions extends ConfigOptions {
  /** Name of the network whose database it is. */
  readonly network: string;
  /** Path of the database; otherwise the configured one. */
  readonly database?: string;
  /** Peer whose meaning is to be restored. */
  readonly back?: string;
}

/** Migrates offline: refused while a service holds the database. */
export async function migrate(terminal: Terminal, options: MigrateOptions): Promise<ExitCode> {
  const descriptor = namedNetwork(terminal, options.network);
  if (descriptor === undefined) return EXIT.usage;
  const loaded = loadSettings(terminal, options);
  if (loaded === undefined) return EXIT.usage;
  const { config } = loaded;
  const section = config[descriptor.name];
  const path = options.database ?? descriptor.databasePath(section);
  const { migrateBack } = await descriptor.tools();
  const back = options.back !== undefined && Object.hasOwn(migrateBack, options.back)
    ? migrateBack[options.back]
    : undefined;
  if (options.back !== undefined && back === undefined) {
    const known = Object.keys(migrateBack).join(", ") || "none";
    terminal.note(`--back ${options.back}: unknown; known: ${known}`);
    return EXIT.usage;
  }
  // Opening would make the file: a slip of the pen would be called up to date.
  const fault = fileFault(path);
  if (fault !== undefined) {
    terminal.note(fault);
    return EXIT.failed;
  }
  try {
    if (back !== undefined) {
      using progress = new Progress(terminal, "rows");
      terminal.print(back(path, terminal.clock.now(), (done) => progress.at(done)));
      return EXIT.ok;
    }
    const store = await descriptor.openStore(section, {
      path,
      settings: storageSettings(config.storage),
      maintenanceIntervalMinutes: 0,
      nowMs: terminal.clock.now(),
      log: noteLog(terminal),
    });
    try {
      await store.runJobs(terminal.clock.now());
      const { databaseBytes, pendingJobs } = await store.stats();
      const left = pendingJobs.length === 0
        ? "nothing left to do"
        : `left: ${pendingJobs.join(", ")}`;
      terminal.print(`${path}: up to date, ${databaseBytes} bytes, ${left}`);
      return pendingJobs.length === 0 ? EXIT.ok : EXIT.failed;
    } finally {
      await store.close(10_000);
    }
  } catch (error) {
    const reason = error instanceof StorageError ? ` (${error.reason})` : "";
    terminal.note(`${error instanceof Error ? error.message : String(error)}${reason}`);
    return EXIT.failed;
  }
}
