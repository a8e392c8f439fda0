/**
 * Both networks in one service for a long time, with connections that break and a broker that
 * restarts. Prints a line now and then and a verdict at the end; exit code 1 when something grows
 * that should not, or a message is missing or there twice.
 *
 *     deno task soak                              # 30 minutes, 500 messages a second on each network
 *     deno task soak --minutes 3 --rate 200 --reconnect 20
 *     deno task soak --json --out bench/results.json
 *
 * @module
 */
import { parseArgs } from "node:util";
import { BenchBroker } from "./broker.ts";
import { Child } from "./child.ts";
import { CuttableLink } from "./cuttable_link.ts";
import { RunFolder } from "./folder.ts";
import { interrupted } from "./interrupted.ts";
import { thisMachine } from "./machine.ts";
import { makeBundle } from "./make_bundle.ts";
import { markdownTable } from "./markdown_table.ts";
import { metricSum } from "./metrics_text.ts";
import { type BenchNetwork, benchNetworks } from "./networks.ts";
import { keepResults, type SoakResult } from "./results.ts";
import { RowCounter } from "./row_counter.ts";
import { BenchService } from "./service.ts";
import { rssSlope, type Sample, type SoakEnd, soakVerdict } from "./soak_verdict.ts";
import { makeStartFile } from "./start_file.ts";

import { pause, until } from "./until.ts";

/** How long the last messages may take. */
const DRAIN_MS = 120_000;
const NETWORKS = Object.values(benchNetworks);

const { values } = parseArgs({
  args: Deno.args,
  options: {
    minutes: { type: "string", default: "30" },
    rate: { type: "string", default: "500" },
    reconnect: { type: "string", default: "60" },
    sample: { type: "string", default: "10" },
    json: { type: "boolean", default: false },
    out: { type: "string" },
  },
});
const seconds = number("minutes", values.minutes) * 60;
const rate = number("rate", values.rate);
const reconnectEvery = number("reconnect", values.reconnect);
const sampleEvery = number("sample", values.sample);

const at = `${new Date().toISOString().slice(0, 16)}Z`;
const { samples, end, reconnects } = await soak();
const checks = soakVerdict(samples, end);
const passed = checks.every((one) => one.passed);
const result: SoakResult = { at, seconds, rate, passed, checks };
if (values.out !== undefined) {
  keepResults(values.out, { machine: thisMachine(), results: [], soak: result });
}
if (values.json) print(JSON.stringify({ ...result, samples }, null, 2));
else {
  const rows = checks.map((one) => [
    one.what,
    String(one.value),
    String(one.atMost),
    one.passed ? "✓" : "✗",
  ]);
  print(`\n${markdownTable(["what", "value", "at most", ""], rows)}`);
  print(`${end.published} published, ${end.stored} stored, ${reconnects} reconnections`);
  print(`memory after the first quarter: ${rssSlope(samples)} MiB an hour`);
  print(passed ? "passed" : "FAILED");
}
Deno.exit(passed ? 0 : 1);

async function soak(): Promise<{ samples: Sample[]; end: SoakEnd; reconnects: number }> {
  const signal = interrupted();
  await makeBundle(signal);
  using folder = new RunFolder(signal);
  const database = (network: BenchNetwork) => folder.file(`${network.name}.db`);
  for (const network of NETWORKS) await makeStartFile(network, "full", 0, database(network));
  await using broker = await BenchBroker.start(folder, "deploy");
  using link = new CuttableLink(broker.port);
  await using service = await BenchService.start(folder, {
    sources: NETWORKS.map((network) => ({
      name: network.name,
      network: network.name,
      url: `mqtt://127.0.0.1:${link.port}`,
      topics: [network.filter],
      // With more patience there would be less of everything to see.
      reconnect: { min_ms: 100, max_ms: 2000 },
    })),
    ...Object.fromEntries(
      NETWORKS.map((network) => [network.name, network.section(database(network), "full")]),
    ),
  }, { sources: NETWORKS.length });
  const start = performance.now();
  const publishers = await Promise.all(
    NETWORKS.map(({ name }) =>
      Child.start("paced_publisher.ts", [broker.port, name, rate], signal)
    ),
  );
  const counters = NETWORKS.map((network) => new RowCounter(database(network), network.counted, 0));
  const samples: Sample[] = [];
  try {
    await tell(publishers, "go");
    let nextSample = sampleEvery;
    let nextReconnect = reconnectEvery;
    let breaks = 0;
    for (;;) {
      await pause(200);
      const elapsed = (performance.now() - start) / 1000;
      if (elapsed >= seconds) break;
      if (elapsed >= nextReconnect) {
        nextReconnect += reconnectEvery;
        if (breaks++ % 2 === 0) link.cut();
        else await restart(broker, publishers);
      }
      if (elapsed < nextSample) continue;
      nextSample += sampleEvery;
      const behind = await countPublished(publishers) - stored(counters);
      samples.push(await sample(service, folder, elapsed, behind));
      if (!values.json) printSample(samples.at(-1)!, breaks);
    }
    await tell(publishers, "pause");
    const published = await counts(publishers);
    await until(() => stored(counters) >= published, "all is stored", DRAIN_MS, 100)
      // What is missing is the verdict's affair.
      .catch(() => {});
    const reconnects = metricSum(await service.metrics(), "meshcapture_source_reconnects_total");
    await service.stop();
    const rows = counters.reduce((sum, one) => sum + one.count(), 0);
    return { samples, end: { published, stored: rows }, reconnects };
  } finally {
    for (const one of counters) one[Symbol.dispose]();
    await Promise.all(publishers.map((one) => one[Symbol.asyncDispose]()));
  }
}

/** Nobody publishes while the broker is away, so that what it has taken is known. */
async function restart(broker: BenchBroker, publishers: readonly Child[]): Promise<void> {
  await tell(publishers, "pause");
  await counts(publishers);
  await broker.stop();
  await pause(1000);
  await broker.run();
  await tell(publishers, "resume");
}

async function countPublished(publishers: readonly Child[]): Promise<number> {
  await tell(publishers, "count");
  return await counts(publishers);
}

async function counts(publishers: readonly Child[]): Promise<number> {
  const all = await Promise.all(publishers.map((one) => one.result<{ acknowledged: number }>()));
  return all.reduce((sum, one) => sum + one.acknowledged, 0);
}

async function tell(publishers: readonly Child[], line: string): Promise<void> {
  await Promise.all(publishers.map((one) => one.tell(line)));
}

function stored(counters: readonly RowCounter[]): number {
  return counters.reduce((sum, one) => sum + one.gained(), 0);
}

async function sample(
  service: BenchService,
  folder: RunFolder,
  elapsed: number,
  behind: number,
): Promise<Sample> {
  const wal = NETWORKS.map((network) => Deno.statSync(folder.file(`${network.name}.db-wal`)).size);
  return {
    seconds: Math.round(elapsed),
    rssMib: Math.round(service.figures().rssBytes / 2 ** 20),
    heapMib: Math.round(
      metricSum(await service.metrics(), "meshcapture_memory_heap_used_bytes") / 2 ** 20,
    ),
    openFiles: service.openFiles(),
    walMib: Math.round(Math.max(...wal) / 2 ** 20 * 10) / 10,
    behind,
  };
}

function printSample(one: Sample, breaks: number): void {
  print(
    `${one.seconds} s: RSS ${one.rssMib} MiB (heap ${one.heapMib}), ${one.openFiles} open files, log ${one.walMib} MiB, ` +
      `${one.behind} behind, ${breaks} breaks`,
  );
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  print(`--${name} must be a number above 0, not ${text}`);
  Deno.exit(2);
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
