/** What the commands beside the service need of MeshCore. @module */
import type { NetworkTools } from "../network_descriptor.ts";
import type { MeshcoreConfig } from "./config.ts";
import { configuredKeys } from "./configured_decoder.ts";
import { meshcoreComparisons } from "./diff_tables.ts";
import { explainMeshcorePacket, meshcoreNotes } from "./explain.ts";
import type { MeshcoreRecord } from "./record.ts";
import { meshcoreSummary } from "./summary_queries.ts";
import { createMeshcoreTraffic, trafficConfig } from "./traffic_generator.ts";

/** Loaded by the descriptor. */
export const meshcoreTools: NetworkTools<MeshcoreConfig, MeshcoreRecord> = {
  explainPacket: (config, context, bytes, options) =>
    explainMeshcorePacket(configuredKeys(config, context), bytes, options),
  notesOf: meshcoreNotes,
  // A database of CoreScope stays CoreScope's: there is nothing to rewrite.
  migrateBack: {},
  diffTables: meshcoreComparisons,
  createTraffic: (seed, startMs) => createMeshcoreTraffic({ seed, startMs }),
  demoConfig: trafficConfig,
  summaryQueries: meshcoreSummary,
};
