/** @module */
import type { DatabaseSync } from "node:sqlite";
import type { Job } from "../capture/network.ts";
import { hasIndexBy } from "../storage/schema.ts";
import { Slices } from "../storage/slices.ts";
import { timeAhead } from "../storage/time_ahead.ts";
import { CLOCK_WAS_SET } from "../storage/trusted_time.ts";
import { transaction } from "../storage/transaction.ts";

/**
 * Deletes packets that are older than `hours`, with what hangs on them; nodes stay. Packets from before
 * the clock was set, and of a time that is still to come, go with those that came after them. Deletes
 * nothing while no index begins with the timestamp: every few rows would be found by sorting the whole
 * table. So the job that builds indexes must come before it.
 */
export function retentionJob(
  db: DatabaseSync,
  hours: number,
  everyMs: number,
  slices: Slices = new Slices(),
): Job {
  const reached = { id: 0 };
  let isIndexed = false;
  return {
    name: "retention",
    everyMs,
    step(budgetMs, nowMs) {
      isIndexed ||= hasIndexBy(db, "packet_history", "timestamp");
      if (!isIndexed) return "done";
      const cutoff = nowMs / 1000 - hours * 3600;
      const ahead = timeAhead(nowMs) / 1000;
      const result = slices.run(
        budgetMs,
        (rows) => deleteOld(db, { cutoff, ahead }, rows, reached) > 0,
      );
      if (result === "done") reached.id = 0;
      return result;
    },
  };
}

/**
 * Deletes up to `rows` packets or, when none is left, as many rows of statistics. How many it were.
 * `reached` is the youngest packet, by its id, that went by its age.
 */
function deleteOld(
  db: DatabaseSync,
  { cutoff, ahead }: { cutoff: number; ahead: number },
  rows: number,
  reached: { id: number },
): number {
  return transaction(db, () => {
    // Rows in other tables go by their foreign keys.
    const packets = db.prepare(
      `DELETE FROM packet_history WHERE id IN (
         SELECT id FROM packet_history WHERE timestamp >= ${CLOCK_WAS_SET} AND timestamp < ?
         ORDER BY timestamp LIMIT ?) RETURNING id`,
    ).all(cutoff, rows);
    for (const { id } of packets) reached.id = Math.max(reached.id, Number(id));
    if (packets.length > 0) return packets.length;
    const undated = db.prepare(
      `DELETE FROM packet_history WHERE id IN (
         SELECT id FROM packet_history WHERE timestamp < ${CLOCK_WAS_SET} AND id < ? LIMIT ?)`,
    ).run(reached.id, rows).changes;
    if (undated > 0) return Number(undated);
    // Those looked at are bounded; the ones behind them have their turn when these are gone.
    const early = db.prepare(
      `DELETE FROM packet_history WHERE id IN (
         SELECT id FROM (
           SELECT id FROM packet_history WHERE timestamp > ? ORDER BY timestamp LIMIT ?)
         WHERE id < ?)`,
    ).run(ahead, rows, reached.id).changes;
    if (early > 0) return Number(early);
    const stats = db.prepare(
      `DELETE FROM gateway_node_stats WHERE rowid IN (
         SELECT rowid FROM gateway_node_stats WHERE last_seen < ? LIMIT ?)`,
    ).run(cutoff, rows).changes;
    return Number(stats);
  });
}
