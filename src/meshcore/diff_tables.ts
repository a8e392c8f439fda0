/** How two MeshCore databases are compared, whichever program wrote them. @module */
import type { TableComparison } from "../recording/diff.ts";

/** What is compared beside the content. */
export interface MeshcoreComparisonOptions {
  /**
   * Compare the wall clock, too. Sensible for two replays of one recording. Default false: two
   * captures never receive in the same second.
   */
  readonly withTimestamps?: boolean;
}

/**
 * Transmissions by their hash; observations by transmission, observer and path; nodes by public key;
 * observers by id; and what follows from them. Row ids never matter: an observation's are replaced by
 * what they stand for.
 *
 * A companion's message has no packet, and its hash holds the second in which it was stored, so in
 * its place stands what was read of it.
 */
export function meshcoreComparisons(options: MeshcoreComparisonOptions = {}): TableComparison[] {
  const clock = (...columns: string[]) => options.withTimestamps ? [] : columns;
  return [
    {
      table: "transmissions",
      key: { columns: ["packet"] },
      derived: { packet: packetOf("transmissions") },
      ignored: ["id", "hash", "created_at", ...clock("first_seen", "last_seen")],
    },
    {
      table: "observations",
      key: { columns: ["packet", "observer", "path_json"] },
      derived: {
        packet: `(SELECT ${packetOf("t")} FROM transmissions t WHERE t.id = transmission_id)`,
        observer: "(SELECT o.id FROM observers o WHERE o.rowid = observer_idx)",
      },
      ignored: ["id", "transmission_id", "observer_idx", ...clock("timestamp")],
    },
    {
      table: "nodes",
      key: { columns: ["public_key"] },
      ignored: clock("first_seen", "last_seen"),
    },
    {
      table: "inactive_nodes",
      key: { columns: ["public_key"] },
      ignored: clock("first_seen", "last_seen"),
    },
    {
      table: "observers",
      key: { columns: ["id"] },
      ignored: clock("first_seen", "last_seen", "last_packet_at", "clock_last_naive_at"),
    },
    {
      table: "neighbor_edges",
      key: { columns: ["node_a", "node_b"] },
      ignored: clock("last_seen"),
    },
    {
      table: "client_receptions",
      // `rx_at` is what the phone says, where it says it.
      key: { columns: ["rx_pubkey", "heard_key", ...(options.withTimestamps ? ["rx_at"] : [])] },
      ignored: ["id", ...clock("rx_at", "ingested_at")],
    },
  ];
}

/** The hash of a packet; of a message without one, what it says. */
function packetOf(table: string): string {
  return `CASE WHEN ${table}.raw_hex = '' THEN ${table}.decoded_json ELSE ${table}.hash END`;
}
