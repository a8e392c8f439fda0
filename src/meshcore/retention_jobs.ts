/**
 * What is deleted or put aside by age, in small transactions: commits go between them.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { Job } from "../capture/network.ts";
import { vacuumRuns } from "../storage/maintenance.ts";
import { Slices } from "../storage/slices.ts";
import { timeAhead } from "../storage/time_ahead.ts";
import { transaction } from "../storage/transaction.ts";
import { CLOCK_WAS_SET } from "../storage/trusted_time.ts";
import { walkById } from "../storage/walk_by_id.ts";
import { NODE_COLUMNS } from "./node_writer.ts";
import { oldObservationsWait } from "./old_observations.ts";
import { DAY_MS, isoSeconds, sqliteTime } from "./store_times.ts";

/** How long things are kept, in days. */
export interface RetentionDays {
  /** Nodes that are not heard move to `inactive_nodes`; 0: never. */
  readonly nodeDays: number;
  /** Observers that are not heard become inactive; negative: never. */
  readonly observerDays: number;
  /** `observer_metrics`, `dropped_packets` and `capture_refused_packets`; 0: kept for ever. */
  readonly metricsDays: number;
  /** `transmissions`, by their first reception, with their observations; 0: kept for ever. */
  readonly packetDays: number;
  /** `client_receptions` and `client_observers`; 0: kept for ever. */
  readonly clientRxDays: number;
  /** `neighbor_edges`; 0: kept for ever. */
  readonly neighborEdgesDays: number;
}

/** What retention tells the rest of the thread. */
export interface RetentionEvents {
  /** Transmissions were deleted. */
  packetsDeleted(): void;
  /** Edges were deleted. */
  edgesDeleted(): void;
}

const HOUR_MS = 3_600_000;

/**
 * The jobs, as often as CoreScope runs its own: nodes every hour, the others every day.
 *
 * @param vacuumPages free pages that are given back after the hourly run; 0: none
 */
export function retentionJobs(
  db: DatabaseSync,
  days: RetentionDays,
  vacuumPages: number,
  events: RetentionEvents,
): Job[] {
  const ago = (nowMs: number, age: number) => isoSeconds(nowMs - age * DAY_MS);
  const jobs = [
    sweep(
      db,
      "retention nodes",
      HOUR_MS,
      (nowMs, rows) => days.nodeDays > 0 ? moveNodes(db, ago(nowMs, days.nodeDays), rows) : 0,
      vacuumPages > 0 ? vacuumRuns(db, vacuumPages) : undefined,
    ),
  ];
  if (days.metricsDays > 0) {
    jobs.push(
      sweep(db, "retention metrics", DAY_MS, (nowMs, rows) =>
        changes(
          db,
          `DELETE FROM observer_metrics WHERE rowid IN (
             SELECT rowid FROM observer_metrics WHERE timestamp < ? ORDER BY timestamp LIMIT ?)`,
          ago(nowMs, days.metricsDays),
          rows,
        )),
      // In the column's own format: CoreScope compares it with another, and deletes a day early.
      sweepById(db, "dropped_packets", "dropped_at", days.metricsDays, sqliteTime),
      sweepById(db, "capture_refused_packets", "refused_at", days.metricsDays, (ms) => ms / 1000),
    );
  }
  if (days.observerDays >= 0) {
    jobs.push(sweep(db, "retention observers", DAY_MS, (nowMs, rows) => {
      const cutoff = ago(nowMs, days.observerDays);
      // The row stays: observations refer to it.
      const retired = changes(
        db,
        `UPDATE observers SET inactive = 1 WHERE rowid IN (
           SELECT rowid FROM observers
           WHERE coalesce(last_seen, first_seen) < ? AND coalesce(inactive, 0) = 0 LIMIT ?)`,
        cutoff,
        rows,
      );
      const metrics = changes(
        db,
        `DELETE FROM observer_metrics WHERE rowid IN (
           SELECT rowid FROM observer_metrics
           WHERE observer_id IN (SELECT id FROM observers WHERE inactive = 1) LIMIT ?)`,
        rows,
      );
      return retired + metrics;
    }));
  }
  if (days.packetDays > 0) {
    const reached = { id: 0 };
    jobs.push(
      sweep(db, "retention packets", DAY_MS, (nowMs, rows) => {
        if (oldObservationsWait(db)) return 0;
        const times = {
          cutoff: ago(nowMs, days.packetDays),
          ahead: isoSeconds(timeAhead(nowMs)),
        };
        const deleted = deletePackets(db, times, rows, reached);
        if (deleted === 0) reached.id = 0;
        if (deleted > 0) events.packetsDeleted();
        return deleted;
      }),
    );
  }
  if (days.clientRxDays > 0) {
    jobs.push(sweep(db, "retention client receptions", DAY_MS, (nowMs, rows) => {
      const cutoff = ago(nowMs, days.clientRxDays);
      return changes(
        db,
        `DELETE FROM client_receptions WHERE id IN (
           SELECT id FROM client_receptions WHERE rx_at < ? ORDER BY rx_at LIMIT ?)`,
        cutoff,
        rows,
      ) + changes(
        db,
        `DELETE FROM client_observers WHERE rowid IN (
           SELECT rowid FROM client_observers WHERE last_seen < ? LIMIT ?)`,
        cutoff,
        rows,
      );
    }));
  }
  if (days.neighborEdgesDays > 0) {
    jobs.push(
      sweep(db, "retention neighbours", DAY_MS, (nowMs, rows) => {
        const deleted = changes(
          db,
          `DELETE FROM neighbor_edges WHERE rowid IN (
             SELECT rowid FROM neighbor_edges WHERE last_seen < ? LIMIT ?)`,
          ago(nowMs, days.neighborEdgesDays),
          rows,
        );
        if (deleted > 0) events.edgesDeleted();
        return deleted;
      }),
    );
  }
  return jobs;
}

