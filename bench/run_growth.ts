/** Measures what grows with the database, and explains it by the pages touched. @module */
import { Child } from "./child.ts";
import type { Figures } from "./figures.ts";
import { benchNetworks } from "./networks.ts";
import { runBurst } from "./run_burst.ts";
import type { GrowthScenario } from "./scenario.ts";
import { makeStartFile } from "./start_file.ts";

/** A burst as any other, and its rows once more, with the pages counted. */
export async function runGrowth(scenario: GrowthScenario, signal: AbortSignal): Promise<Figures> {
  const network = benchNetworks[scenario.network];
  const burst = { ...scenario, kind: "burst", qos: 1, broker: "deploy" } as const;
  return await runBurst(burst, signal, undefined, async (folder, base, batch) => {
    const target = folder.file("bare.db");
    await makeStartFile(network, scenario.indexes, scenario.prefill, target);
    await using counting = await Child.start("page_count.ts", [
      network.name,
      folder.file("service.db"),
      base,
      target,
      batch,
    ], signal);
    await counting.go();
    return await counting.result<Pick<Figures, "pageBytes" | "pagesPerThousand">>();
  });
}
