/** @module */
import type { DatabaseSync } from "node:sqlite";
import type { Job } from "../capture/network.ts";
import { Slices } from "../storage/slices.ts";
import { transaction } from "../storage/transaction.ts";

/**
 * Deletes packets that are older than `hours`, with what hangs on them; nodes stay. Needs an index
 * that begins with the timestamp, so the job that builds indexes must come before it.
 */
export function retentionJob(
  db: DatabaseSync,
  hours: number,
  everyMs: number,
  slices: Slices = new Slices(),
): Job {
  return {
    name: "retention",
    everyMs,
    step(budgetMs, nowMs) {
      const cutoff = nowMs / 1000 - hours * 3600;
      return slices.run(budgetMs, (rows) => deletePackets(db, cutoff, rows) > 0);
    },
  };
}

/** Deletes up to `rows` packets or, when none is left, as many rows of statistics. How many it were. */
function deletePackets(db: DatabaseSync, cutoff: number, rows: number): number {
  return transaction(db, () => {
    // Rows in other tables go by their foreign keys.
    const packets = db.prepare(
      `DELETE FROM packet_history WHERE id IN (
         SELECT id FROM packet_history WHERE timestamp < ? ORDER BY timestamp LIMIT ?)`,
    ).run(cutoff, rows).changes;
    if (packets > 0) return Number(packets);
    const stats = db.prepare(
      `DELETE FROM gateway_node_stats WHERE rowid IN (
         SELECT rowid FROM gateway_node_stats WHERE last_seen < ? LIMIT ?)`,
    ).run(cutoff, rows).changes;
    return Number(stats);
  });
}
