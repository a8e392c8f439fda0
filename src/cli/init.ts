/** `meshcapture init`: writes a configuration, and says what to enter in a radio. @module */
import { isIPv4, isIPv6 } from "node:net";
import type { NetworkName } from "../capture/message.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigError, problemText } from "../config/problem.ts";
import { configSections, networks } from "../networks.ts";
import { listenOnce } from "./embedded_findings.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { explain } from "./explain.ts";
import { configurationText, type InitPlan, randomSecret } from "./init_plan.ts";
import { nextSteps, pageAddresses } from "./init_text.ts";
import { lanAddress } from "./lan_address.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@linkcode init}; what is absent is asked, where somebody can be asked. */
export interface InitOptions {
  /** File to write. Default: config.yaml. */
  readonly config?: string;
  /** Write also where a file is; the old one is kept beside it. */
  readonly force?: boolean;
  /** Ask nothing. */
  readonly yes?: boolean;
  /** Networks, with commas between. Default: all. */
  readonly networks?: string;
  /** Address by which radios reach this machine. */
  readonly host?: string;
  /** Port of the broker. */
  readonly port?: number;
  /** Name that radios log in with. Default: radio. */
  readonly username?: string;
  /** LoRa region of the Meshtastic nodes. */
  readonly region?: string;
  /** IATA code of the MeshCore region. */
  readonly iata?: string;
  /** Folder of the databases. */
  readonly data?: string;
  /** Where the page, metrics and health are served. Default: `:2112`. */
  readonly http?: string;
  /** Print JSON. */
  readonly json?: boolean;
}

/** Usual port of MQTT, and how many after it are tried when it is taken. */
const PORT = 1883;
const OTHER_PORTS = 10;

/** Characters of the password (80 bits) and of the token (120 bits). */
const PASSWORD_LENGTH = 16;
const TOKEN_LENGTH = 24;

/** Labels with dots between, and how many characters a Meshtastic node keeps of an address. */
const HOST_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;
const MAX_HOST_LENGTH = 63;

/** Something that was given or answered is not what it should be. */
class BadAnswer extends Error {
  override readonly name = "BadAnswer";
}

/** Writes the file and prints what to enter where. */
export async function init(terminal: Terminal, options: InitOptions): Promise<ExitCode> {
  const file = options.config ?? "config.yaml";
  const path = file.startsWith("/") ? file : `${terminal.cwd}/${file}`;
  if (!options.force && exists(path)) {
    terminal.note(
      `${file} exists and stays as it is: choose another --config, or --force to replace it (the old one is then kept as ${file}.old)`,
    );
    return EXIT.failed;
  }
  let plan: InitPlan;
  try {
    plan = await makePlan(terminal, options);
  } catch (error) {
    if (!(error instanceof BadAnswer)) throw error;
    terminal.note(error.message);
    return EXIT.usage;
  }
  const text = configurationText(plan, new Date(terminal.clock.now()));
  const loaded = loadConfig(configSections, {
    readFile: () => text,
    cwd: terminal.cwd,
    configFile: path,
  });
  if (loaded instanceof ConfigError) {
    for (const problem of loaded.problems) terminal.note(problemText(problem));
    return EXIT.usage;
  }
  try {
    writeSecretFile(path, text, options.force === true);
  } catch (error) {
    terminal.note(`${file} cannot be written: ${explain(error)}`);
    return EXIT.failed;
  }
  if (ownerOf(path) === 0) {
    terminal.note(
      `${file} belongs to root. Where the service runs as another user, give it to that one: chown USER ${file}`,
    );
  }
  if (options.json) {
    terminal.print(JSON.stringify({ file: path, ...plan, page: pageAddresses(plan) }, null, 2));
    return EXIT.ok;
  }
  terminal.print(`${path} is written. It holds the password, so only its owner may read it.`);
  terminal.print("");
  for (const line of nextSteps(plan, file)) terminal.print(line);
  return EXIT.ok;
}

