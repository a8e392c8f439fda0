/**
 * The whole way of a message, measured: a burst of envelopes goes to a mosquitto that keeps what it
 * gets (deploy/mosquitto.conf), and the service, a process of its own, takes it into an empty
 * database. One table for people, `--json` for machines.
 *
 *     deno task bench [N] [--json]        # default: 20,000 envelopes
 *
 * The publisher, the broker and the service share the machine, so figures compare only within one
 * run; `bare` is what the same machine does in the same run when it only inserts the same rows.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { connectAsync } from "mqtt";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { encodeBurst } from "../src/meshtastic/encode_burst.ts";
import { trafficChannelKeys } from "../src/meshtastic/traffic_generator.ts";
import { Reader } from "../src/storage/reader.ts";
import { bareInsertRate } from "./bare_insert.ts";
import { processFigures } from "./process_figures.ts";

/** Everything is written here and removed at the end. */
const FOLDER = "dist/bench";

/** A figure is given up when nothing is stored for so many milliseconds. */
const STALLED_MS = 15_000;

/** What one burst gave. */
interface Figures {
  readonly indexes: "full" | "minimal";
  /** QoS at which the burst was published. */
  readonly qos: 0 | 1;
  readonly published: number;
  readonly stored: number;
  readonly lost: number;
  /** From the first publication until all was committed. */
  readonly messagesPerSecond: number;
  readonly bareRowsPerSecond: number;
  readonly cpuSecondsPerThousand: number;
  readonly peakRssMib: number;
  readonly writtenBytesPerMessage: number;
}

const json = Deno.args.includes("--json");
const count = Number(Deno.args.find((one) => /^\d+$/.test(one)) ?? 20_000);
const burst = packets(count);
const results: Figures[] = [];
for (const indexes of ["full", "minimal"] as const) {
  for (const qos of [0, 1] as const) results.push(await measure(indexes, qos));
}
print(json ? JSON.stringify(results) : table(results));

/** Packets alone: a presence message or JSON leaves no row that could be counted. */
function packets(n: number): { topic: string; payload: Uint8Array<ArrayBuffer> }[] {
  const all = encodeBurst(Math.ceil(n * 1.5) + 100);
  return all.filter(({ topic }) => topic.includes("/2/e/")).slice(0, n);
}

async function measure(indexes: "full" | "minimal", qos: 0 | 1): Promise<Figures> {
  Deno.mkdirSync(FOLDER, { recursive: true });
  const mqttPort = await freePort();
  const httpPort = await freePort();
  const database = `${FOLDER}/burst.db`;
  Deno.writeTextFileSync(`${FOLDER}/mosquitto.conf`, brokerSettings(mqttPort));
  Deno.writeTextFileSync(
    `${FOLDER}/config.yaml`,
    JSON.stringify({
      sources: [{ name: "bench", url: `mqtt://127.0.0.1:${mqttPort}`, topics: ["msh/#"] }],
      meshtastic: { database, indexes, channels: trafficChannelKeys },
      observability: { address: `127.0.0.1:${httpPort}`, log_level: "warning" },
    }),
  );
  const broker = start("mosquitto", ["-c", `${FOLDER}/mosquitto.conf`]);
  const service = start("deno", [
    "run",
    "--allow-net=127.0.0.1",
    "--allow-read",
    `--allow-write=${FOLDER}`,
    "--allow-env",
    "main.ts",
    "run",
    "--config",
    `${FOLDER}/config.yaml`,
  ]);
  try {
    // Before it has subscribed once, the broker keeps nothing for it.
    await until(
      async () => sum(await metrics(httpPort), "meshcapture_source_up") === 1,
      "the service has subscribed",
    );
    const before = processFigures(service.pid);
    const began = performance.now();
    await publish(mqttPort, qos);
    const ended = await allStored(httpPort);
    const after = processFigures(service.pid);
    await stop(service);
    const stored = countRows(database);
    const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
    return {
      indexes,
      qos,
      published: burst.length,
      stored,
      lost: burst.length - stored,
      messagesPerSecond: Math.round(stored / (ended - began) * 1000),
      bareRowsPerSecond: Math.round(bareInsertRate(database, `${FOLDER}/bare.db`)),
      cpuSecondsPerThousand: round(cpuSeconds * 1000 / stored, 3),
      peakRssMib: Math.round(after.peakRssBytes / 2 ** 20),
      writtenBytesPerMessage: Math.round((after.writtenBytes - before.writtenBytes) / stored),
    };
  } finally {
    await Promise.all([stop(service), stop(broker)]);
    Deno.removeSync(FOLDER, { recursive: true });
  }
}

/** deploy/mosquitto.conf, with nothing changed but where it listens, its files and who may come. */
function brokerSettings(port: number): string {
  const settings = Deno.readTextFileSync("deploy/mosquitto.conf")
    .replace("listener 1883", `listener ${port} 127.0.0.1`)
    .replace("allow_anonymous false", "allow_anonymous true")
    .replace(/^password_file .*$/m, "")
    .replace("/var/lib/mosquitto/", `${Deno.cwd()}/${FOLDER}/`);
  // Started as root it would drop to a user who may not write here.
  return `${settings}\nuser root\nlog_dest none\n`;
}

async function publish(port: number, qos: 0 | 1): Promise<void> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`);
  const sent: Promise<unknown>[] = [];
  for (const { topic, payload } of burst) {
    sent.push(client.publishAsync(topic, payload as unknown as Buffer, { qos }));
    if (sent.length === 500) await Promise.all(sent.splice(0));
  }
  await Promise.all(sent);
  await client.endAsync();
}

/** When the last message was committed, or nothing has come for a long time (`performance.now()`). */
async function allStored(port: number): Promise<number> {
  let stored = 0;
  let changed = performance.now();
  for (;;) {
    const now = sum(await metrics(port), "meshcapture_packets_stored_total");
    if (now !== stored) changed = performance.now();
    stored = now;
    if (stored >= burst.length || performance.now() - changed > STALLED_MS) return changed;
    await pause(20);
  }
}

function sum(metrics: string, name: string): number {
  const lines = metrics.matchAll(new RegExp(`^${name}\\{.*\\} (\\S+)$`, "gm"));
  return [...lines].reduce((total, [, value]) => total + Number(value), 0);
}

function countRows(database: string): number {
  using reader = new Reader(database);
  const [row] = reader.query("SELECT count(*) AS n FROM packet_history");
  return Number(row?.["n"]);
}

function start(command: string, args: string[]): Deno.ChildProcess {
  return new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "inherit" })
    .spawn();
}

async function stop(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has ended already.
  }
  await child.status;
}

/** The service's metrics; empty while it does not answer. */
async function metrics(port: number): Promise<string> {
  try {
    return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  } catch {
    return "";
  }
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!await condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await pause(50);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function table(rows: readonly Figures[]): string {
  const head = [
    "indexes",
    "QoS",
    "stored",
    "lost",
    "msg/s",
    "bare rows/s",
    "ratio",
    "CPU s/1000",
    "peak RSS MiB",
    "written B/msg",
  ];
  const body = rows.map((row) => [
    row.indexes,
    row.qos,
    row.stored,
    row.lost,
    row.messagesPerSecond,
    row.bareRowsPerSecond,
    round(row.messagesPerSecond / row.bareRowsPerSecond, 2),
    row.cpuSecondsPerThousand,
    row.peakRssMib,
    row.writtenBytesPerMessage,
  ]);
  const line = (cells: readonly unknown[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