/**
 * A job that calls `work` in transactions of its own until it changes nothing more. `work` takes up
 * to `rows` rows of each kind. Then `after` is called until it, too, is done.
 */
function sweep(
  db: DatabaseSync,
  name: string,
  everyMs: number,
  work: (nowMs: number, rows: number) => number,
  after?: (budgetMs: number) => "more" | "done",
): Job {
  const slices = new Slices();
  let swept = false;
  return {
    name,
    everyMs,
    step(budgetMs, nowMs) {
      const sweepSome = (rows: number) => transaction(db, () => work(nowMs, rows)) > 0;
      if (swept && after !== undefined) {
        // Where it fails, the next run sweeps again.
        swept = false;
        const result = after(budgetMs);
        swept = result === "more";
        return result;
      }
      const result = slices.run(budgetMs, sweepSome);
      swept = result === "done";
      return swept && after !== undefined ? "more" : result;
    },
  };
}

/** A job for `table`, which has no index by time; `inColumn` makes of Unix milliseconds what `column` has. */
function sweepById(
  db: DatabaseSync,
  table: string,
  column: string,
  days: number,
  inColumn: (ms: number) => number | string,
): Job {
  const walk = walkById(db, table, column);
  return sweep(db, `retention ${table}`, DAY_MS, (nowMs, rows) => {
    const more = walk({
      cutoff: inColumn(nowMs - days * DAY_MS),
      clockWasSet: inColumn(CLOCK_WAS_SET * 1000),
      ahead: inColumn(timeAhead(nowMs)),
    }, rows);
    return more ? 1 : 0;
  });
}

function changes(db: DatabaseSync, sql: string, ...parameters: (string | number)[]): number {
  return Number(db.prepare(sql).run(...parameters).changes);
}

function moveNodes(db: DatabaseSync, cutoff: string, rows: number): number {
  const keys = "SELECT public_key FROM nodes WHERE last_seen < ? ORDER BY last_seen LIMIT ?";
  const columns = NODE_COLUMNS;
  const moved = changes(
    db,
    `INSERT OR REPLACE INTO inactive_nodes (${columns})
     SELECT ${columns} FROM nodes WHERE public_key IN (${keys})`,
    cutoff,
    rows,
  );
  if (moved > 0) changes(db, `DELETE FROM nodes WHERE public_key IN (${keys})`, cutoff, rows);
  return moved;
}

/**
 * Deletes up to `rows` transmissions with their observations. How many rows it were. `reached` is the
 * youngest transmission, by its id, that went by its age; those of before the clock was set, and of a time
 * that is still to come, go with it.
 */
function deletePackets(
  db: DatabaseSync,
  { cutoff, ahead }: { cutoff: string; ahead: string },
  rows: number,
  reached: { id: number },
): number {
  const clockWasSet = isoSeconds(CLOCK_WAS_SET * 1000);
  const old = db.prepare(
    `SELECT id FROM transmissions WHERE first_seen >= ? AND first_seen < ?
     ORDER BY first_seen, id LIMIT ?`,
  ).all(clockWasSet, cutoff, rows);
  for (const { id } of old) reached.id = Math.max(reached.id, Number(id));
  const found = old.length > 0 ? old : misdated(db, clockWasSet, ahead, rows, reached.id);
  const observations = db.prepare("DELETE FROM observations WHERE transmission_id = ?");
  const transmission = db.prepare("DELETE FROM transmissions WHERE id = ?");
  let deleted = 0;
  for (const { id } of found) {
    deleted += Number(observations.run(Number(id)).changes);
    deleted += Number(transmission.run(Number(id)).changes);
  }
  return deleted;
}

/** Up to `rows` transmissions below the id `before` whose clock was not set or, when none is left, ahead. */
function misdated(
  db: DatabaseSync,
  clockWasSet: string,
  ahead: string,
  rows: number,
  before: number,
): Record<string, unknown>[] {
  const undated = db.prepare(
    "SELECT id FROM transmissions WHERE first_seen < ? AND id < ? ORDER BY first_seen, id LIMIT ?",
  ).all(clockWasSet, before, rows);
  if (undated.length > 0) return undated;
  // Those looked at are bounded; the ones behind them have their turn when these are gone.
  return db.prepare(
    `SELECT id FROM (SELECT id FROM transmissions WHERE first_seen > ? ORDER BY first_seen, id LIMIT ?)
     WHERE id < ?`,
  ).all(ahead, rows, before);
}
