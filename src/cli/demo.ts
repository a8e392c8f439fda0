/** `meshcapture demo`: the embedded broker, lifelike traffic, and the service, on this machine. @module */
import type { Buffer } from "node:buffer";
import { connect, type MqttClient } from "mqtt";
import { createServer } from "node:net";
import { type Clock, delay, type Timer } from "../capture/clock.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigError, problemText } from "../config/problem.ts";
import type { GeneratedMessage, NetworkDescriptor, NetworkTools } from "../network_descriptor.ts";
import { configSections, networks } from "../networks.ts";
import { formatAddress } from "../observe/address.ts";
import { configureLogging } from "../observe/logging.ts";
import { Reader } from "../storage/reader.ts";
import { fileFault } from "./existing_file.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { explain } from "./explain.ts";
import { serve } from "./run.ts";
import type { Service, ServiceConfig } from "./service.ts";
import type { Terminal } from "./terminal.ts";

/** Milliseconds between two lines on what has arrived. */
const TELL_EVERY_MS = 2_000;

/**
 * Messages that may be on their way to the broker. More would wait in memory where the rate is beyond this
 * machine, and hold up the end; fewer would wait for each commit.
 */
const MAX_UNDER_WAY = 2_000;

/** Milliseconds between two looks whether there is room for more. */
const LOOK_MS = 10;

/** Options of {@linkcode demo}. */
export interface DemoOptions {
  /** Seconds after which the demo ends; otherwise a signal does. */
  readonly seconds?: number;
  /** Seed of the traffic. */
  readonly seed: number;
  /** How many times faster than life, 1 or more. */
  readonly rate: number;
  /** Folder for the database; nothing is written elsewhere. */
  readonly folder: string;
}

/** With this begin the names of a demo's sources. */
const DEMO_SOURCE = "demo-";

/** Runs the demo and prints what is in its database at the end. */
export async function demo(terminal: Terminal, options: DemoOptions): Promise<ExitCode> {
  const { folder, seconds } = options;
  const strange = networks.map((one) => `${folder}/${one.name}.db`).find((path) => !isOurs(path));
  if (strange !== undefined) {
    terminal.note(
      `${strange} was not made by a demo, and a demo begins with an empty database: give it another --folder`,
    );
    return EXIT.usage;
  }
  try {
    Deno.mkdirSync(folder, { recursive: true });
    removeDatabases(folder);
  } catch (error) {
    terminal.note(`${folder} cannot be used: ${explain(error)}`);
    return EXIT.failed;
  }
  const port = await freePort();
  const parts = await Promise.all(
    networks.map(async (network) => ({ network, tools: await network.tools() })),
  );
  const config = demoConfig(folder, port, parts);
  if (config instanceof ConfigError) {
    for (const problem of config.problems) terminal.note(problemText(problem));
    return EXIT.failed;
  }
  using logging = configureLogging({ clock: terminal.clock });
  const ending = new AbortController();
  const until = async (service: Service): Promise<void> => {
    terminal.print(`broker   mqtt://127.0.0.1:${port} (publish to it, if you like)`);
    if (service.address !== undefined) {
      const address = formatAddress(service.address);
      terminal.print(`page     http://${address}/`);
      terminal.print(`metrics  http://${address}/metrics`);
      terminal.print(`health   http://${address}/healthz`);
    }
    for (const network of networks) {
      terminal.print(`database ${network.databasePath(config[network.name])}`);
    }
    terminal.print(seconds === undefined ? "Stop with Ctrl+C." : `Ends after ${seconds} s.`);
    const stopTelling = tellStored(terminal, service);
    try {
      await publishTraffic(terminal.clock, port, parts, options, ending.signal);
    } finally {
      stopTelling();
    }
  };
  const code = await serve(terminal, config, (category) => logging.log(category), until, ending);
  if (code !== EXIT.ok) return code;
  for (const { network, tools } of parts) {
    printSummary(terminal, network.databasePath(config[network.name]), tools.summaryQueries);
  }
  return code;
}

/** A network with what makes its traffic. */
interface DemoPart {
  readonly network: NetworkDescriptor;
  readonly tools: NetworkTools;
}

function demoConfig(
  folder: string,
  port: number,
  parts: readonly DemoPart[],
): ServiceConfig | ConfigError {
  const overrides: Record<string, string> = { "observability.address": "127.0.0.1:0" };
  parts.forEach(({ network, tools }, index) => {
    overrides[`sources.${index}.name`] = `${DEMO_SOURCE}${network.name}`;
    overrides[`sources.${index}.url`] = `embedded://127.0.0.1:${port}`;
    overrides[`sources.${index}.network`] = network.name;
    overrides[`${network.name}.database`] = `${folder}/${network.name}.db`;
    for (const [key, value] of Object.entries(tools.demoConfig)) {
      overrides[`${network.name}.${key}`] = JSON.stringify(value);
    }
  });
  const nothing = () => {
    throw new Deno.errors.NotFound("the demo has no configuration file");
  };
  const loaded = loadConfig(configSections, { readFile: nothing, cwd: ".", overrides });
  return loaded instanceof ConfigError ? loaded : loaded.config as unknown as ServiceConfig;
}

