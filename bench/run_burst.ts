/** Measures a burst, and the bare limit beside the same broker. @module */
import { BenchBroker } from "./broker.ts";
import { Child } from "./child.ts";
import type { Figures } from "./figures.ts";
import { burstFile, RunFolder } from "./folder.ts";
import { type BareFigures, measureBare } from "./measure_bare.ts";
import { metricSum } from "./metrics_text.ts";
import { type BenchNetwork, benchNetworks } from "./networks.ts";
import { oneService } from "./one_service.ts";
import { round } from "./percentile.ts";
import { processFigures } from "./process_figures.ts";
import { RowCounter } from "./row_counter.ts";
import type { BurstScenario } from "./scenario.ts";
import { BenchService } from "./service.ts";
import { serviceFigures } from "./service_figures.ts";
import { makeStartFile } from "./start_file.ts";
import { pause } from "./until.ts";

/**
 * A burst of which messages are missing counts as ended when nothing more is stored for so long after
 * the publisher is done, and the service has nothing waiting either. A broker that keeps everything
 * is given longer: on a busy machine both may stand still for seconds.
 */
const STALLED_MS = { deploy: 30_000, defaults: 5_000 };
/** A burst is given up after standing still for so long. */
const GIVEN_UP_MS = 120_000;
/** How long the service is left alone before its idle memory is read: V8 tidies up after eight seconds. */
const IDLE_MS = 10_000;

/** Who runs beside a burst, such as a scraper. Called when the burst begins. */
export type Bystander = (service: BenchService, ended: AbortSignal) => Promise<void>;

/**
 * Runs a burst through the service, and then the bare loop.
 *
 * @param beside works while the burst runs
 * @param keep is given the folder before it is removed
 */
export async function runBurst(
  scenario: BurstScenario,
  signal: AbortSignal,
  beside?: Bystander,
  keep?: (folder: RunFolder, base: number, batch: number) => Promise<Figures>,
): Promise<Figures> {
  const network = benchNetworks[scenario.network];
  const traffic = await burstFile(network, scenario.messages);
  using folder = new RunFolder(signal);
  const database = folder.file("service.db");
  await makeStartFile(network, scenario.indexes, scenario.prefill, database);
  await using broker = await BenchBroker.start(folder, scenario.broker);
  const through = await throughService(scenario, network, folder, broker, traffic, beside);
  const { base, seconds, stored, figures } = through;
  await broker.forget(through.clientId);
  const batch = Math.max(1, Math.ceil(stored / Math.max(1, figures.commits)));
  const bare = stored === 0
    ? undefined
    : await bareLimit(scenario, network, folder, broker, traffic, base, batch);
  const more = await keep?.(folder, base, batch);
  const rate = stored / seconds;
  return {
    ...figures,
    messagesPerSecond: Math.round(rate),
    ...(bare === undefined ? {} : { ...bare, ratio: round(rate / bare.bareRowsPerSecond, 2) }),
    ...more,
  };
}

interface Through {
  readonly base: number;
  readonly seconds: number;
  readonly stored: number;
  readonly clientId: string;
  readonly figures: Figures & { readonly commits: number };
}

async function throughService(
  scenario: BurstScenario,
  network: BenchNetwork,
  folder: RunFolder,
  broker: BenchBroker,
  traffic: string,
  beside: Bystander | undefined,
): Promise<Through> {
  const { messages, indexes, qos } = scenario;
  const database = folder.file("service.db");
  const bytesBefore = Deno.statSync(database).size;
  const sections = oneService(network, indexes, database, broker.port);
  await using service = await BenchService.start(folder, sections, scenario);
  await using publisher = await Child.start(
    "publisher.ts",
    [broker.port, traffic, qos],
    folder.signal,
  );
  await pause(IDLE_MS);
  using counter = new RowCounter(database, network.counted);
  const ended = new AbortController();
  const before = service.figures();
  const brokerBefore = processFigures(broker.pid).cpuSeconds;
  const start = performance.now();
  await publisher.go();
  const bystander = beside?.(service, ended.signal);
  let published: { published: number; ms: number } | undefined;
  void publisher.result<{ published: number; ms: number }>().then((result) => published = result);
  let last = 0;
  let changed = start;
  for (;;) {
    const gained = counter.gained();
    const now = performance.now();
    if (gained !== last) changed = now;
    else if (published !== undefined && now - changed > STALLED_MS[scenario.broker]) {
      if (now - changed > GIVEN_UP_MS || await isIdle(service)) break;
    }
    last = gained;
    if (gained >= messages && published !== undefined) break;
    await pause(5);
  }
  const after = service.figures();
  const brokerAfter = processFigures(broker.pid).cpuSeconds;
  ended.abort();
  await bystander;
  const metrics = await service.metrics();
  const closed = await service.stop();
  const stored = counter.count();
  const grownBytes = Deno.statSync(database).size - bytesBefore;
  return {
    base: counter.base,
    seconds: (changed - start) / 1000,
    stored,
    clientId: String(counter.value("SELECT client_id FROM capture_sources LIMIT 1")),
    figures: {
      ...serviceFigures({
        published: messages,
        stored,
        grownBytes,
        metrics,
        before,
        after,
        closed,
      }),
      publishedPerSecond: Math.round(messages / published.ms * 1000),
      brokerCpuSecondsPerThousand: round((brokerAfter - brokerBefore) / messages * 1000, 3),
    },
  };
}

/** Whether the service has stored all that it has received. */
async function isIdle(service: BenchService): Promise<boolean> {
  const text = await service.metrics();
  const sum = (name: string) => metricSum(text, `meshcapture_${name}_total`);
  const settled = sum("packets_stored") + sum("duplicates_skipped") + sum("messages_dropped") +
    sum("quarantined");
  return text !== "" && settled >= sum("messages_received");
}

/**
 * The bare loop's figures. The publisher publishes the same burst to the same broker meanwhile, and
 * a subscriber takes it as the service did.
 */
async function bareLimit(
  scenario: BurstScenario,
  network: BenchNetwork,
  folder: RunFolder,
  broker: BenchBroker,
  traffic: string,
  base: number,
  batch: number,
): Promise<BareFigures> {
  const { signal } = folder;
  await using drain = await Child.start("drain.ts", [broker.port, network.filter], signal);
  await using publisher = await Child.start("publisher.ts", [
    broker.port,
    traffic,
    scenario.qos,
  ], signal);
  await drain.go();
  return await measureBare(scenario, folder, base, batch, publisher);
}
