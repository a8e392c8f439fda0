/** Measures the time from publication until a reader sees the row. @module */
import { BenchBroker } from "./broker.ts";
import { Child } from "./child.ts";
import type { Figures } from "./figures.ts";
import { burstFile, RunFolder } from "./folder.ts";
import { measureBare } from "./measure_bare.ts";
import { benchNetworks } from "./networks.ts";
import { oneService } from "./one_service.ts";
import type { ProbeResult } from "./probe.ts";
import { RowCounter } from "./row_counter.ts";
import type { LatencyScenario } from "./scenario.ts";
import { BenchService, type Sections } from "./service.ts";
import { serviceFigures } from "./service_figures.ts";
import { makeStartFile } from "./start_file.ts";

/** Long enough for a p99 of the bare limit. */
const BARE_SECONDS = 30;

/** What differs from an ordinary latency scenario. */
export interface LatencyOptions {
  /** Further settings of the network's section, made when the database is there. */
  readonly own?: (counter: RowCounter) => Sections;
  /** Further sections. */
  readonly more?: Sections;
  /** Reads what happened in the database, before (undefined) and after the run. */
  readonly after?: (counter: RowCounter) => Figures;
}

/** Publishes at a steady rate for a while. */
export async function runLatency(
  scenario: LatencyScenario,
  signal: AbortSignal,
  { own, more = {}, after }: LatencyOptions = {},
): Promise<Figures> {
  const { rate, seconds, indexes, intervalMs, prefill } = scenario;
  const network = benchNetworks[scenario.network];
  const traffic = await burstFile(network, rate * seconds);
  using folder = new RunFolder(signal);
  const database = folder.file("service.db");
  await makeStartFile(network, indexes, prefill, database);
  const bytesBefore = Deno.statSync(database).size;
  await using broker = await BenchBroker.start(folder, "deploy");
  using counter = new RowCounter(database, network.counted);
  const sections = {
    ...(intervalMs === undefined ? {} : { storage: { commit_interval_ms: intervalMs } }),
    ...more,
  };
  await using probe = await Child.start("probe.ts", [
    broker.port,
    network.counted,
    traffic,
    database,
    counter.base,
    rate,
  ], signal);
  await using service = await BenchService.start(
    folder,
    oneService(network, indexes, database, broker.port, sections, own?.(counter)),
    scenario,
  );
  const before = service.figures();
  await probe.go();
  const { published, seen, p50Ms, p99Ms, maxMs } = await probe.result<ProbeResult>();
  const now = service.figures();
  const metrics = await service.metrics();
  const closed = await service.stop();
  const stored = counter.count();
  const grownBytes = Deno.statSync(database).size - bytesBefore;
  const figures = serviceFigures({
    published,
    stored,
    grownBytes,
    metrics,
    before,
    after: now,
    closed,
  });
  const batch = Math.max(1, Math.ceil(stored / figures.commits));
  await broker.forget(String(counter.value("SELECT client_id FROM capture_sources LIMIT 1")));
  return {
    ...figures,
    timed: seen,
    p50Ms,
    p99Ms,
    maxMs,
    // On a large database the rows' own pages are the growth scenarios' affair.
    ...(stored > 0 && prefill === 0
      ? await bareWritten(scenario, folder, counter.base, batch)
      : {}),
    ...(intervalMs === 0 ? await bareLatency(scenario, folder, broker) : {}),
    ...after?.(counter),
  };
}

/** What the bare loop writes for the same rows in batches of the same size. */
async function bareWritten(...run: Parameters<typeof measureBare>): Promise<Figures> {
  const { bareWrittenKb } = await measureBare(...run);
  return { bareWrittenKb };
}

/** What the same messages take when they are committed as they come, and nothing else is done. */
async function bareLatency(
  { network: name, rate, seconds }: LatencyScenario,
  folder: RunFolder,
  broker: BenchBroker,
): Promise<Figures> {
  const network = benchNetworks[name];
  const database = folder.file("bare-writer.db");
  await using _writer = await Child.start("bare_writer.ts", [
    broker.port,
    network.filter,
    database,
    network.counted,
  ], folder.signal);
  await using probe = await Child.start("probe.ts", [
    broker.port,
    network.counted,
    await burstFile(network, rate * Math.min(seconds, BARE_SECONDS)),
    database,
    0,
    rate,
  ], folder.signal);
  await probe.go();
  const { p50Ms, p99Ms, maxMs } = await probe.result<ProbeResult>();
  return { bareP50Ms: p50Ms, bareP99Ms: p99Ms, bareMaxMs: maxMs };
}
