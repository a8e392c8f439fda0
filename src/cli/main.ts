/** The command line: what may be typed, and which file does it. @module */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { DatabaseSync } from "node:sqlite";
import { networks } from "../networks.ts";
import { VERSION } from "../version.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { helpText, MAIN_HELP } from "./help_examples.ts";
import type { Terminal } from "./terminal.ts";

/** Runs the command that `args` name and returns its exit code. Never throws. */
export async function main(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = commands(terminal, (result) => code = result);
  try {
    await program.parseAsync(legacyArguments(args), { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    terminal.note(`unexpected failure: ${error instanceof Error ? error.stack : String(error)}`);
    return EXIT.failed;
  }
}

/**
 * `meshcapture -config X` is what the programs that we replace are started with: it means run. Go
 * takes one dash for two, so after a command, too, `-config` is `--config`, and not `-c onfig`.
 */
export function legacyArguments(args: readonly string[]): string[] {
  if (args.length === 0) return ["--help"];
  const given = args.map((one) => one.replace(/^-config(?==|$)/, "--config"));
  return /^--config(=|$)/.test(given[0]!) ? ["run", ...given] : given;
}

/** Columns of the help; the same everywhere, so that what documentation quotes is what is seen. */
const HELP_WIDTH = 94;

type Done = (code: ExitCode) => void;

/**
 * The commands, each loaded when it is asked for: a health check every half minute should not cost
 * what the service costs.
 */
const load = {
  backup: async () => (await import("./backup.ts")).backup,
  check: async () => (await import("./check.ts")).check,
  compact: async () => (await import("./compact.ts")).compact,
  decryptExplain: async () => (await import("./decrypt_explain.ts")).decryptExplain,
  demo: async () => (await import("./demo.ts")).demo,
  diff: async () => (await import("./diff.ts")).diff,
  healthcheck: async () => (await import("./healthcheck.ts")).healthcheck,
  init: async () => (await import("./init.ts")).init,
  migrate: async () => (await import("./migrate.ts")).migrate,
  record: async () => (await import("./record.ts")).record,
  replay: async () => (await import("./replay.ts")).replay,
  restore: async () => (await import("./restore.ts")).restore,
  run: async () => (await import("./run.ts")).run,
};

function commands(terminal: Terminal, done: Done): Command {
  const program = new Command("meshcapture")
    .description(
      "Keeps the traffic of Meshtastic and MeshCore radios, as MQTT brings it, in SQLite.",
    )
    .version(VERSION, "-V, --version", "print the version")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
    })
    .helpCommand(false)
    .addHelpText("after", MAIN_HELP);
  const network = () =>
    new Option("--network <name>", "radio network").choices(networks.map((one) => one.name))
      .default(networks[0].name);
  const json = () => new Option("--json", "print JSON");

  program.commandsGroup("To begin:");
  program.command("init")
    .description(
      "write a configuration with the broker in the box, and say what to enter in a radio",
    )
    .option("-c, --config <file>", "file to write (default: config.yaml)")
    .option("--force", "also where a file is; the old one is kept beside it")
    .option("--yes", "ask nothing: take what flags and defaults say")
    .option("--networks <names>", "meshtastic, meshcore, or both with a comma between")
    .option("--host <address>", "address by which radios reach this machine (default: found out)")
    .option(
      "--port <n>",
      "port of the broker (default: 1883, or the next free one)",
      positiveNumber,
    )
    .option("--username <name>", "name that radios log in with (default: radio)")
    .option("--region <name>", "LoRa region of the Meshtastic nodes, such as EU_868")
    .option("--iata <code>", "IATA code of the MeshCore observers, such as SJC")
    .option("--data <folder>", "folder of the databases (default: the working directory)")
    .option("--http <host:port>", "where page, metrics and health are served (default: :2112)")
    .addOption(json())
    .action(async (options) => done(await (await load.init())(terminal, options)));
  configured(program.command("run"))
    .description("capture: the service")
    .option("--shadow", "capture beside another program and disturb nothing")
    .action(async (options) => done(await (await load.run())(terminal, options)));
  program.command("demo")
    .description("embedded broker, lifelike traffic and the service, in a folder of its own")
    .option("--seconds <n>", "end after so many seconds (default: until stopped)", wholeNumber)
    .option("--seed <n>", "seed of the traffic", wholeNumber, 1)
    .option("--rate <n>", "how many times faster than life", positiveNumber, 5)
    .option("--folder <path>", "folder for the demo's database", "demo-data")
    .action(async (options) => done(await (await load.demo())(terminal, options)));
  program.commandsGroup("To ask:");
  configured(program.command("check"))
    .description("explain the configuration, listen to each source, and say what is wrong")
    .option("--config-only", "only the configuration: connect nowhere")
    .option("--seconds <n>", "how long to listen", positiveNumber, 20)
    .option("--source <name>", "only this source")
    .option(
      "--delete-session [client id]",
      "instead: delete an abandoned session of ours at the source's broker",
    )
    .addOption(json())
    .action(async (options) => done(await (await load.check())(terminal, options)));
  const decrypt = program.command("decrypt").description("why a packet can be read, or cannot")
    .helpCommand(false);
  configured(decrypt.command("explain"))
    .description("explain one packet: every key that was tried, and what the packet says")
    .argument("[packet]", "packet in hex or base64; without it, or with -, standard input")
    .addOption(
      new Option("--network <name>", "radio network (default: found out)").choices(
        networks.map((one) => one.name),
      ),
    )
    .option("--channel <name>", "name of the channel, where the packet does not bring it")
    .addOption(json())
    .action(async (packet, options) =>
      done(await (await load.decryptExplain())(terminal, packet, options))
    );
  program.commandsGroup("Recordings and databases:");
  configured(program.command("record"))
    .description("write what the configured sources deliver to a recording (JSONL)")
    .argument("<file>", "recording to append to")
    .option("--seconds <n>", "end after so many seconds (default: until stopped)", wholeNumber)
    .action(async (file, options) => done(await (await load.record())(terminal, file, options)));
  configured(program.command("replay"))
    .description("write a recording, or another database's raw envelopes, into a database")
    .argument("<file>", "recording (JSONL) or database")
    .addOption(network())
    .requiredOption("--database <path>", "database to write")
    .addOption(json())
    .action(async (file, options) => done(await (await load.replay())(terminal, file, options)));
  program.command("diff")
    .description("compare two databases by content; exit code 3 when they differ")
    .argument("<a>", "database")
    .argument("<b>", "database")
    .addOption(network())
    .option("--with-timestamps", "compare times of receipt, too")
    .option("--ignore <columns>", "columns that are not compared, with commas between")
    .addOption(json())
    .action(async (a, b, options) => done(await (await load.diff())(terminal, a, b, options)));
  configured(program.command("migrate"))
    .description("bring a database up to date, with nothing else running")
    .addOption(network())
    .option("--database <path>", "database (default: the configured one)")
    .option("--back <peer>", "restore the values of a peer, such as meshpipe")
    .action(async (options) => done(await (await load.migrate())(terminal, options)));
  databases(program.command("backup"))
    .description("copy the databases, verified, while they are written")
    .option("--to <folder>", "folder of the copies (default: backups beside the database)")
    .option("--keep <n>", "copies of a database that are kept", positiveNumber, 7)
    .addOption(json())
    .action(async (options) => done(await (await load.backup())(terminal, options)));
  configured(program.command("restore"))
    .description("put a backup in a database's place, with nothing else running")
    .argument("<file>", "backup")
    .addOption(network())
    .option("--database <path>", "database (default: the configured one)")
    .addOption(json())
    .action(async (file, options) => done(await (await load.restore())(terminal, file, options)));
  databases(program.command("compact"))
    .description("rebuild a database so that it gives space back, with nothing else running")
    .option("--force", "also where it gives space back already")
    .option("--keep-original", "keep the original under another name")
    .addOption(json())
    .action(async (options) => done(await (await load.compact())(terminal, options)));
  configured(program.command("healthcheck").helpGroup("To ask:"))
    .description("ask a running service; exit code 0 when it is well")
    .option("--address <host:port>", "where it listens (default: the configured address)")
    .option("--integrity", "fail also when the last integrity check of a database found damage")
    .option("--timeout <ms>", "milliseconds to wait for the answer", positiveNumber, 5000)
    .addOption(json())
    .action(async (options) => done(await (await load.healthcheck())(terminal, options)));
  program.command("version").helpGroup("To ask:")
    .description("print the versions of meshcapture, Deno and SQLite")
    .action(() => terminal.print(versions()));
  addExamples(program);
  return program;
}

