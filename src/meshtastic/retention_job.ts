/** @module */
import type { DatabaseSync } from "node:sqlite";
import type { Job } from "../capture/network.ts";
import { transaction } from "../storage/transaction.ts";

/** Rows of a transaction: with all indexes some 20 ms. */
const ROWS = 250;

/**
 * Deletes packets that are older than `hours`, with what hangs on them; nodes stay. Needs an index
 * that begins with the timestamp, so the job that builds indexes must come before it.
 */
export function retentionJob(db: DatabaseSync, hours: number, everyMs: number): Job {
  return {
    name: "retention",
    everyMs,
    step(budgetMs, nowMs) {
      const cutoff = nowMs / 1000 - hours * 3600;
      const end = performance.now() + budgetMs;
      do {
        // Rows in other tables go by their foreign keys.
        const packets = transaction(db, () =>
          db.prepare(
            `DELETE FROM packet_history WHERE id IN (
               SELECT id FROM packet_history WHERE timestamp < ? ORDER BY timestamp LIMIT ${ROWS})`,
          ).run(cutoff).changes);
        if (Number(packets) === 0) {
          db.prepare("DELETE FROM gateway_node_stats WHERE last_seen < ?").run(cutoff);
          return "done";
        }
      } while (performance.now() < end);
      return "more";
    },
  };
}
