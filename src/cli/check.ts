/**
 * `meshcapture check`: the configuration explained, then what a look at brokers and databases says.
 *
 * @module
 */
import { maskUrl } from "../capture/mask_url.ts";
import type { SourceConfig } from "../config/schema.ts";
import { describeAsJson, describeAsText, describeGiven } from "../config/describe.ts";
import type { NetworkDescriptor } from "../network_descriptor.ts";
import { networkNamed } from "../networks.ts";
import { databaseFindings } from "./database_findings.ts";
import { deleteOwnSession } from "./delete_session.ts";
import { embeddedFindings } from "./embedded_findings.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { explain } from "./explain.ts";
import { countOf, type Section, sectionText } from "./findings.ts";
import { listenTo } from "./listen.ts";
import type { ListeningResult } from "./listening.ts";
import { type ConfigOptions, loadSettings, type Settings } from "./load_settings.ts";
import { sourcesOf } from "./network_runtime.ts";
import { noteLog } from "./note_log.ts";
import { pageTokenSections } from "./page_token.ts";
import type { ServiceConfig } from "./service.ts";
import { shadowPath } from "./shadow_path.ts";
import { plural, sourceFindings } from "./source_findings.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@linkcode check}. */
export interface CheckOptions extends ConfigOptions {
  /** Print JSON. */
  readonly json?: boolean;
  /** Only explain the configuration: connect nowhere, look at no file. */
  readonly configOnly?: boolean;
  /** Seconds to listen to each source. */
  readonly seconds: number;
  /** Name of the one source to look at. */
  readonly source?: string;
  /** Delete a session at a broker instead: true for the source's own, or a client id. */
  readonly deleteSession?: boolean | string;
}

/** What a look at one source gave. */
interface SourceReport extends Section {
  readonly source: SourceConfig;
  readonly result?: ListeningResult;
}

/**
 * Explains the configuration, with secrets masked, and then looks at every source and database.
 * Exit code 0 when nothing is wrong, 1 when something is, 2 when the configuration cannot be used.
 */
export async function check(terminal: Terminal, options: CheckOptions): Promise<ExitCode> {
  const loaded = loadSettings(terminal, options);
  if (loaded === undefined) return EXIT.usage;
  if (options.configOnly) return explainConfiguration(terminal, loaded, options);
  const { config } = loaded;
  const sources = config.sources.filter((one) => (options.source ?? one.name) === one.name);
  if (sources.length === 0) {
    const names = config.sources.map((one) => one.name).join(", ");
    terminal.note(`--source ${options.source}: there is no such source; there are: ${names}`);
    return EXIT.usage;
  }
  if (options.deleteSession !== undefined && options.deleteSession !== false) {
    if (sources.length > 1) {
      terminal.note("--delete-session needs --source NAME, for there are several sources");
      return EXIT.usage;
    }
    const id = options.deleteSession === true ? undefined : options.deleteSession;
    return await deleteOwnSession(terminal, config, sources[0]!, id);
  }
  if (!options.json) printConfiguration(terminal, loaded);
  const reports = await listenToAll(terminal, config, sources, options.seconds);
  const sections = [
    ...reports,
    ...await databaseSections(config, sources),
    ...pageTokenSections(config.observability, (path) => terminal.readFile(path)),
  ];
  const bad = countOf(sections, "bad");
  if (options.json) terminal.print(asJson(loaded, reports, sections, bad === 0));
  else {
    for (const section of sections) {
      terminal.print("");
      for (const line of sectionText(section)) terminal.print(line);
    }
    terminal.print("");
    terminal.print(summary(bad, countOf(sections, "look")));
  }
  return bad === 0 ? EXIT.ok : EXIT.failed;
}

function explainConfiguration(
  terminal: Terminal,
  loaded: Settings,
  options: CheckOptions,
): ExitCode {
  if (options.json) terminal.print(describeAsJson(loaded));
  else {
    terminal.print(`configuration: ${loaded.file ?? "no file, defaults"} (${loaded.dialect})`);
    terminal.print(describeAsText(loaded));
  }
  return EXIT.ok;
}