/** Examples below the options of every command that has some. */
function addExamples(command: Command, above = ""): void {
  for (const one of command.commands) {
    const name = `${above}${one.name()}`;
    const text = helpText(name);
    if (text !== undefined) one.addHelpText("after", text);
    addExamples(one, `${name} `);
  }
}

function databases(command: Command): Command {
  return configured(command)
    .addOption(
      new Option("--network <name>", "only this network's (default: all that are there)")
        .choices(networks.map((one) => one.name)),
    )
    .option("--database <path>", "another file of that network");
}

function configured(command: Command): Command {
  return command
    .option("-c, --config <file>", "configuration file (default: config.yaml, if there is one)")
    .option("--set <path=value>", "a setting, such as storage.batch_max=500", collect);
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new InvalidArgumentError("Expected a whole number.");
  }
  return Number(text);
}

function positiveNumber(text: string): number {
  const number = wholeNumber(text);
  if (number === 0) throw new InvalidArgumentError("Expected 1 or more.");
  return number;
}

function versions(): string {
  const db = new DatabaseSync(":memory:");
  const sqlite = db.prepare("SELECT sqlite_version() AS version").get()?.["version"];
  db.close();
  return `meshcapture ${VERSION} (Deno ${Deno.version.deno}, SQLite ${sqlite})`;
}
