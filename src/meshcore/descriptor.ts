/** The MeshCore network, as seen from outside this folder. @module */
import type { NetworkDescriptor, OpenStoreOptions } from "../network_descriptor.ts";
import { announceJobs, announceOpening } from "../storage/announce.ts";
import { workerEntry } from "../storage/worker_entry.ts";
import { type MeshcoreConfig, meshcoreConfigSection } from "./config.ts";
import { configuredDecoder } from "./configured_decoder.ts";
import { feedPacketOf } from "./feed_packet.ts";
import { meshcoreLabels } from "./labels.ts";
import type { MeshcoreRecord } from "./record.ts";
import { statsFileOf } from "./service_stats.ts";
import { type MeshcoreStore, openMeshcoreStore } from "./store.ts";

/** The descriptor of MeshCore. */
export type MeshcoreDescriptor = NetworkDescriptor<MeshcoreConfig, MeshcoreRecord> & {
  readonly section: typeof meshcoreConfigSection;
};

/** Everything that the rest of the house may know of MeshCore. */
export const meshcore: MeshcoreDescriptor = {
  name: "meshcore",
  section: meshcoreConfigSection,
  labels: meshcoreLabels,
  createDecoder: configuredDecoder,
  databasePath: (config) => config.database,
  ownTable: "transmissions",
  openStore: openConfiguredStore,
  page: {
    workerUrl: workerEntry(import.meta.url, "meshcore", "page_worker"),
    feedPacket: feedPacketOf,
  },
  tools: async () => (await import("./tools.ts")).meshcoreTools,
  companion: statsFileOf,
};

async function openConfiguredStore(
  config: MeshcoreConfig,
  options: OpenStoreOptions,
): Promise<MeshcoreStore> {
  const { log } = options;
  const { retention } = config;
  const store = await openMeshcoreStore({
    path: options.path,
    nowMs: options.nowMs,
    settings: options.settings,
    nodeDays: retention.node_days,
    // The store's word for never.
    observerDays: retention.observer_days === 0 ? -1 : retention.observer_days,
    metricsDays: retention.metrics_days,
    packetDays: retention.packet_days,
    clientRxDays: retention.client_rx_days,
    neighborEdgesMaxAgeDays: config.neighbor_edges_max_age_days,
    metricsSampleIntervalSec: config.metrics_sample_interval_seconds,
    incrementalVacuumPages: config.incremental_vacuum_pages,
    observerBlacklist: config.observer_blacklist,
    answersPruneRequests: options.isLive === true && config.prune_requests,
    hashRegions: config.hash_regions,
    maintenanceIntervalMinutes: options.maintenanceIntervalMinutes,
    ...announceJobs(log, options),
    ...(options.onThreadFailure === undefined ? {} : { onThreadFailure: options.onThreadFailure }),
  });
  announceOpening(log, options.path, store.info);
  return store;
}
