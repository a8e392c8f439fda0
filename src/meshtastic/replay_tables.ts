/** Where Meshtastic databases (Malla's, meshpipe's, ours) keep what a broker delivered. @module */
import type { ReplayTable } from "../recording/database_source.ts";

/** `qos` and `retained` are meshpipe's and ours, `capture_source` is ours; Malla has none of them. */
export const meshtasticReplayTable: ReplayTable = {
  table: "packet_history",
  columns: {
    id: "id",
    timestamp: "timestamp",
    topic: "topic",
    payload: "raw_service_envelope",
    qos: "qos",
    retained: "retained",
    source: "capture_source",
  },
};
