/** How two Meshtastic databases are compared, whichever program wrote them. @module */
import type { TableComparison } from "../recording/diff.ts";

/** What is compared beside the content. */
export interface MeshtasticComparisonOptions {
  /**
   * Compare the wall clock, too: `timestamp`, `first_seen`, `last_updated`, `last_heard`.
   * Sensible for two replays of one recording. Default false: two captures never receive in the
   * same millisecond.
   */
  withTimestamps?: boolean;
}

/**
 * `packet_history` and `node_info`.
 *
 * A reception is recognised by its topic and raw envelope, so that everything that a program read
 * out of the envelope is compared. Where no envelope was kept, what was read must serve.
 */
export function meshtasticComparisons(
  options: MeshtasticComparisonOptions = {},
): TableComparison[] {
  const clock = (...columns: string[]) => options.withTimestamps ? [] : columns;
  return [
    {
      table: "packet_history",
      key: {
        columns: ["topic"],
        content: "raw_service_envelope",
        fallback: ["mesh_packet_id", "gateway_id", "from_node_id", "raw_payload"],
      },
      ignored: ["id", ...clock("timestamp")],
    },
    {
      table: "node_info",
      key: { columns: ["node_id"] },
      ignored: clock("first_seen", "last_updated", "last_heard"),
    },
  ];
}
