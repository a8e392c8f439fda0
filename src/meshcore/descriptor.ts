/** The MeshCore network, as seen from outside this folder. @module */
import type { NetworkDescriptor } from "../network_descriptor.ts";
import { type MeshcoreConfig, meshcoreConfigSection } from "./config.ts";
import { configuredDecoder } from "./configured_decoder.ts";
import { meshcoreComparisons } from "./diff_tables.ts";
import { meshcoreLabels } from "./labels.ts";
import type { MeshcoreRecord } from "./record.ts";
import { meshcoreSummary } from "./summary_queries.ts";
import { createMeshcoreTraffic, trafficConfig } from "./traffic_generator.ts";

/** The descriptor of MeshCore. */
export type MeshcoreDescriptor = NetworkDescriptor<MeshcoreConfig, MeshcoreRecord> & {
  readonly section: typeof meshcoreConfigSection;
};

/** Everything that the rest of the house may know of MeshCore, with the store that it keeps. */
export function meshcoreDescriptor(openStore: MeshcoreDescriptor["openStore"]): MeshcoreDescriptor {
  return {
    name: "meshcore",
    section: meshcoreConfigSection,
    labels: meshcoreLabels,
    createDecoder: configuredDecoder,
    databasePath: (config) => config.database,
    openStore,
    // A database of CoreScope stays CoreScope's: there is nothing to rewrite.
    migrateBack: {},
    diffTables: meshcoreComparisons,
    createTraffic: (seed, startMs) => createMeshcoreTraffic({ seed, startMs }),
    demoConfig: trafficConfig,
    summaryQueries: meshcoreSummary,
  };
}
