/** `meshcapture replay`: recorded traffic → what the service would have written. @module */
import type { NetworkDescriptor } from "../network_descriptor.ts";
import { networks } from "../networks.ts";
import { DatabaseRecording } from "../recording/database_source.ts";
import { ReadTally, type Recording } from "../recording/entry.ts";
import { type FileKind, fileKind } from "../recording/file_kind.ts";
import { JsonlRecording } from "../recording/jsonl.ts";
import { replayInto } from "../recording/replay.ts";
import { silentLog } from "../capture/log.ts";
import { Reader } from "../storage/reader.ts";
import { fileFault, isSameFile } from "./existing_file.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { explain } from "./explain.ts";
import { type ConfigOptions, loadSettings } from "./load_settings.ts";
import { sourcesOf, storageSettings } from "./network_runtime.ts";
import { noteLog } from "./note_log.ts";
import { Progress } from "./progress.ts";
import { namedNetwork } from "./named_network.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@linkcode replay}. */
export interface ReplayOptions extends ConfigOptions {
  /** Name of the network whose traffic it is. */
  readonly network: string;
  /** Path of the database to write. */
  readonly database: string;
  /** Print JSON. */
  readonly json?: boolean;
}

const NO_LINE =
  "no line could be read as a message; a recording has one JSON object a line, with ts, topic and payload_b64";
const NO_ROW = "no row has kept its message, so there is nothing to replay";

const NO_INPUT =
  "standard input is not read: write it to a file, such as with `cat > traffic.jsonl`, and name that";

/**
 * Writes into `options.database` what the service would have written for the recorded traffic in
 * `from`: a JSONL recording, or a database with raw envelopes. Exit code 1 when a place in it could not
 * be read; all others are stored nevertheless.
 */
export async function replay(
  terminal: Terminal,
  from: string,
  options: ReplayOptions,
): Promise<ExitCode> {
  const descriptor = namedNetwork(terminal, options.network);
  if (descriptor === undefined) return EXIT.usage;
  if (from === "-") {
    terminal.note(NO_INPUT);
    return EXIT.usage;
  }
  if (isSameFile(from, options.database)) {
    terminal.note(
      `${from} cannot be replayed into itself: give --database another file, such as ${from}.replay.db`,
    );
    return EXIT.usage;
  }
  const fault = fileFault(from);
  if (fault !== undefined) {
    terminal.note(fault);
    return EXIT.failed;
  }
  const loaded = loadSettings(terminal, options);
  if (loaded === undefined) return EXIT.usage;
  const { config } = loaded;
  const section = config[descriptor.name];
  const tally = new ReadTally();
  using progress = new Progress(terminal, "messages");
  try {
    const kind = await kindOf(from);
    if (kind === "gzip") {
      terminal.note(`${from} is compressed: unpack it first, gunzip < ${from} > ${unpacked(from)}`);
      return EXIT.failed;
    }
    const fromDatabase = kind === "database";
    const { replayTable } = await descriptor.tools();
    if (fromDatabase && replayTable === undefined) {
      terminal.note(
        `${from}: a database of ${descriptor.section.title} keeps no messages to replay`,
      );
      return EXIT.usage;
    }
    const recording: Recording = fromDatabase
      ? new DatabaseRecording(from, replayTable!)
      : new JsonlRecording(from);
    const result = await replayInto({
      recording,
      tally,
      network: descriptor.createDecoder(section, {
        sources: sourcesOf(descriptor.name, config.sources),
        readFile: (path) => terminal.readFile(path),
        log: noteLog(terminal),
      }),
      openStore: (nowMs) =>
        descriptor.openStore(section, {
          path: options.database,
          settings: storageSettings(config.storage),
          maintenanceIntervalMinutes: config.storage.maintenance_interval_minutes,
          nowMs,
          log: silentLog,
        }),
      batchMax: config.storage.batch_max,
      onProblem: (problem) => {
        if (tally.problems > 10) return;
        terminal.note(`${from}:${problem.position}: ${problem.reason} (${problem.detail})`);
      },
      onProgress: (done) => progress.at(done),
    });
    const summary = {
      read: tally.messages,
      problems: tally.problems,
      stored: result.stored,
      quarantined: result.quarantined,
      dropped: Object.fromEntries(result.dropped),
    };
    if (options.json) terminal.print(JSON.stringify(summary));
    else printSummary(terminal, options.database, summary);
    if (fromDatabase) noteQuarantine(terminal, from);
    if (summary.read === 0 && summary.problems > 0) {
      terminal.note(`${from}: ${fromDatabase ? NO_ROW : NO_LINE}`);
      return EXIT.failed;
    }
    if (summary.read > 0 && summary.stored + summary.quarantined === 0) {
      terminal.note(`${from}: ${allDropped(descriptor)}`);
    }
    return isComplete(tally) ? EXIT.ok : EXIT.failed;
  } catch (error) {
    terminal.note(explain(error));
    return EXIT.failed;
  }
}

/** True when all was read but for a last line that a recording's end has cut off. */
function isComplete({ problems, byReason }: ReadTally): boolean {
  return problems === (byReason.get("cut_off") ?? 0);
}

/** What a rule dropped is no failure, but most likely it is the wrong network's rule. */
function allDropped({ name, section }: NetworkDescriptor): string {
  const others = networks.map((one) => one.name).filter((one) => one !== name);
  return `nothing was stored, for ${section.title} has no use for any of these messages; is it another network's recording? Then name it: --network ${
    others.join(" or ")
  }`;
}

function printSummary(
  terminal: Terminal,
  database: string,
  summary: {
    read: number;
    problems: number;
    stored: number;
    quarantined: number;
    dropped: Record<string, number>;
  },
): void {
  terminal.print(`${summary.read} messages read, ${summary.stored} stored in ${database}`);
  for (const [reason, count] of Object.entries(summary.dropped)) {
    terminal.print(`${count} dropped: ${reason}`);
  }
  if (summary.quarantined > 0) terminal.print(`${summary.quarantined} in quarantine`);
  if (summary.problems > 0) terminal.print(`${summary.problems} places could not be read`);
}

/** What a database refused is in no row of its traffic, and might well be refused again. */
function noteQuarantine(terminal: Terminal, path: string): void {
  using reader = new Reader(path);
  const tables = reader.query("SELECT 1 FROM sqlite_schema WHERE name = 'capture_quarantine'");
  // Peers have none.
  if (tables.length === 0) return;
  const [row] = reader.query<{ messages: number }>(
    "SELECT count(*) AS messages FROM capture_quarantine",
  );
  const { messages } = row!;
  if (messages === 0) return;
  terminal.note(`${path}: ${messages} messages in its capture_quarantine are not replayed`);
}

async function kindOf(path: string): Promise<FileKind> {
  using file = await Deno.open(path, { read: true });
  return await fileKind(file);
}

/** A name for what `path` holds in compressed form. */
function unpacked(path: string): string {
  return path.endsWith(".gz") ? path.slice(0, -".gz".length) : `${path}.unpacked`;
}
