/** `meshcapture demo`: the embedded broker, lifelike traffic, and the service, on this machine. @module */
import type { Buffer } from "node:buffer";
import { connectAsync, type MqttClient } from "mqtt";
import { createServer } from "node:net";
import { type Clock, delay } from "../capture/clock.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigError, problemText } from "../config/problem.ts";
import type { GeneratedMessage } from "../network_descriptor.ts";
import { configSections, networks } from "../networks.ts";
import { formatAddress } from "../observe/address.ts";
import { configureLogging } from "../observe/logging.ts";
import { Reader } from "../storage/reader.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { serve } from "./run.ts";
import type { Service, ServiceConfig } from "./service.ts";
import type { Terminal } from "./terminal.ts";

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

/** Runs the demo and prints what is in its database at the end. */
export async function demo(terminal: Terminal, options: DemoOptions): Promise<ExitCode> {
  const { folder, seconds } = options;
  Deno.mkdirSync(folder, { recursive: true });
  removeDatabases(folder);
  const port = await freePort();
  const config = demoConfig(folder, port);
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
      terminal.print(`metrics  http://${address}/metrics`);
      terminal.print(`health   http://${address}/healthz`);
    }
    for (const network of networks) {
      terminal.print(`database ${network.databasePath(config[network.name])}`);
    }
    terminal.print(seconds === undefined ? "Stop with Ctrl+C." : `Ends after ${seconds} s.`);
    await publishTraffic(terminal.clock, port, options, ending.signal);
  };
  const code = await serve(terminal, config, (category) => logging.log(category), until, ending);
  for (const network of networks) {
    printSummary(terminal, network.databasePath(config[network.name]), network.summaryQueries);
  }
  return code;
}

function demoConfig(folder: string, port: number): ServiceConfig | ConfigError {
  const overrides: Record<string, string> = { "observability.address": "127.0.0.1:0" };
  networks.forEach((network, index) => {
    overrides[`sources.${index}.name`] = `demo-${network.name}`;
    overrides[`sources.${index}.url`] = `embedded://127.0.0.1:${port}`;
    overrides[`sources.${index}.network`] = network.name;
    overrides[`${network.name}.database`] = `${folder}/${network.name}.db`;
    for (const [key, value] of Object.entries(network.demoConfig)) {
      overrides[`${network.name}.${key}`] = JSON.stringify(value);
    }
  });
  const nothing = () => {
    throw new Deno.errors.NotFound("the demo has no configuration file");
  };
  const loaded = loadConfig(configSections, { readFile: nothing, cwd: ".", overrides });
  return loaded instanceof ConfigError ? loaded : loaded.config as unknown as ServiceConfig;
}

/** Publishes every network's traffic in its own time, faster by `rate`, until the end. */
async function publishTraffic(
  clock: Clock,
  port: number,
  options: DemoOptions,
  signal: AbortSignal,
): Promise<void> {
  await untilListening(clock, port, signal);
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0 });
  const lost = Promise.withResolvers<never>();
  client.on("error", (error) => lost.reject(error));
  client.on("close", () => lost.reject(new Error("the demo's publisher lost its connection")));
  const startMs = clock.now();
  const endMs = options.seconds === undefined ? Infinity : startMs + options.seconds * 1000;
  const life = (atMs: number) => startMs + (atMs - startMs) / options.rate;
  try {
    const traffics = networks.map((network) => network.createTraffic(options.seed, startMs));
    const publishing = Promise.all(traffics.map(async (traffic) => {
      for (let sent = 0;; sent++) {
        const message: GeneratedMessage = traffic.next().value;
        const dueMs = life(message.atMs);
        const waitMs = Math.min(dueMs, endMs) - clock.now();
        if (waitMs > 0) await delay(clock, waitMs, signal);
        if (dueMs >= endMs) break;
        publish(client, message, sent);
      }
    }));
    await Promise.race([publishing, lost.promise]);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    // What the broker holds by then is stored; what it does not have yet ends with the demo.
    client.removeAllListeners("close");
    await client.endAsync(true);
  }
}

/** Radios publish at QoS 0; every other message goes at 1, to show both ways. */
/** The service's sources start in the background; a broker that listens answers a connection. */
async function untilListening(clock: Clock, port: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    }
    await delay(clock, 50, signal);
  }
}

function publish(client: MqttClient, message: GeneratedMessage, n: number): void {
  const { topic, payload, retain } = message;
  // Waiting for each PUBACK would publish no faster than the service commits.
  client.publish(topic, payload as unknown as Buffer, { qos: n % 2 === 0 ? 0 : 1, retain });
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
