/** Measures the time from publication until a reader sees the row. @module */
import { BenchBroker } from "./broker.ts";
import { Child } from "./child.ts";
import type { Figures } from "./figures.ts";
import { burstFile, RunFolder } from "./folder.ts";
import { metricSum } from "./metrics_text.ts";
import { benchNetworks } from "./networks.ts";
import { oneService } from "./one_service.ts";
import { round } from "./percentile.ts";
import type { ProbeResult } from "./probe.ts";
import { RowCounter } from "./row_counter.ts";
import type { LatencyScenario } from "./scenario.ts";
import { BenchService, type Sections } from "./service.ts";
import { makeStartFile } from "./start_file.ts";

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
    network.name,
    traffic,
    database,
    counter.base,
    rate,
  ], signal);
  await using service = await BenchService.start(
    folder,
    oneService(network, indexes, database, broker.port, sections, own?.(counter)),
  );
  const before = service.figures();
  await probe.go();
  const { published, seen, p50Ms, p99Ms, maxMs } = await probe.result<ProbeResult>();
  const now = service.figures();
  const text = await service.metrics();
  const sum = (name: string) => metricSum(text, `meshcapture_${name}`);
  const closed = await service.stop();
  const stored = counter.count();
  const received = sum("messages_received_total") - sum("duplicates_skipped_total");
  const each = (value: number) => value / Math.max(1, stored);
  return {
    published,
    stored,
    lostByBroker: published - received,
    lostByUs: received - stored,
    cpuSecondsPerThousand: round(each(now.cpuSeconds - before.cpuSeconds) * 1000, 3),
    idleRssMib: Math.round(before.rssBytes / 2 ** 20),
    peakRssMib: Math.round(now.peakRssBytes / 2 ** 20),
    writtenKb: round(each(now.writtenBytes - before.writtenBytes) / 1000, 2),
    writtenKbClosed: round(each(closed.writtenBytes - before.writtenBytes) / 1000, 2),
    databaseBytes: Math.round(each(Deno.statSync(database).size - bytesBefore)),
    commits: sum("commits_total"),
    timed: seen,
    p50Ms,
    p99Ms,
    maxMs,
    ...after?.(counter),
  };
}
