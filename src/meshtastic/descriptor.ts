/** The Meshtastic network, as seen from outside this folder. @module */
import type { NetworkDescriptor } from "../network_descriptor.ts";
import { announceJobs, announceOpening } from "../storage/announce.ts";
import { workerEntry } from "../storage/worker_entry.ts";
import { type MeshtasticConfig, meshtasticConfigSection } from "./config.ts";
import { createMeshtasticDecoder } from "./decoder.ts";
import { enumNames } from "./enum_tables.ts";
import { DECRYPT_RESULTS, DROP_REASONS, JOBS, RECORD_TYPES } from "./labels.ts";
import { feedPacket } from "./feed_packet.ts";
import type { MeshtasticRecord } from "./record.ts";
import { openMeshtasticStore } from "./store.ts";

/** Everything that the rest of the house may know of Meshtastic. */
export const meshtastic: NetworkDescriptor<MeshtasticConfig, MeshtasticRecord> & {
  readonly section: typeof meshtasticConfigSection;
} = {
  name: "meshtastic",
  section: meshtasticConfigSection,
  labels: {
    types: RECORD_TYPES,
    dropReasons: DROP_REASONS,
    decryptResults: DECRYPT_RESULTS,
    noKeyResults: ["no_key", "pki"],
    ordinaryDrops: ["json_topic", "stat_topic"],
    jobs: JOBS,
  },
  createDecoder: (config) =>
    createMeshtasticDecoder({
      channels: config.channels,
      defaultPsk: config.default_psk,
      storeRaw: config.store_raw,
      maxEnvelopeBytes: config.max_envelope_bytes,
    }),
  databasePath: (config) => config.database,
  ownTable: "packet_history",
  openStore: async (config, options) => {
    const store = await openMeshtasticStore({
      path: options.path,
      enumNames: enumNames(),
      nowMs: options.nowMs,
      settings: options.settings,
      indexes: config.indexes,
      derivedTables: config.derived_tables,
      retentionHours: config.retention_hours,
      maintenanceIntervalMinutes: options.maintenanceIntervalMinutes,
      ...announceJobs(options.log, options),
      ...(options.onThreadFailure === undefined
        ? {}
        : { onThreadFailure: options.onThreadFailure }),
    });
    announceOpening(options.log, options.path, store.info);
    return store;
  },
  tools: async () => (await import("./tools.ts")).meshtasticTools,
  page: {
    workerUrl: workerEntry(import.meta.url, "meshtastic", "page_worker"),
    feedPacket: ({ packet, details, node }, { type, decrypt }) =>
      feedPacket(packet, { type, decrypt, details, node }),
  },
};