/** Prints what has arrived in the databases, again and again; returns a function that ends it. */
function tellStored(terminal: Terminal, service: Service): () => void {
  const { clock } = terminal;
  const began = clock.monotonic();
  const tell = (): Timer =>
    clock.setTimer(() => {
      const seconds = Math.round((clock.monotonic() - began) / 1000);
      const rows = networks.map((one) => `${service.stored[one.name] ?? 0} ${one.name}`);
      terminal.print(`${String(seconds).padStart(4)} s  stored: ${rows.join(", ")}`);
      timer = tell();
    }, TELL_EVERY_MS);
  let timer = tell();
  return () => clock.clearTimer(timer);
}

/**
 * Publishes every network's traffic in its own time, faster by `rate`, until the end: by the clock, also
 * where the traffic is behind its time.
 */
async function publishTraffic(
  clock: Clock,
  port: number,
  parts: readonly DemoPart[],
  options: DemoOptions,
  signal: AbortSignal,
): Promise<void> {
  const client = connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 100 });
  client.on("error", () => {});
  // At the end of the demo nobody acknowledges any more what is still on its way.
  const cut = () => client.end(true);
  signal.addEventListener("abort", cut, { once: true });
  try {
    // What is published before the broker listens is sent one by one, each after the last is stored.
    await connected(client, signal);
    const startMs = clock.now();
    const endMs = options.seconds === undefined ? Infinity : startMs + options.seconds * 1000;
    const life = (atMs: number) => startMs + (atMs - startMs) / options.rate;
    let underWay = 0;
    const traffics = parts.map(({ tools }) => tools.createTraffic(options.seed, startMs));
    await Promise.all(traffics.map(async (traffic) => {
      for (let sent = 0;; sent++) {
        const message: GeneratedMessage = traffic.next().value;
        const dueMs = life(message.atMs);
        const waitMs = Math.min(dueMs, endMs) - clock.now();
        if (waitMs > 0) await delay(clock, waitMs, signal);
        while (underWay >= MAX_UNDER_WAY && clock.now() < endMs) {
          await delay(clock, LOOK_MS, signal);
        }
        if (Math.max(dueMs, clock.now()) >= endMs) break;
        underWay++;
        publish(client, message, sent, () => underWay--);
      }
    }));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    if (signal.aborted) client.end(true);
    else await ended(client, signal);
    signal.removeEventListener("abort", cut);
  }
}

/** Resolves when the client has a connection. @throws the signal's reason. */
function connected(client: MqttClient, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    client.once("connect", () => resolve());
  });
}

/** Resolves when all is acknowledged and the client is gone, or when `signal` is aborted. */
function ended(client: MqttClient, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    client.end(false, {}, () => resolve());
  });
}

/**
 * Radios publish at QoS 0; every other message goes at 1, to show both ways. `done` is called when the
 * client has no more to do with it.
 */
function publish(client: MqttClient, message: GeneratedMessage, n: number, done: () => void): void {
  const { topic, payload, retain } = message;
  // Waiting for each PUBACK would publish no faster than the service commits.
  client.publish(topic, payload as unknown as Buffer, { qos: n % 2 === 0 ? 0 : 1, retain }, done);
}

function printSummary(
  terminal: Terminal,
  path: string,
  queries: readonly { readonly title: string; readonly sql: string }[],
): void {
  using reader = new Reader(path);
  terminal.print(`\nin ${path}:`);
  for (const { title, sql } of queries) {
    const [row] = reader.query(sql);
    terminal.print(`${String(Object.values(row ?? {})[0] ?? 0).padStart(8)}  ${title}`);
  }
}

/**
 * True when there is no database at `path`, or one into which nothing but demos ever captured. What
 * a service has captured cannot be captured again, so it must not go because of a wrong --folder.
 */
function isOurs(path: string): boolean {
  if (fileFault(path) !== undefined || Deno.statSync(path).size === 0) return true;
  try {
    using reader = new Reader(path);
    const sources = reader.query<{ name: string }>("SELECT name FROM capture_sources");
    return sources.length > 0 && sources.every(({ name }) => name.startsWith(DEMO_SOURCE));
  } catch {
    return false;
  }
}

/** A demo begins with an empty database; only files that it makes itself are removed. */
function removeDatabases(folder: string): void {
  for (const network of networks) {
    for (const suffix of ["", "-wal", "-shm"]) {
      try {
        Deno.removeSync(`${folder}/${network.name}.db${suffix}`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === "object" && address !== null ? address.port : 0)
      );
    });
  });
}
