/** The statistics file, from what the service knows of itself. @module */
import type { CompanionParts, ServiceFigures } from "../network_descriptor.ts";
import type { MeshcoreConfig } from "./config.ts";
import type { IngestorStats } from "./ingestor_stats.ts";
import { parseFileMode, StatsFile } from "./stats_file.ts";

/** The file that CoreScope's server reads; undefined where none is configured. */
export function statsFileOf(
  config: MeshcoreConfig,
  { clock, log, figures }: CompanionParts,
): StatsFile | undefined {
  const { path, mode } = config.stats_file;
  if (path === undefined) return undefined;
  return new StatsFile({
    path,
    mode: parseFileMode(mode),
    clock,
    log,
    snapshot: () => ingestorStats(figures()),
  });
}

/** In the words of CoreScope's ingestor. Background jobs count no rows, so backfills stay empty. */
export function ingestorStats({ counts, ...figures }: ServiceFigures): IngestorStats {
  const count = (name: string) => counts[name] ?? 0;
  return {
    transmissions: count("transmissions"),
    observations: count("observations") + count("observation_updates"),
    duplicateTransmissions: count("transmission_duplicates"),
    nodeUpserts: count("node_upserts"),
    observerUpserts: count("observer_upserts"),
    signatureDrops: count("dropped_packets"),
    writeErrors: figures.storeErrors,
    commits: figures.commits,
    backfills: {},
    sources: figures.sources,
    ...(figures.watchdogAt === undefined ? {} : { watchdogAt: figures.watchdogAt }),
  };
}