/** What was said of the configuration; the defaults would bury it. */
function printConfiguration(terminal: Terminal, loaded: Settings): void {
  const { text, defaults } = describeGiven(loaded);
  terminal.print(`configuration: ${loaded.file ?? "no file, defaults"} (${loaded.dialect})`);
  for (const line of text.split("\n").filter(Boolean)) terminal.print(`  ${line}`);
  terminal.print(
    `  ${
      text === "" ? "all" : "the other"
    } ${defaults} settings have their defaults (all of them: meshcapture check --config-only)`,
  );
}

async function listenToAll(
  terminal: Terminal,
  config: ServiceConfig,
  sources: readonly SourceConfig[],
  seconds: number,
): Promise<SourceReport[]> {
  const ending = new AbortController();
  let signals = 0;
  const endSignals = terminal.onSignal(() => {
    if (++signals > 1) terminal.exit(EXIT.failed);
    ending.abort();
  });
  terminal.note(
    `listening to ${plural(sources.length, "source")} for ${seconds} s (Ctrl+C ends it early)`,
  );
  try {
    const silent = await embeddedFindings(sources);
    return await Promise.all(sources.map((source) => {
      const finding = silent.get(source);
      if (finding !== undefined) return { source, title: titleOf(source), findings: [finding] };
      return reportOn(terminal, config, source, seconds, ending.signal);
    }));
  } finally {
    endSignals();
  }
}

async function reportOn(
  terminal: Terminal,
  config: ServiceConfig,
  source: SourceConfig,
  seconds: number,
  signal: AbortSignal,
): Promise<SourceReport> {
  const network = networkNamed(source.network)!;
  const title = titleOf(source);
  try {
    const { notesOf } = await network.tools();
    const result = await listenTo(terminal, source, {
      decoder: decoderOf(terminal, config, network),
      notesOf,
      seconds,
      wider: ["#"],
      signal,
    });
    const findings = sourceFindings(source, result, { ordinary: network.labels.ordinaryDrops });
    return { source, title, findings, result };
  } catch (error) {
    return { source, title, findings: [{ severity: "bad", text: explain(error) }] };
  }
}

function titleOf({ name, network, url }: SourceConfig): string {
  return `source ${name} (${networkNamed(network)!.section.title}, ${maskUrl(url)})`;
}

function decoderOf(terminal: Terminal, config: ServiceConfig, network: NetworkDescriptor) {
  return network.createDecoder(config[network.name], {
    sources: sourcesOf(network.name, config.sources),
    readFile: (path) => terminal.readFile(path),
    log: noteLog(terminal),
  });
}

function databaseSections(
  config: ServiceConfig,
  sources: readonly SourceConfig[],
): Promise<Section[]> {
  const names = [...new Set(sources.map((one) => one.network))];
  return Promise.all(names.map(async (name) => {
    const configured = networkNamed(name)!.databasePath(config[name]);
    const path = config.capture_impl === "shadow" ? shadowPath(configured) : configured;
    return { title: `database ${path}`, findings: await databaseFindings(path) };
  }));
}

function summary(bad: number, look: number): string {
  if (bad === 0 && look === 0) return "All is well.";
  const worth = look === 0 ? "" : `${plural(look, "thing")} worth a look (!)`;
  if (bad === 0) return `Nothing is wrong; ${worth}.`;
  return `${plural(bad, "thing")} to mend (✗)${worth === "" ? "" : `, ${worth}`}.`;
}

function asJson(
  loaded: Settings,
  reports: readonly SourceReport[],
  sections: readonly Section[],
  ok: boolean,
): string {
  const plain = (counts: ReadonlyMap<string, unknown>) => Object.fromEntries(counts);
  return JSON.stringify(
    {
      ok,
      configuration: JSON.parse(describeAsJson(loaded)),
      sections: sections.map(({ title, findings }) => ({ title, findings })),
      sources: reports.map(({ source, result }) => ({
        name: source.name,
        network: source.network,
        url: maskUrl(source.url),
        ...(result === undefined ? {} : {
          seconds: result.seconds,
          status: result.status,
          messages: result.heard.messages,
          retained: result.heard.retained,
          qos: { 0: result.heard.qos[0], 1: result.heard.qos[1] },
          topics: plain(result.heard.topics),
          types: plain(result.heard.types),
          keys: plain(result.heard.keys),
          unreadable: plain(result.heard.unreadable),
          drops: plain(result.heard.drops),
          elsewhere: result.elsewhere ?? [],
        }),
      })),
    },
    null,
    2,
  );
}
