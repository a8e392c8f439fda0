/** The Meshtastic network, as seen from outside this folder. @module */
import type { NetworkDescriptor } from "../network_descriptor.ts";
import { announceJobs, announceOpening } from "../storage/announce.ts";
import { workerEntry } from "../storage/worker_entry.ts";
import { type MeshtasticConfig, meshtasticConfigSection } from "./config.ts";
import { createMeshtasticDecoder } from "./decoder.ts";
import { meshtasticComparisons } from "./diff_tables.ts";
import { enumNames } from "./enum_tables.ts";
import { explainMeshtasticPacket } from "./explain.ts";
import { DECRYPT_RESULTS, DROP_REASONS, RECORD_TYPES } from "./labels.ts";
import { feedPacket } from "./feed_packet.ts";
import { migrateBack } from "./migrate_back.ts";
import type { MeshtasticRecord } from "./record.ts";
import { meshtasticReplayTable } from "./replay_tables.ts";
import { openMeshtasticStore } from "./store.ts";
import { createMeshtasticTraffic, trafficChannelKeys } from "./traffic_generator.ts";
import { meshtasticNotes } from "./words.ts";

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
  },
  createDecoder: (config) =>
    createMeshtasticDecoder({
      channels: config.channels,
      defaultPsk: config.default_psk,
      storeRaw: config.store_raw,
      maxEnvelopeBytes: config.max_envelope_bytes,
    }),
  explainPacket: (config, _context, bytes, options) =>
    explainMeshtasticPacket(config, bytes, options),
  notesOf: meshtasticNotes,
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
      ...announceJobs(options.log, options.onLongStep),
      ...(options.onThreadFailure === undefined
        ? {}
        : { onThreadFailure: options.onThreadFailure }),
    });
    announceOpening(options.log, options.path, store.info);
    return store;
  },
  migrateBack: {
    meshpipe: (path, nowMs, onProgress) => {
      const { packets, nodes } = migrateBack(path, "meshpipe", enumNames(), nowMs, onProgress);
      return `${path} is meshpipe's again: ${packets} packets and ${nodes} nodes rewritten`;
    },
  },
  replayTable: meshtasticReplayTable,
  page: {
    workerUrl: workerEntry(import.meta.url, "meshtastic", "page_worker"),
    feedPacket: ({ packet, details, node }, { type, decrypt }) =>
      feedPacket(packet, { type, decrypt, details, node }),
  },
  diffTables: meshtasticComparisons,
  createTraffic: (seed, startMs) => createMeshtasticTraffic({ seed, startMs }),
  demoConfig: { channels: trafficChannelKeys },
  summaryQueries: [
    { title: "packets", sql: "SELECT count(*) FROM packet_history" },
    {
      title: "packets read to their payload",
      sql: "SELECT count(*) FROM packet_history WHERE processed_successfully = 1",
    },
    { title: "nodes", sql: "SELECT count(*) FROM node_info" },
    { title: "gateways", sql: "SELECT count(DISTINCT nullif(gateway_id, '')) FROM packet_history" },
    {
      title: "text messages",
      sql: "SELECT count(*) FROM packet_history WHERE portnum_name = 'TEXT_MESSAGE_APP'",
    },
    {
      title: "positions",
      sql: "SELECT count(*) FROM packet_history WHERE portnum_name = 'POSITION_APP'",
    },
  ],
};
