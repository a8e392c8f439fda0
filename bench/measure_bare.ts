/** @module */
import { Child } from "./child.ts";
import type { RunFolder } from "./folder.ts";
import { benchNetworks } from "./networks.ts";
import { round } from "./percentile.ts";
import { processFigures } from "./process_figures.ts";
import type { Scenario } from "./scenario.ts";
import { makeStartFile } from "./start_file.ts";

/** What the bare loop took. */
export interface BareFigures {
  /** As in `Figures`. */
  readonly bareRowsPerSecond: number;
  /** As in `Figures`. */
  readonly bareCpuSecondsPerThousand: number;
  /** As in `Figures`. */
  readonly bareWrittenKb: number;
}

/**
 * Has the bare loop write the rows that a run's service has stored.
 *
 * @param folder of the run, with its `service.db`
 * @param base highest id before them
 * @param batch rows of a transaction
 * @param beside begins at the same moment
 */
export async function measureBare(
  { network: name, indexes, prefill }: Pick<Scenario, "network" | "indexes" | "prefill">,
  folder: RunFolder,
  base: number,
  batch: number,
  beside?: Child,
): Promise<BareFigures> {
  const network = benchNetworks[name];
  const target = folder.file("bare.db");
  await makeStartFile(network, indexes, prefill, target);
  const args = [network.name, folder.file("service.db"), base, target, batch];
  await using bare = await Child.start("bare_loop.ts", args, folder.signal);
  const before = processFigures(bare.pid);
  await Promise.all([beside?.go(), bare.go()]);
  const { rows, ms } = await bare.result<{ rows: number; ms: number }>();
  const after = processFigures(bare.pid);
  await bare.tell("end");
  return {
    bareRowsPerSecond: Math.round(rows / ms * 1000),
    bareCpuSecondsPerThousand: round((after.cpuSeconds - before.cpuSeconds) / rows * 1000, 3),
    bareWrittenKb: round((after.writtenBytes - before.writtenBytes) / rows / 1000, 2),
  };
}