async function makePlan(terminal: Terminal, options: InitOptions): Promise<InitPlan> {
  const ask = (question: string, byDefault: string): string => {
    if (options.yes || options.json || !terminal.canAsk) return byDefault;
    const hint = byDefault === "" ? "" : ` [${byDefault}]`;
    return terminal.ask(`${question}${hint}`) || byDefault;
  };
  const names = readNetworks(
    options.networks ?? ask("Networks to capture", namesOf()),
  );
  const region = names.includes("meshtastic")
    ? read(
      "LoRa region",
      /^[A-Z0-9_]{2,20}$/,
      (options.region ?? ask("LoRa region of your Meshtastic nodes, such as EU_868", ""))
        .toUpperCase(),
    )
    : undefined;
  const iata = names.includes("meshcore")
    ? read(
      "IATA code",
      /^[A-Z]{3}$/,
      (options.iata ?? ask("IATA code of the airport next to your MeshCore observers", ""))
        .toUpperCase(),
    )
    : undefined;
  const host = readHost(
    options.host ??
      ask("Address of this machine in your network", await lanAddress(terminal) ?? ""),
  );
  if (host === undefined) {
    terminal.note(
      "The address of this machine in your network is not known: `hostname -I` tells it, and --host takes it.",
    );
  }
  return {
    networks: names,
    ...(host === undefined ? {} : { host }),
    port: options.port ?? await choosePort(terminal),
    username: required("user name", /^[A-Za-z0-9._-]{1,63}$/, options.username ?? "radio"),
    password: randomSecret(PASSWORD_LENGTH),
    token: randomSecret(TOKEN_LENGTH),
    http: options.http ?? ":2112",
    ...(region === undefined ? {} : { region }),
    ...(iata === undefined ? {} : { iata }),
    ...(options.data === undefined ? {} : { data: readFolder(options.data) }),
  };
}

function namesOf(): string {
  return networks.map((one) => one.name).join(",");
}

function readNetworks(text: string): NetworkName[] {
  const wanted = text.split(",").map((one) => one.trim().toLowerCase()).filter(Boolean);
  const known = networks.map((one) => one.name).filter((name) => wanted.includes(name));
  const strange = wanted.find((name) => !known.includes(name as NetworkName));
  if (strange !== undefined) throw new BadAnswer(`${strange}: networks are ${namesOf()}`);
  if (known.length === 0) throw new BadAnswer(`networks: at least one of ${namesOf()}`);
  return known;
}

/** `value` if it looks as it should; undefined for an empty one. */
function read(what: string, pattern: RegExp, value: string): string | undefined {
  return value === "" ? undefined : required(what, pattern, value);
}

/** `value` if it looks as it should. */
function required(what: string, pattern: RegExp, value: string): string {
  if (!pattern.test(value)) throw new BadAnswer(`${JSON.stringify(value)} is no ${what}`);
  return value;
}

/** A host name or an address, IPv6 without brackets; undefined for an empty one. */
function readHost(text: string): string | undefined {
  if (text === "") return undefined;
  const bare = text.replace(/^\[(.*:.*)\]$/, "$1");
  // With the zone of a link (%eth0) it is an address for this machine alone.
  if (isIPv6(bare) && !bare.includes("%")) return bare;
  if (/^(\[.*\]|[^:]*):\d+$/.test(text)) {
    throw new BadAnswer(`${JSON.stringify(text)} is no address: its port belongs to --port`);
  }
  // What ends with a number is read as an IPv4 address everywhere, so it has to be one.
  const isName = text.length <= MAX_HOST_LENGTH && HOST_NAME.test(text) && !/(^|\.)\d+$/.test(text);
  if (isName || isIPv4(text)) return text;
  throw new BadAnswer(`${JSON.stringify(text)} is no address`);
}

/** A folder; an empty name would be the root of the file system. */
function readFolder(folder: string): string {
  if (folder.trim() === "") {
    throw new BadAnswer(
      "--data: an empty name is no folder; without --data it is the working directory",
    );
  }
  return folder;
}

/** The usual port, or the next that nobody has: a mosquitto may run here already. */
async function choosePort(terminal: Terminal): Promise<number> {
  for (let port = PORT; port < PORT + OTHER_PORTS; port++) {
    if (await listenOnce("0.0.0.0", port) !== undefined) continue;
    if (port !== PORT) {
      terminal.note(
        `Port ${PORT} is taken, perhaps by mosquitto, so the broker in the box gets ${port}.`,
      );
    }
    return port;
  }
  return PORT;
}

function ownerOf(path: string): number | null {
  return Deno.statSync(path).uid;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Writes a file that its owner alone may read. Made new under a name that nobody could have
 * prepared, it follows no link.
 */
function writeSecretFile(path: string, text: string, replace: boolean): void {
  const options = { createNew: true, write: true, mode: 0o600 };
  if (!replace) {
    using file = Deno.openSync(path, options);
    file.writeSync(new TextEncoder().encode(text));
    return;
  }
  const fresh = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  {
    using file = Deno.openSync(fresh, options);
    file.writeSync(new TextEncoder().encode(text));
  }
  if (exists(path)) Deno.renameSync(path, `${path}.old`);
  Deno.renameSync(fresh, path);
}
