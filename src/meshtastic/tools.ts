/** What the commands beside the service need of Meshtastic. @module */
import type { NetworkTools } from "../network_descriptor.ts";
import type { MeshtasticConfig } from "./config.ts";
import { meshtasticComparisons } from "./diff_tables.ts";
import { enumNames } from "./enum_tables.ts";
import { explainMeshtasticPacket } from "./explain.ts";
import { migrateBack } from "./migrate_back.ts";
import type { MeshtasticRecord } from "./record.ts";
import { meshtasticReplayTable } from "./replay_tables.ts";
import { createMeshtasticTraffic, trafficChannelKeys } from "./traffic_generator.ts";
import { meshtasticNotes } from "./words.ts";

/** Loaded by the descriptor. */
export const meshtasticTools: NetworkTools<MeshtasticConfig, MeshtasticRecord> = {
  explainPacket: (config, _context, bytes, options) =>
    explainMeshtasticPacket(config, bytes, options),
  notesOf: meshtasticNotes,
  migrateBack: {
    meshpipe: (path, nowMs, onProgress) => {
      const { packets, nodes } = migrateBack(path, "meshpipe", enumNames(), nowMs, onProgress);
      return `${path} is meshpipe's again: ${packets} packets and ${nodes} nodes rewritten`;
    },
  },
  replayTable: meshtasticReplayTable,
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
